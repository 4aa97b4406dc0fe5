//! Scorecard 3: callback, sync and every step of a deletion, each with a crash before and after **every** external call,
//! and with every other fault at every call. A call that the calm run makes and no run broke fails the test.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

mod callback;
mod deletion;
mod sync;
mod taking_up;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use jiff::SignedDuration;
use mooring_aws_local::Call;
use mooring_local::Connected;
use mooring_tests_journeys::rig::{At, Functions, Mode, Queue, Rig, Trial};
use mooring_tests_journeys::{Size, World, quick, say};

/// A world in which TTL never fires and every call can be broken.
struct Scene {
    world: World,
    rig: Rig,
}

impl Scene {
    async fn open(days: u16) -> Result<Self> {
        let world = World::start(Size::SMALL).await?;
        // Nothing here may end by TTL.
        world.stack.aws().set_ttl_enabled(false);
        let rig = Rig::before(&world, days).await?;
        Ok(Self { world, rig })
    }

    /// Passes time, ticks, and handles what the queues hold, with functions that nothing breaks.
    async fn pass(&self, by: SignedDuration) -> Result<()> {
        self.world.skip(by);
        self.calm().tick(&self.world).await?;
        self.drain(Queue::Deletion).await?;
        self.drain(Queue::Sync).await
    }

    /// Handles what a queue holds, each message with functions of its own.
    async fn drain(&self, queue: Queue) -> Result<()> {
        while self.calm().next(&self.world, queue).await? {}
        Ok(())
    }

    /// Fresh functions that nothing breaks.
    fn calm(&self) -> Functions {
        self.rig.calm()
    }

    /// A connection of one account, before its first sync.
    async fn connected(&self) -> Result<Connected> {
        quick::connect(&self.world, &self.calm(), "crash").await
    }
}

/// What ends a run, or what its second try meets: one call of a run at a time.
const SINGLES: [Mode; 4] = [Mode::CrashBefore, Mode::CrashAfter, Mode::Duplicate, Mode::Outage];
/// What a client's second try gets over: every seventh call of a run.
const STORMS: [Mode; 4] = [Mode::Throttle, Mode::Conflict, Mode::ServerError, Mode::Reset];
const EVERY: usize = 7;

/// Breaks every call of a run in every mode, until a run ends without coming to the call.
async fn every_call<T>(
    what: &str,
    modes: &[Mode],
    mut run: impl AsyncFnMut(At) -> Result<Trial<T>>,
) -> Result<Vec<Trial<T>>> {
    let calm = calm(what, &mut run).await?;
    let mut trials = Vec::new();
    for mode in modes {
        for call in 1.. {
            let trial = run((*mode, call).into()).await?;
            let Some(hit) = trial.hit() else {
                ensure!(
                    usize::try_from(call)? > calm.len(),
                    "{what}: call {call} of {} was never broken",
                    calm.len()
                );
                break;
            };
            ensure!(hit.fault.is_some(), "{what}: call {call} was not broken");
            ensure!(trial.answered.is_none() == mode.is_crash(), "{what}: {}", trial.name());
            trials.push(trial);
        }
    }
    figures(what, &calm, modes, trials.len());
    Ok(trials)
}

/// Breaks every seventh call in seven runs, and alone what no such run came to: every call is broken.
async fn storms<T>(
    what: &str,
    modes: &[Mode],
    mut run: impl AsyncFnMut(At) -> Result<Trial<T>>,
) -> Result<()> {
    let calm = calm(what, &mut run).await?;
    let calls = u64::try_from(calm.len())?;
    let mut runs = 0;
    for mode in modes {
        let mut left: BTreeSet<u64> = (1..=calls).collect();
        for first in (1..).take(EVERY) {
            let trial = run(At { mode: *mode, call: first, every: Some(EVERY) }).await?;
            for call in trial.log.iter().filter(|call| call.fault.is_some()) {
                left.remove(&call.seq);
            }
            runs += 1;
        }
        for call in left {
            let trial = run((*mode, call).into()).await?;
            ensure!(trial.hit().is_some(), "{what}: call {call} of {calls} was never broken");
            runs += 1;
        }
    }
    figures(what, &calm, modes, runs);
    Ok(())
}

/// The calls of a run without faults.
async fn calm<T>(what: &str, run: &mut impl AsyncFnMut(At) -> Result<Trial<T>>) -> Result<Vec<Call>> {
    let calm = run((Mode::CrashBefore, 0).into()).await?;
    ensure!(!calm.log.is_empty() && calm.answered.is_some(), "{what} without faults: {:?}", calm.log);
    Ok(calm.log)
}

/// Prints calls × modes.
fn figures(what: &str, calm: &[Call], modes: &[Mode], runs: usize) {
    let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calm {
        *labels.entry(&call.label).or_default() += 1;
    }
    say(&format!("{what}: {} calls {labels:?} × {} modes {modes:?} in {runs} runs", calm.len(), modes.len()));
}

#[tokio::test]
async fn callback_crashes_at_every_call() -> Result<()> {
    callback::run(&Mode::CRASHES).await
}

#[tokio::test]
async fn callback_meets_every_fault_at_every_call() -> Result<()> {
    callback::run(&Mode::FAULTS).await
}

#[tokio::test]
async fn the_choice_of_accounts_breaks_at_every_call() -> Result<()> {
    taking_up::choice().await
}

#[tokio::test]
async fn the_activation_breaks_at_every_call() -> Result<()> {
    taking_up::activation().await
}

#[tokio::test]
async fn sync_crashes_at_every_call() -> Result<()> {
    sync::run(&Mode::CRASHES, &[]).await
}

#[tokio::test]
async fn sync_meets_every_fault_at_every_call() -> Result<()> {
    sync::run(&[Mode::Duplicate, Mode::Outage], &STORMS).await
}

#[tokio::test]
async fn disconnect_breaks_at_every_call() -> Result<()> {
    deletion::disconnect().await
}

#[tokio::test]
async fn the_first_pass_breaks_at_every_call() -> Result<()> {
    deletion::first_pass().await
}

#[tokio::test]
async fn the_second_pass_breaks_at_every_call() -> Result<()> {
    deletion::later(deletion::SECOND_PASS).await
}

#[tokio::test]
async fn the_verification_breaks_at_every_call() -> Result<()> {
    deletion::later(deletion::VERIFICATION).await
}

#[tokio::test]
async fn the_schedules_break_at_every_call() -> Result<()> {
    deletion::ticks().await
}
