//! Functions on machines whose clocks are five minutes apart, and deletions on machines that are ten minutes apart.

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::table::Table;
use mooring_local::Connected;
use mooring_tests_journeys::rig::{Functions, Queue};
use mooring_tests_journeys::world::report_path;
use mooring_tests_journeys::{quick, say, tables};

use super::Scene;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Makes functions that are ahead of the true clock, and functions that are behind it.
fn pair(scene: &Scene, by: SignedDuration) -> Result<[Functions; 2]> {
    Ok([scene.rig.skewed(&scene.world, by)?, scene.rig.skewed(&scene.world, -by)?])
}

/// Connects with every step on the other clock than the step before.
async fn connect(scene: &Scene, [one, other]: [&Functions; 2], end_user: &str) -> Result<Connected> {
    let door = quick::depart(&scene.world, one, end_user).await?;
    let ticket = quick::land(other, &door).await?;
    let back = quick::confirm(&scene.world, one, &ticket).await?;
    let code = quick::code_of(&back, end_user)?;
    let answer = quick::activate(&scene.world, other, &code).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.body);
    let account = answer.json()["accounts"][0]["id"].as_str().context("no account")?.to_owned();
    Ok(Connected { id: code.connection, accounts: vec![account] })
}

#[tokio::test]
async fn connecting_syncing_and_reading_work_across_clocks_that_differ() -> Result<()> {
    let scene = Scene::open().await?;
    let [ahead, behind] = pair(&scene, SignedDuration::from_secs(150))?;
    let one = connect(&scene, [&ahead, &behind], "skew-1").await?;
    let other = connect(&scene, [&behind, &ahead], "skew-2").await?;
    for functions in [&ahead, &behind] {
        scene.drain(functions, Queue::Sync).await?;
    }
    // Hours of jobs, picked up by functions on either clock.
    let mut newest = [versions(&scene, &one).await?, versions(&scene, &other).await?];
    for round in 0..12 {
        scene.world.skip(MINUTE * 15);
        let functions = if round % 2 == 0 { &ahead } else { &behind };
        functions.tick(&scene.world).await?;
        scene.drain(functions, Queue::Sync).await?;
        for (connected, before) in [&one, &other].into_iter().zip(&mut newest) {
            let now = versions(&scene, connected).await?;
            ensure!(before.iter().all(|(name, at)| now.get(name) >= Some(at)), "an older observation won");
            *before = now;
        }
    }
    scene.world.skip(MINUTE * 60);
    let calm = scene.rig.calm();
    scene.pass(&calm, MINUTE * 60, MINUTE * 5).await?;
    for connected in [&one, &other] {
        scene.expect_complete(connected).await?;
        let path =
            report_path(&connected.id, &connected.accounts[0], "level=ad&from=2026-11-21&to=2026-11-22");
        for functions in [&ahead, &behind] {
            let answer = scene.call(functions, &Method::GET, &path).await?;
            ensure!(answer.status == 200, "{} {}", answer.status, answer.body);
        }
    }
    ensure!(scene.dead_letters(Queue::Sync).await? == 0, "a job was lost");
    Ok(())
}

async fn versions(scene: &Scene, connected: &Connected) -> Result<std::collections::BTreeMap<String, i64>> {
    tables::versions(&scene.world.stack, &connected.id).await
}

/// Whichever clock makes the cutoff and does the steps: nobody reads, the keys are gone within the hour, all within a
/// day.
#[tokio::test]
async fn a_deletion_keeps_its_bounds_whoever_is_wrong() -> Result<()> {
    let scene = Scene::open().await?;
    let [ahead, behind] = pair(&scene, MINUTE * 5)?;
    let calm = scene.rig.calm();
    for (cutter, worker) in [(&ahead, &behind), (&behind, &ahead)] {
        let connected = quick::connect(&scene.world, &calm, "skew-3").await?;
        scene.drain(&calm, Queue::Sync).await?;
        let t0 = scene.world.now();
        let deletion = scene.disconnect(cutter, &connected.id).await?;
        let path =
            report_path(&connected.id, &connected.accounts[0], "level=ad&from=2026-11-21&to=2026-11-22");
        for functions in [cutter, worker, &calm] {
            let answer = scene.call(functions, &Method::GET, &path).await?;
            ensure!(answer.status == 404, "{} {}", answer.status, answer.body);
        }
        scene.pass(worker, MINUTE * 50, MINUTE * 5).await?;
        let left = tables::sort_keys(&scene.world.stack, Table::Vault, &connected.id).await?;
        ensure!(left.is_empty(), "keys an hour after: {left:?}");
        let purges = events(&scene, &deletion, "purge_again").await?;
        // A sync worker lives for a minute: no worker of the time of the cutoff is alive at the second pass.
        let second = purges.first().context("no second pass")?.duration_since(t0);
        ensure!(second >= MINUTE * 10, "the second pass came after {second}");
        scene.world.skip(SignedDuration::from_hours(23));
        scene.pass(worker, MINUTE * 90, MINUTE * 5).await?;
        ensure!(scene.deletion(&deletion).await?["step"] == "done", "{}", scene.deletion(&deletion).await?);
        scene.expect_gone(&connected.id).await?;
        say(&format!("second pass {second:#} after the cut by the true clock"));
    }
    Ok(())
}

/// Returns when a step of a deletion was done, by the clock of the function that did it.
async fn events(scene: &Scene, deletion: &str, step: &str) -> Result<Vec<Timestamp>> {
    let view = scene.deletion(deletion).await?;
    let events = view["events"].as_array().with_context(|| format!("no events in {view}"))?;
    let of_step = events.iter().filter(|event| event["step"] == step);
    of_step.map(|event| Ok(event["at"].as_str().context("no time")?.parse()?)).collect()
}
