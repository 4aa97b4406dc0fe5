//! The cut and every step after it: whatever breaks, the deletion ends with zeros, within two sweeps of its steps.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_domain::deletion::Table;
use mooring_tests_journeys::platform::living_tokens;
use mooring_tests_journeys::rig::{Batch, Functions, Mode, Queue, Trial};
use mooring_tests_journeys::say;
use mooring_tests_journeys::tables::{self, HOLDING};
use serde_json::Value;

use super::{Scene, every_call};

const ALL: [Mode; 8] = [
    Mode::CrashBefore,
    Mode::CrashAfter,
    Mode::Throttle,
    Mode::Conflict,
    Mode::ServerError,
    Mode::Duplicate,
    Mode::Reset,
    Mode::Outage,
];

/// A step that comes later: its name, when, and how many calls it makes at most.
pub(crate) struct Later {
    name: &'static str,
    minutes: i64,
    calls: usize,
}

/// Twenty minutes after the cut.
pub(crate) const SECOND_PASS: Later = Later { name: "second pass", minutes: 21, calls: 18 };
/// A day after the cut.
pub(crate) const VERIFICATION: Later = Later { name: "verification", minutes: 24 * 60 + 1, calls: 10 };

/// A connection with one synced day.
async fn synced(scene: &Scene) -> Result<String> {
    let connected = scene.connected().await?;
    scene.drain(Queue::Sync).await?;
    Ok(connected.id)
}

/// The product disconnects; answers status and deletion.
async fn disconnect_by(scene: &Scene, functions: &Functions, connection: &str) -> Result<(u16, Value)> {
    let bearer = format!("Bearer {}", scene.world.stack.seeded().api_key);
    let path = format!("/v1/connections/{connection}");
    let answer = functions.http(&Method::DELETE, &path, &[("authorization", &bearer)], None).await?;
    Ok((answer.status.as_u16(), answer.json()))
}

async fn disconnected(scene: &Scene) -> Result<()> {
    let connection = synced(scene).await?;
    let (status, deletion) = disconnect_by(scene, &scene.calm()?, &connection).await?;
    ensure!(status == 202, "{status} {deletion}");
    Ok(())
}

/// DELETE /v1/connections/{id}, and the product that tries again.
pub(crate) async fn disconnect() -> Result<()> {
    let scene = Scene::open(1).await?;
    every_call("disconnect", &ALL, async |mode, call| {
        let connection = synced(&scene).await?;
        let run = async |functions: &_| disconnect_by(&scene, functions, &connection).await;
        let trial = scene.rig.broken(&scene.world, (mode, call), run).await?;
        let (status, deletion) = disconnect_by(&scene, &scene.calm()?, &connection).await?;
        ensure!(status == 202, "{}, then again: {status} {deletion}", trial.name());
        if let Some((202, first)) = &trial.answered {
            ensure!(first["id"] == deletion["id"], "{}: two deletions", trial.name());
        }
        Ok(trial)
    })
    .await?;
    recover(&scene, "disconnect").await
}

/// The steps from the shredding of data keys to that of the token, with the revocation in between.
pub(crate) async fn first_pass(modes: &[Mode]) -> Result<()> {
    let scene = Scene::open(1).await?;
    every_call("first pass", modes, async |mode, call| {
        disconnected(&scene).await?;
        worked(&scene, (mode, call)).await
    })
    .await?;
    recover(&scene, "first pass").await
}

/// One delivery to the deletion worker with one call broken.
async fn worked(scene: &Scene, at: (Mode, u64)) -> Result<Trial<Vec<String>>> {
    let Scene { world, rig } = scene;
    let batch = Batch::one(world, Queue::Deletion).await?.context("no deletion is in the queue")?;
    let trial =
        rig.broken(world, at, async |functions| functions.work(Queue::Deletion, &batch).await).await?;
    if let Some(failed) = &trial.answered {
        batch.delete(world, failed).await?;
    }
    Ok(trial)
}

/// A later step: many connections are made ready, and each delivery breaks at another call.
pub(crate) async fn later(step: Later) -> Result<()> {
    let scene = Scene::open(1).await?;
    for _ in 0..=ALL.len() * step.calls {
        disconnected(&scene).await?;
        scene.drain(Queue::Deletion).await?;
    }
    if step.minutes > 60 {
        scene.pass(SignedDuration::from_mins(21)).await?;
    }
    scene.world.skip(SignedDuration::from_mins(step.minutes));
    scene.calm()?.tick(&scene.world).await?;
    every_call(step.name, &ALL, async |mode, call| worked(&scene, (mode, call)).await).await?;
    recover(&scene, step.name).await
}

/// Planner and sweeper with a due account, a due deletion and a job in the outbox; the next tick makes up for a lost one.
/// A tick that succeeds leaves less to do for the next, so that each crash has a world of its own.
pub(crate) async fn ticks() -> Result<()> {
    every_call("tick", &Mode::CRASHES, async |mode, call| {
        let scene = Scene::open(1).await?;
        disconnected(&scene).await?;
        scene.drain(Queue::Deletion).await?;
        scene.connected().await?;
        // The job that the activation sent is lost: only the outbox has it.
        let lost = Batch::expect(&scene.world, Queue::Sync).await?;
        lost.delete(&scene.world, &[]).await?;
        scene.world.skip(SignedDuration::from_mins(21));
        let trial = scene
            .rig
            .broken(&scene.world, (mode, call), async |functions| functions.tick(&scene.world).await)
            .await?;
        for _ in 0..2 {
            scene.pass(SignedDuration::from_mins(5)).await?;
        }
        expect_made_up(&scene).await.with_context(|| trial.name())?;
        Ok(trial)
    })
    .await
    .map(drop)
}

/// The deletion went on, the outbox is empty and the account was synced.
async fn expect_made_up(scene: &Scene) -> Result<()> {
    let deletions = deletions(scene).await?;
    ensure!(deletions.iter().all(|deletion| deletion["step"] == "verify"), "{deletions:?}");
    let keys = tables::sort_keys(&scene.world.stack, Table::Connections, "con_").await?;
    ensure!(!keys.iter().any(|key| key.starts_with("outbox")), "a job was never sent: {keys:?}");
    let live = scene.world.product.get("/v1/connections").await?;
    let synced = |connection: &Value| connection["accounts"][0]["last_synced_at"].is_string();
    let live = live["connections"].as_array().context("no list")?;
    ensure!(live.iter().filter(|one| one["state"] == "active").all(synced), "never synced: {live:?}");
    Ok(())
}

/// Lets sweeps go on with functions that nothing breaks, and looks at every deletion that calls itself done.
async fn recover(scene: &Scene, what: &str) -> Result<()> {
    for minutes in [8, 8, 8, 8, 8, 8, 24 * 60, 6, 6] {
        scene.pass(SignedDuration::from_mins(minutes)).await?;
        receipts_are_true(scene).await.with_context(|| format!("{what}, after {minutes} minutes"))?;
    }
    let all = deletions(scene).await?;
    let late: Vec<_> = all.iter().filter(|deletion| deletion["step"] != "done").collect();
    ensure!(late.is_empty(), "{what}: {} of {} are not done: {:?}", late.len(), all.len(), late.first());
    receipts_are_true(scene).await?;
    let live = scene.world.product.get("/v1/connections?limit=100").await?;
    let live = live["connections"].as_array().map_or(0, Vec::len);
    let living = living_tokens(&scene.world).await?;
    ensure!(u64::try_from(live)? == living, "{what}: {living} grants for {live} connections");
    say(&format!("{what}: {} deletions ended with zeros", all.len()));
    Ok(())
}

/// A receipt exists only for what is counted at zero.
async fn receipts_are_true(scene: &Scene) -> Result<()> {
    let mut held = BTreeSet::new();
    for table in HOLDING {
        for item in scene.world.stack.items(table).await? {
            let keys = ["pk", "sk"].into_iter().filter_map(|name| item.get(name)?.as_s().ok());
            held.extend(
                keys.flat_map(|key| key.split('#'))
                    .filter(|part| part.starts_with("con_"))
                    .map(str::to_owned),
            );
        }
    }
    for deletion in deletions(scene).await?.iter().filter(|deletion| deletion["step"] == "done") {
        ensure!(!held.contains(&subject(deletion)), "a receipt was issued too early: {deletion}");
    }
    Ok(())
}

/// The connection that a deletion is about.
fn subject(deletion: &Value) -> String {
    let text = deletion["subject"].to_string();
    let start = text.find("con_").unwrap_or_default();
    text.get(start..start + 30).unwrap_or("no connection").to_owned()
}

async fn deletions(scene: &Scene) -> Result<Vec<Value>> {
    let (mut all, mut path) = (Vec::new(), "/v1/deletions?limit=100".to_owned());
    loop {
        let page = scene.world.product.get(&path).await?;
        all.extend(page["deletions"].as_array().context("no list")?.iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return Ok(all) };
        path = format!("/v1/deletions?limit=100&cursor={cursor}");
    }
}
