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

use anyhow::{Result, ensure};
use jiff::SignedDuration;
use mooring_aws_local::Call;
use mooring_local::Connected;
use mooring_tests_journeys::rig::{Functions, Mode, Queue, Rig, Trial};
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
        self.calm()?.tick(&self.world).await?;
        self.drain(Queue::Deletion).await?;
        self.drain(Queue::Sync).await
    }

    /// Handles what a queue holds, each message with functions of its own.
    async fn drain(&self, queue: Queue) -> Result<()> {
        while self.calm()?.next(&self.world, queue).await? {}
        Ok(())
    }

    /// Fresh functions that nothing breaks.
    fn calm(&self) -> Result<Functions> {
        self.rig.calm(&self.world)
    }

    /// A connection of one account, before its first sync.
    async fn connected(&self) -> Result<Connected> {
        quick::connect(&self.world, &self.calm()?, "crash").await
    }
}

/// Breaks every call of a run in every mode, until a run ends without coming to the call.
async fn every_call<T>(
    what: &str,
    modes: &[Mode],
    mut run: impl AsyncFnMut(Mode, u64) -> Result<Trial<T>>,
) -> Result<Vec<Trial<T>>> {
    let calm = run(Mode::CrashBefore, 0).await?;
    let calls = u64::try_from(calm.log.len())?;
    ensure!(calls > 0 && calm.answered.is_some(), "{what} without faults: {:?}", calm.log);
    let mut trials = Vec::new();
    for mode in modes {
        for call in 1.. {
            let trial = run(*mode, call).await?;
            let Some(hit) = trial.hit() else {
                ensure!(call > calls, "{what}: call {call} of {calls} was never broken");
                break;
            };
            ensure!(hit.fault.is_some(), "{what}: call {call} was not broken");
            ensure!(trial.answered.is_none() == mode.is_crash(), "{what}: {}", trial.name());
            trials.push(trial);
        }
    }
    figures(what, &calm.log, modes, trials.len());
    Ok(trials)
}

/// Prints calls × modes.
fn figures(what: &str, calm: &[Call], modes: &[Mode], runs: usize) {
    let mut labels: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for call in calm {
        *labels.entry(&call.label).or_default() += 1;
    }
    say(&format!("{what}: {} calls {labels:?} × {} modes {modes:?} = {runs} runs", calm.len(), modes.len()));
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
    sync::run(&Mode::CRASHES).await
}

#[tokio::test]
#[ignore = "long: cargo test -p mooring-tests-journeys -- --ignored"]
async fn sync_meets_every_single_fault_at_every_call() -> Result<()> {
    sync::run(&[Mode::Throttle, Mode::Conflict, Mode::ServerError]).await
}

#[tokio::test]
#[ignore = "long: cargo test -p mooring-tests-journeys -- --ignored"]
async fn sync_meets_duplicates_lost_answers_and_outages_at_every_call() -> Result<()> {
    sync::run(&[Mode::Duplicate, Mode::Reset, Mode::Outage]).await
}

#[tokio::test]
async fn disconnect_breaks_at_every_call() -> Result<()> {
    deletion::disconnect().await
}

#[tokio::test]
async fn the_first_pass_crashes_at_every_call() -> Result<()> {
    deletion::first_pass(&Mode::CRASHES).await
}

#[tokio::test]
#[ignore = "long: cargo test -p mooring-tests-journeys -- --ignored"]
async fn the_first_pass_meets_every_fault_at_every_call() -> Result<()> {
    deletion::first_pass(&Mode::FAULTS).await
}

#[tokio::test]
#[ignore = "long: cargo test -p mooring-tests-journeys -- --ignored"]
async fn the_second_pass_breaks_at_every_call() -> Result<()> {
    deletion::later(deletion::SECOND_PASS).await
}

#[tokio::test]
#[ignore = "long: cargo test -p mooring-tests-journeys -- --ignored"]
async fn the_verification_breaks_at_every_call() -> Result<()> {
    deletion::later(deletion::VERIFICATION).await
}

#[tokio::test]
#[ignore = "long: cargo test -p mooring-tests-journeys -- --ignored"]
async fn the_schedules_crash_at_every_call() -> Result<()> {
    deletion::ticks().await
}
