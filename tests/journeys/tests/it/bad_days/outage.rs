//! Scorecard 36: the platform is down for an hour.

use anyhow::{Result, ensure};
use jiff::SignedDuration;
use mooring_domain::sync::breaker::FAILURES;
use mooring_sandbox::Faults;
use mooring_tests_journeys::rig::Queue;
use mooring_tests_journeys::say;

use super::Scene;

const MANY: usize = 12;
const STEP: SignedDuration = SignedDuration::from_secs(30);

/// Counts every platform call of an hour in 30-second steps.
async fn hour(scene: &Scene, functions: &mooring_tests_journeys::rig::Functions) -> Result<Vec<u64>> {
    let mut steps = Vec::new();
    for step in 0..120 {
        let before = scene.calls();
        scene.world.skip(STEP);
        if step % 10 == 0 {
            functions.tick(&scene.world).await?;
        }
        scene.drain(functions, Queue::Sync).await?;
        steps.push(scene.calls() - before);
    }
    Ok(steps)
}

/// No loss; a probe in 30 seconds during the outage; the hour after costs what two hours cost without the outage, and
/// the jobs that waited come spread.
#[tokio::test]
async fn an_outage_of_an_hour_is_caught_up_with_without_a_storm() -> Result<()> {
    let scene = Scene::open().await?;
    // Warm functions, as in Lambda: they share the budget of retries.
    let functions = scene.rig.calm();
    let connections = scene.connected(MANY, true).await?;
    let ordinary: u64 = hour(&scene, &functions).await?.iter().sum();
    ensure!(ordinary >= u64::try_from(MANY)? * 4, "{ordinary} calls in an ordinary hour");

    let late = scene.connected(1, false).await?.remove(0);
    scene.world.stack.sandbox().set_faults(Faults { status_5xx: u32::MAX, ..Faults::default() });
    let away = hour(&scene, &functions).await?;
    let down: u64 = away.iter().sum();
    // Failures that open the breaker, a first ten retries and one for ten calls, a probe in each 30 seconds.
    let most = u64::from(FAILURES) + 10 + 120 + 13;
    ensure!(down <= most, "{down} calls to a platform that is away: {away:?}");
    let opened = away.iter().position(|calls| *calls > 0).unwrap_or_default() + 20;
    ensure!(away[opened..].iter().all(|calls| *calls <= 2), "more than a probe in 30 seconds: {away:?}");
    let since = scene.world.now();

    scene.world.stack.sandbox().set_faults(Faults::default());
    let back = hour(&scene, &functions).await?;
    let after: u64 = back.iter().sum();
    let first = ordinary.div_ceil(u64::try_from(MANY)?) * 3;
    ensure!(after * 10 <= (2 * ordinary + first) * 11, "{after} calls after, {ordinary} in an ordinary hour");
    let peak = back.iter().max().copied().unwrap_or_default();
    ensure!(peak * 2 <= ordinary, "a storm: {back:?}");
    for connected in connections.iter().chain([&late]) {
        let synced = scene.last_synced(connected).await?;
        ensure!(synced.is_some_and(|at| at > since), "{} last synced at {synced:?}", connected.id);
        scene.expect_complete(connected).await?;
    }
    ensure!(scene.dead_letters(Queue::Sync).await? == 0, "a job was lost");
    let caught_up = back.iter().rposition(|calls| *calls > 0).unwrap_or_default();
    say(&format!(
        "outage: {ordinary} calls in an ordinary hour, {down} while away, {after} in the hour after (peak {peak} in 30 s, \
         last at {caught_up} x 30 s)"
    ));
    Ok(())
}
