//! Scorecard 3: callback, sync and every step of a deletion, each with a crash before and after **every** external call,
//! and with another fault at every call. A call that the calm run makes and no run broke fails the test.
//!
//! `cargo test` plays one other fault a call, in turn; `cargo xtask long crashes` plays every fault at every call.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

mod callback;
mod deletion;
mod probe;
mod sync;
mod taking_up;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use jiff::SignedDuration;
use mooring_aws_local::{Call, Fault};
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
        Self::of(Size::SMALL, days).await
    }

    async fn of(size: Size, days: u16) -> Result<Self> {
        let world = World::start(size).await?;
        // TTL may not end anything here.
        world.stack.aws().set_ttl_enabled(false);
        let rig = Rig::before(&world, days).await?;
        Ok(Self { world, rig })
    }

    /// Passes time, ticks, and lets deletions go on, with functions that nothing breaks. Syncs wait for the tests that
    /// judge them: the syncs of fifty connections are most of a test's cost.
    async fn pass(&self, by: SignedDuration) -> Result<()> {
        self.world.skip(by);
        self.calm().tick(&self.world).await?;
        self.drain(Queue::Deletion).await
    }

    /// Handles the messages of a queue, each with functions of its own.
    async fn drain(&self, queue: Queue) -> Result<()> {
        while self.calm().next(&self.world, queue).await? {}
        Ok(())
    }

    /// Makes fresh functions that nothing breaks.
    fn calm(&self) -> Functions {
        self.rig.calm()
    }

    /// Makes a connection of one account, before its first sync.
    async fn connected(&self) -> Result<Connected> {
        quick::connect(&self.world, &self.calm(), "crash").await
    }
}

/// The modes that end a run, or that its second try meets: one call of a run at a time.
const SINGLES: [Mode; 4] = [Mode::CrashBefore, Mode::CrashAfter, Mode::Duplicate, Mode::Outage];
/// The modes that a client's second try gets over: every seventh call of a run.
const STORMS: [Mode; 4] = [Mode::Throttle, Mode::Conflict, Mode::ServerError, Mode::Reset];
const EVERY: usize = 7;

/// Returns whether every mode is played at every call: `cargo xtask long crashes`.
fn is_long() -> bool {
    std::env::var_os("MOORING_LONG").is_some()
}

/// Returns the modes in which a call is broken. A crash after a call leaves the same as a crash before the next call,
/// so that crashes after every call, and one before the first, are all crashes; the other modes take turns.
fn modes_at(call: u64, modes: &[Mode]) -> Vec<Mode> {
    if is_long() {
        return modes.to_vec();
    }
    let crash = |mode: &Mode| *mode == Mode::CrashAfter || (*mode == Mode::CrashBefore && call == 1);
    let mut chosen: Vec<Mode> = modes.iter().copied().filter(crash).collect();
    let others: Vec<Mode> = modes.iter().copied().filter(|mode| !mode.is_crash()).collect();
    let turn = usize::try_from(call).unwrap_or_default().checked_rem(others.len());
    chosen.extend(turn.and_then(|turn| others.get(turn)));
    chosen
}

/// Returns the mode and the first call of each storm.
fn storms_of(modes: &[Mode]) -> Vec<(Mode, u64)> {
    let all = (1..).take(EVERY).flat_map(|first| modes.iter().map(move |mode| (*mode, first)));
    if is_long() {
        return all.collect();
    }
    let in_turn = (1..).take(EVERY).zip(modes.iter().cycle());
    in_turn.map(|(first, mode)| (*mode, first)).collect()
}

/// Returns how many runs [`every_call`] and [`storms`] make at most, of a step with a number of calls: one run of each
/// is calm, and a storm leaves at most all calls to be broken alone.
fn most_runs(calls: usize, singles: &[Mode], in_storms: &[Mode]) -> usize {
    let each = (1..).take(calls + 1).map(|call| modes_at(call, singles).len());
    2 + each.sum::<usize>() + storms_of(in_storms).len() + calls
}

/// Breaks every call of a run, until a run ends without coming to the call.
async fn every_call<T>(
    what: &str,
    modes: &[Mode],
    mut run: impl AsyncFnMut(At) -> Result<Trial<T>>,
) -> Result<Vec<Trial<T>>> {
    let calm = calm(what, &mut run).await?;
    let mut trials = Vec::new();
    'calls: for call in 1.. {
        for mode in modes_at(call, modes) {
            let trial = run((mode, call).into()).await?;
            let Some(hit) = trial.hit() else {
                let all = calm.len();
                ensure!(usize::try_from(call)? > all, "{what}: call {call} of {all} was never broken");
                break 'calls;
            };
            ensure!(hit.fault.is_some(), "{what}: call {call} was not broken");
            ensure!(trial.answered.is_none() == mode.is_crash(), "{what}: {}", trial.name());
            trials.push(trial);
        }
    }
    figures(what, &calm, modes, trials.len());
    Ok(trials)
}

/// Breaks every seventh call in seven runs, and each call that no such run reached in a run of its own: every call is
/// broken.
async fn storms<T>(
    what: &str,
    modes: &[Mode],
    mut run: impl AsyncFnMut(At) -> Result<Trial<T>>,
) -> Result<()> {
    if modes.is_empty() {
        return Ok(());
    }
    let calm = calm(what, &mut run).await?;
    let calls = u64::try_from(calm.len())?;
    let mut left: BTreeMap<Mode, BTreeSet<u64>> = BTreeMap::new();
    let mut runs = 0;
    for (mode, first) in storms_of(modes) {
        let trial = run(At { mode, call: first, every: Some(EVERY) }).await?;
        let left = left.entry(if is_long() { mode } else { Mode::Throttle });
        let left = left.or_insert_with(|| (1..=calls).collect());
        for call in trial.log.iter().filter(|call| is_broken(call)) {
            left.remove(&call.seq);
        }
        runs += 1;
    }
    for (mode, call) in
        left.into_iter().flat_map(|(mode, left)| left.into_iter().map(move |call| (mode, call)))
    {
        let trial = run((mode, call).into()).await?;
        ensure!(trial.hit().is_some(), "{what}: call {call} of {calls} was never broken");
        runs += 1;
    }
    figures(what, &calm, modes, runs);
    Ok(())
}

/// Returns whether a fault met the call. Only `DynamoDB`'s writes can conflict; other calls pass untouched.
fn is_broken(call: &Call) -> bool {
    call.fault.is_some_and(|fault| is_long() || fault != Fault::Conflict || call.label == "dynamodb")
}

/// Runs without faults and returns the calls.
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
async fn a_sync_makes_the_same_calls_on_a_slow_machine() -> Result<()> {
    sync::same_calls_when_slow().await
}

#[tokio::test]
async fn the_probe_of_a_living_grant_breaks_at_every_call() -> Result<()> {
    probe::alive().await
}

#[tokio::test]
async fn the_probe_that_confirms_a_revocation_breaks_at_every_call() -> Result<()> {
    probe::revoked().await
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

#[tokio::test]
async fn the_fan_out_of_webhooks_breaks_at_every_call() -> Result<()> {
    webhooks::fan_out().await
}

#[tokio::test]
async fn a_try_of_a_webhook_breaks_at_every_call() -> Result<()> {
    webhooks::attempt().await
}

#[tokio::test]
async fn a_test_webhook_breaks_at_every_call() -> Result<()> {
    webhooks::test_send().await
}
