//! The gate of a job: lets a platform call or a put begin while the fence is open and time is left.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::Ports;
use super::context::{Step, Stop, SyncContext};
use super::open::Opened;
use crate::base::error::Error;
use crate::base::ids::AccountRef;
use crate::platform::capabilities::{CallContext, Gate};

/// The time that a call or a put needs.
const GO_ON: SignedDuration = SignedDuration::from_secs(10);

/// How long a fence check stays valid for the calls that follow it. A check itself takes some milliseconds, and nobody
/// checks during a call, which takes far longer: docs/adr/0019.
const FRESH: SignedDuration = SignedDuration::from_millis(50);

/// The end of an invocation that no platform call may use: the job saves its progress then.
const TO_SAVE: SignedDuration = SignedDuration::from_secs(5);

/// The patience that every call deserves. A call that had less and got no answer blames Mooring, not the platform.
const ENOUGH: Duration = Duration::from_secs(20);

/// The code of a call that ended without an answer.
const TIMED_OUT: &str = "platform_timeout";

/// Lets a call for figures begin, if there is time for it.
pub(super) fn call<'a>(cx: &'a SyncContext<'_>) -> Step<CallContext<'a>> {
    in_time(cx)?;
    Ok(call_until(cx, cx.deadline - TO_SAVE))
}

/// Lets a call for names and statuses begin, if their part of the invocation is not over.
pub(super) fn call_for_names<'a>(cx: &'a SyncContext<'_>) -> Step<CallContext<'a>> {
    if cx.ports.clock.now() < cx.names_until { Ok(call_until(cx, cx.names_until)) } else { Err(Stop::Late) }
}

fn call_until<'a>(cx: &'a SyncContext<'_>, end: Timestamp) -> CallContext<'a> {
    let patience = Duration::try_from(end.duration_since(cx.ports.clock.now())).unwrap_or_default();
    let Opened { token, app, .. } = cx.opened;
    CallContext { token, app, profile: cx.platform, patience, gate: &cx.gate }
}

/// Returns why a failed call stops the job: the gate, the platform, or the invocation's end if the call had little time.
pub(super) fn stop(cx: &SyncContext<'_>, call: &CallContext<'_>, error: Error) -> Stop {
    if let Some(stop) = cx.gate.seen().stop.take() {
        return stop;
    }
    if error.code == TIMED_OUT && call.patience < ENOUGH { Stop::Late } else { Stop::Platform(error) }
}

/// Lets a put begin: there is time for it, and the fence is open at this moment.
pub(super) async fn before_put(cx: &SyncContext<'_>) -> Step<()> {
    in_time(cx)?;
    cx.gate.check().await
}

fn in_time(cx: &SyncContext<'_>) -> Step<()> {
    if cx.ports.clock.now() + GO_ON > cx.deadline { Err(Stop::Late) } else { Ok(()) }
}

/// Checks one account's fence.
pub(super) struct FenceGate<'a> {
    ports: &'a Ports,
    at: AccountRef,
    seen: Mutex<Seen>,
}

/// What the checks found.
#[derive(Default)]
struct Seen {
    /// When the last check that found the fence open began.
    open_at: Option<Timestamp>,
    /// Why the gate held a call back.
    stop: Option<Stop>,
}

impl<'a> FenceGate<'a> {
    pub(super) fn new(ports: &'a Ports, at: AccountRef) -> Self {
        Self { ports, at, seen: Mutex::default() }
    }

    /// Checks the fence now.
    async fn check(&self) -> Step<()> {
        let AccountRef { tenant, connection, account } = &self.at;
        let begun = self.ports.clock.now();
        let fence = self.ports.rows.fence(tenant, connection, Some(account)).await?;
        if !fence.lets_write() {
            return Err(Stop::Closed);
        }
        self.seen().open_at = Some(begun);
        Ok(())
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
        f.debug_struct("FenceGate").field("at", &self.at).finish_non_exhaustive()
    }
}

#[async_trait]
impl Gate for FenceGate<'_> {
    async fn is_open(&self) -> bool {
        if self.is_fresh() {
            return true;
        }
        let checked = self.check().await;
        let is_open = checked.is_ok();
        self.seen().stop = checked.err();
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

    /// Chunks go out together after one fence check of their own; a call may leave for a moment after any check.
    #[test]
    fn every_page_and_every_put_comes_right_after_the_fence() {
        for (page_takes, most_pages) in [(60, 1), (30, 2), (0, usize::MAX)] {
            let world = World::connected();
            *world.platform.page_takes.lock().unwrap() = SignedDuration::from_millis(page_takes);
            world.run(&world.job(JobKind::First)).unwrap();
            let (mut checked, mut pages, mut may_put) = (false, 0, false);
            for step in world.steps.lock().unwrap().iter() {
                match step {
                    Step::Fence(is_open) => (checked, pages, may_put) = (*is_open, 0, *is_open),
                    Step::Page => (pages, may_put) = (pages + 1, false),
                    Step::Put(_) => assert!(may_put, "a put without a fence check of its own"),
                    _ => {}
                }
                assert!(
                    pages == 0 || checked && pages <= most_pages,
                    "{pages} pages after a check, {page_takes} ms each"
                );
            }
        }
    }
}
