//! The sync of one account, all levels: whatever breaks, another delivery completes it, with the platform's own sums.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use mooring_domain::base::table::Table;
use mooring_local::Connected;
use mooring_tests_journeys::rig::{At, Batch, Functions, Mode, Queue};
use mooring_tests_journeys::{Figures, Platform, say, tables};
use serde_json::Value;

use super::{Scene, every_call, storms};

/// The only day that is synced: today, which changes with the hour.
const DAY: Date = date(2026, 11, 22);
const LEVELS: [&str; 4] = ["account", "campaign", "ad_group", "ad"];

/// Makes one delivery of a first job after the other, each with other calls broken.
pub(crate) async fn run(singles: &[Mode], in_storms: &[Mode]) -> Result<()> {
    let scene = Scene::open(1).await?;
    let mut connections: Vec<(String, Connected)> = Vec::new();
    let mut one = async |at: At| {
        let connected = scene.connected().await?;
        // The test plays one outage after the other; the breaker would take them for one.
        tables::remove(&scene.world.stack, Table::Transient, "breaker#").await?;
        let batch = Batch::about(&scene.world, Queue::Sync, &connected.id).await?;
        let run = async |functions: &Functions| functions.work(Queue::Sync, &batch).await;
        let trial = scene.rig.broken(at, run).await?;
        // The mapping deletes the message of a worker that answers without a failure.
        if let Some(failed) = &trial.answered {
            batch.delete(&scene.world, failed).await?;
        }
        connections.push((trial.name(), connected));
        Ok(trial)
    };
    every_call("sync", singles, &mut one).await?;
    storms("sync", in_storms, &mut one).await?;
    recover(&scene, &connections).await
}

/// A run in which every call is late makes as many calls. The calls of a calm run have to come again in the next run,
/// to be broken there, however fast the machine is.
pub(crate) async fn same_calls_when_slow() -> Result<()> {
    let scene = Scene::open(1).await?;
    let mut runs = Vec::new();
    for at in [(Mode::Slow, 0).into(), At { mode: Mode::Slow, call: 1, every: Some(1) }] {
        let connected = scene.connected().await?;
        let batch = Batch::about(&scene.world, Queue::Sync, &connected.id).await?;
        let run = async |functions: &Functions| functions.work(Queue::Sync, &batch).await;
        let trial = scene.rig.broken(at, run).await?;
        let mut calls: Vec<_> = trial.log.into_iter().map(|call| (call.label, call.operation)).collect();
        calls.sort_unstable();
        runs.push(calls);
    }
    let [quick, slow] = <[_; 2]>::try_from(runs).ok().context("two runs")?;
    ensure!(quick == slow, "{} calls, and {} on a slow machine: {slow:?}", quick.len(), slow.len());
    ensure!(quick.iter().any(|(label, _)| label == "platform"), "nothing was synced: {quick:?}");
    Ok(())
}

/// Lets deliveries go on with functions that nothing breaks; every connection has to be complete.
async fn recover(scene: &Scene, connections: &[(String, Connected)]) -> Result<()> {
    // Another delivery after the visibility timeout, and the jobs that put themselves back after their wait.
    let mut theirs = vec![figures(scene).await?];
    for minutes in [16, 16, 16, 16] {
        scene.world.skip(SignedDuration::from_mins(minutes));
        theirs.push(figures(scene).await?);
        scene.drain(Queue::Sync).await?;
    }
    ensure!(theirs.iter().all(|seen| seen.spend > 0), "an empty day proves nothing");
    for (name, connected) in connections {
        complete(scene, connected, &theirs).await.with_context(|| name.clone())?;
    }
    let keys = tables::sort_keys(&scene.world.stack, Table::Reports, "con_").await?;
    // Names are decoration: when the platform is down as a job asks for them, the next job asks again.
    let (named, figures): (Vec<_>, Vec<_>) =
        keys.iter().filter(|key| key.starts_with("r#")).partition(|key| key.contains("#structure/"));
    ensure!(figures.len() == LEVELS.len() * connections.len(), "{} chunks of figures", figures.len());
    ensure!(named.len() <= (LEVELS.len() - 1) * connections.len(), "{} chunks of names", named.len());
    ensure!(named.len() * 10 > figures.len() * 7, "names came for too few: {} chunks", named.len());
    let again = keys.iter().filter(|key| key.starts_with("h#")).count();
    say(&format!("sync: {} connections complete; {again} chunks written again", connections.len()));
    Ok(())
}

/// Reads the platform's own figures of the day.
async fn figures(scene: &Scene) -> Result<Figures> {
    let advertiser =
        scene.world.stack.sandbox().advertiser_ids().first().cloned().context("no advertiser")?;
    Platform::of(&scene.world)?.totals(&advertiser, DAY, DAY).await
}

/// Checks that the day is here at every level, each entity once, and adds up to the platform's figures at some time of
/// the test.
async fn complete(scene: &Scene, connected: &Connected, theirs: &[Figures]) -> Result<()> {
    let account = connected.accounts.first().context("no account")?;
    let mut sums = BTreeSet::new();
    for level in LEVELS {
        let metrics = "metrics=spend,impressions,clicks,conversions&group_by=day,entity&limit=100";
        let rest = format!("level={level}&from={DAY}&to={DAY}&{metrics}");
        let report = scene.world.report(connected, account, &rest).await?;
        let statuses = report["completeness"].as_array().context("no completeness")?;
        let fits = |day: &Value| matches!(day["status"].as_str(), Some("complete" | "provisional"));
        ensure!(statuses.len() == 1 && statuses.iter().all(fits), "{level}: {statuses:?}");
        let rows = report["rows"].as_array().context("no rows")?;
        let entities: BTreeSet<_> = rows.iter().map(|row| row["entity"]["id"].to_string()).collect();
        ensure!(entities.len() == rows.len() && !rows.is_empty(), "{level}: a row twice, or none");
        let ours = Figures::of_ours(&report["totals"])?;
        ensure!(theirs.contains(&ours), "{level}: {ours:?} instead of one of {theirs:?}");
        sums.insert(format!("{ours:?}"));
    }
    ensure!(sums.len() == 1, "the levels differ: {sums:?}");
    Ok(())
}
