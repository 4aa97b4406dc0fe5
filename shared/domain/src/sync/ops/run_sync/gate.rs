//! The gate of a job: the fence, read before chunks are put and before a call leaves.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::Ports;
use super::work::{Step, Stop};
use crate::base::ids::AccountRef;
use crate::platform::capabilities::Gate;

/// A call may leave so long after the fence was asked. It is little more than the asking takes, and far less than the
/// call itself, during which nobody looks: docs/adr/0019.
const FRESH: SignedDuration = SignedDuration::from_millis(50);

/// Looks at one account's fence.
pub(super) struct FenceGate<'a> {
    ports: &'a Ports,
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

impl<'a> FenceGate<'a> {
    pub(super) fn new(ports: &'a Ports, at: AccountRef) -> Self {
        Self { ports, at, seen: Mutex::default() }
    }

    /// Looks now.
    pub(super) async fn look(&self) -> Step<()> {
        let AccountRef { tenant, connection, account } = &self.at;
        let begun = self.ports.clock.now();
        let fence = self.ports.rows.fence(tenant, connection, Some(account)).await?;
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
        let now = self.ports.clock.now();
        self.seen().open_at.is_some_and(|at| (at..at + FRESH).contains(&now))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FenceGate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookout").field("at", &self.at).finish_non_exhaustive()
    }
}

#[async_trait]
impl Gate for FenceGate<'_> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::job::JobKind;
    use crate::sync::ops::run_sync::Outcome;
    use crate::testing::{Step, World};

    #[test]
    fn whenever_the_fence_closes_nothing_more_is_asked_or_written() {
        let mut reads = 1;
        loop {
            let world = World::connected();
            *world.platform.page_takes.lock().unwrap() = SignedDuration::from_millis(60);
            *world.connect.fence_reads.lock().unwrap() = Some(reads);
            let outcome = world.run(&world.job(JobKind::First)).unwrap();
            let steps = world.steps.lock().unwrap();
            match steps.iter().position(|step| *step == Step::Fence(false)) {
                None => break assert!(matches!(outcome, Outcome::Done { .. }) && reads > 12, "{reads}"),
                Some(closed) => {
                    assert_eq!(outcome, Outcome::Dropped);
                    assert_eq!(steps.len(), closed + 1, "{:?}", &steps[closed..]);
                }
            }
            reads += 1;
        }
    }

    /// Chunks go out together after one look of their own; a call may leave for a moment after any look.
    #[test]
    fn every_page_and_every_put_comes_right_after_the_fence() {
        for (page_takes, most_pages) in [(60, 1), (30, 2), (0, usize::MAX)] {
            let world = World::connected();
            *world.platform.page_takes.lock().unwrap() = SignedDuration::from_millis(page_takes);
            world.run(&world.job(JobKind::First)).unwrap();
            let (mut looked, mut pages, mut may_put) = (false, 0, false);
            for step in world.steps.lock().unwrap().iter() {
                match step {
                    Step::Fence(is_open) => (looked, pages, may_put) = (*is_open, 0, *is_open),
                    Step::Page => (pages, may_put) = (pages + 1, false),
                    Step::Put(_) => assert!(may_put, "a put without a look of its own"),
                    _ => {}
                }
                assert!(
                    pages == 0 || looked && pages <= most_pages,
                    "{pages} pages after a look, {page_takes} ms each"
                );
            }
        }
    }
}
