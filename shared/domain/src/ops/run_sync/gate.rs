//! The gate of a job: the fence, read before sheets are put and before a call leaves.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::Ports;
use super::work::{Step, Stop};
use crate::connector::Gate;
use crate::ports::AccountRef;

/// A call may leave so long after the fence was asked. It is little more than the asking takes, and far less than the
/// call itself, during which nobody looks: docs/adr/0019.
const FRESH: SignedDuration = SignedDuration::from_millis(50);

/// Looks at one account's fence.
pub(super) struct Lookout<'a> {
    ports: &'a Ports<'a>,
    at: AccountRef,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// When the look that found it open was begun.
    open_at: Option<Timestamp>,
    /// Why a call was held back.
    stop: Option<Stop>,
}

impl<'a> Lookout<'a> {
    pub(super) fn new(ports: &'a Ports<'a>, at: AccountRef) -> Self {
        Self { ports, at, seen: Mutex::default() }
    }

    /// Looks now.
    pub(super) async fn look(&self) -> Step<()> {
        let AccountRef { tenant, connection, account } = &self.at;
        let begun = self.ports.grant.clock.now();
        let fence = self.ports.grant.fences.fence(tenant, connection, Some(account)).await?;
        if !fence.lets_write() {
            return Err(Stop::Closed);
        }
        self.seen().open_at = Some(begun);
        Ok(())
    }

    /// Why a call was held back, if one was.
    pub(super) fn stop(&self) -> Option<Stop> {
        self.seen().stop.take()
    }

    fn is_fresh(&self) -> bool {
        let now = self.ports.grant.clock.now();
        self.seen().open_at.is_some_and(|at| (at..at + FRESH).contains(&now))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lookout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookout").field("at", &self.at).finish_non_exhaustive()
    }
}

#[async_trait]
impl Gate for Lookout<'_> {
    async fn is_open(&self) -> bool {
        if self.is_fresh() {
            return true;
        }
        let looked = self.look().await;
        let is_open = looked.is_ok();
        self.seen().stop = looked.err();
        is_open
    }
}
