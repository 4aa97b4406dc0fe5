//! The cutoff and every step after it: whatever breaks, the deletion ends with zeros, within two sweeps of its steps.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use mooring_aws_local::sdk_config;
use mooring_domain::base::ids::AccountRef;
use mooring_domain::base::table::Table;
use mooring_domain::sync::chunk::StoredChunk;
use mooring_domain::sync::job::slot_of;
use mooring_domain::vault::keys::SealedBox;
use mooring_tests_contract::values::put_chunk;
use mooring_tests_journeys::platform::living_tokens;
use mooring_tests_journeys::rig::{At, Batch, Functions, Mode, Queue, Trial};
use mooring_tests_journeys::say;
use mooring_tests_journeys::tables::{self, HOLDING};
use serde_json::Value;

use super::{SINGLES, STORMS, Scene, every_call, most_runs, storms};

/// A step that comes later: its name, when, and how many calls it makes at most.
pub(crate) struct Later {
    name: &'static str,
    minutes: i64,
    calls: usize,
}

/// Twenty minutes after the cutoff.
pub(crate) const SECOND_PASS: Later = Later { name: "second pass", minutes: 21, calls: 18 };
/// A day after the cutoff.
pub(crate) const VERIFICATION: Later = Later { name: "verification", minutes: 24 * 60 + 1, calls: 10 };

/// Makes a connection with a chunk. The chunk's content does not matter: a deletion opens nothing.
async fn held(scene: &Scene) -> Result<String> {
    let connected = scene.connected().await?;
    let at = AccountRef {
        tenant: scene.world.stack.seeded().tenant.clone(),
        connection: connected.id.parse()?,
        account: connected.accounts.first().context("no account")?.parse()?,
    };
    let version = Timestamp::from_millisecond(scene.world.now().as_millisecond())?;
    let (name, parts) = ("ad/2026-11-22".to_owned(), vec![SealedBox(vec![0; 64]); 2]);
    let chunk = StoredChunk { name, version, rows: 1, parts };
    let expires_at = version + SignedDuration::from_hours(24 * 700);
    put_chunk(scene.world.stack.adapters().store.as_ref(), &at, &chunk, expires_at).await?;
    // This test does not need the first job.
    let job = Batch::about(&scene.world, Queue::Sync, &connected.id).await?;
    job.delete(&scene.world, &[]).await?;
    Ok(connected.id)
}

/// Disconnects as the product; returns status and deletion.
async fn disconnect_by(scene: &Scene, functions: &Functions, connection: &str) -> Result<(u16, Value)> {
    let bearer = format!("Bearer {}", scene.world.stack.seeded().api_key);
    let path = format!("/v1/connections/{connection}");
    let answer = functions.http(&Method::DELETE, &path, &[("authorization", &bearer)], None).await?;
    Ok((answer.status.as_u16(), answer.json()))
}

async fn disconnected(scene: &Scene) -> Result<()> {
    let connection = held(scene).await?;
    let (status, deletion) = disconnect_by(scene, &scene.calm(), &connection).await?;
    ensure!(status == 202, "{status} {deletion}");
    Ok(())
}

/// Plays DELETE /v1/connections/{id}, and the product that tries again.
pub(crate) async fn disconnect() -> Result<()> {
    let scene = Scene::open(1).await?;
    let one = async |at: At| {
        let connection = held(&scene).await?;
        let run = async |functions: &_| disconnect_by(&scene, functions, &connection).await;
        let trial = scene.rig.broken(at, run).await?;
        let (status, deletion) = disconnect_by(&scene, &scene.calm(), &connection).await?;
        ensure!(status == 202, "{}, then again: {status} {deletion}", trial.name());
        if let Some((202, first)) = &trial.answered {
            ensure!(first["id"] == deletion["id"], "{}: two deletions", trial.name());
        }
        Ok(trial)
    };
    every_call("disconnect", &SINGLES, one).await?;
    storms("disconnect", &STORMS, one).await?;
    recover(&scene, "disconnect").await
}

/// Plays the steps from the deletion of the data keys to that of the token, with the revocation in between.
pub(crate) async fn first_pass() -> Result<()> {
    let scene = Scene::open(1).await?;
    let one = async |at: At| {
        disconnected(&scene).await?;
        worked(&scene, at).await
    };
    every_call("first pass", &SINGLES, one).await?;
    storms("first pass", &STORMS, one).await?;
    recover(&scene, "first pass").await
}

/// Makes one delivery to the deletion worker with one call broken.
async fn worked(scene: &Scene, at: At) -> Result<Trial<Vec<String>>> {
    let Scene { world, rig } = scene;
    let batch = Batch::one(world, Queue::Deletion).await?;
    let trial = rig.broken(at, async |functions| functions.work(Queue::Deletion, &batch).await).await?;
    if let Some(failed) = &trial.answered {
        batch.delete(world, failed).await?;
    }
    Ok(trial)
}

/// Plays a later step: many connections are made ready, and each delivery breaks at another call.
pub(crate) async fn later(step: Later) -> Result<()> {
    let scene = Scene::open(1).await?;
    for _ in 0..most_runs(step.calls, &SINGLES, &STORMS) {
        disconnected(&scene).await?;
        scene.drain(Queue::Deletion).await?;
    }
    if step.minutes > 60 {
        scene.pass(SignedDuration::from_mins(21)).await?;
    }
    scene.world.skip(SignedDuration::from_mins(step.minutes));
    scene.calm().tick(&scene.world).await?;
    let one = async |at: At| worked(&scene, at).await;
    every_call(step.name, &SINGLES, one).await?;
    storms(step.name, &STORMS, one).await?;
    recover(&scene, step.name).await
}

/// Plays planner and sweeper with a due account, a due deletion and, in each run, a job that only the outbox has; the
/// next tick makes up for a lost one.
pub(crate) async fn ticks() -> Result<()> {
    let scene = Scene::open(1).await?;
    disconnected(&scene).await?;
    scene.drain(Queue::Deletion).await?;
    let due = scene.connected().await?;
    Batch::about(&scene.world, Queue::Sync, &due.id).await?.delete(&scene.world, &[]).await?;
    let (_, minute) = slot_of(&due.id.parse()?, 60);
    let now = scene.world.now().as_second().div_euclid(60).rem_euclid(60);
    scene.world.skip(SignedDuration::from_mins(60 + i64::from(minute) - now));
    scene.calm().tick(&scene.world).await?;
    let one = async |at: At| {
        let connected = scene.connected().await?;
        Batch::about(&scene.world, Queue::Sync, &connected.id).await?.delete(&scene.world, &[]).await?;
        make_old(&scene, &connected.id).await?;
        let run = async |functions: &Functions| Ok(functions.tick(&scene.world).await.is_ok());
        let trial = scene.rig.broken(at, run).await?;
        scene.calm().tick(&scene.world).await?;
        let keys = tables::sort_keys(&scene.world.stack, Table::Connections, &connected.id).await?;
        ensure!(!keys.iter().any(|key| key.starts_with("outbox")), "{}: a job was never sent", trial.name());
        Batch::about(&scene.world, Queue::Sync, &connected.id).await.with_context(|| trial.name())?;
        Ok(trial)
    };
    every_call("tick", &Mode::CRASHES, one).await?;
    storms("tick", &STORMS, one).await?;
    recover(&scene, "tick").await
}

/// Makes the outbox job of a connection older than the planner's patience.
async fn make_old(scene: &Scene, connection: &str) -> Result<()> {
    let items = scene.world.stack.items_naming(Table::Connections, connection).await?;
    let is_outbox = |key: &AttributeValue| key.as_s().is_ok_and(|key| key.starts_with("outbox"));
    let outbox =
        items.into_iter().find(|item| item.get("sk").is_some_and(is_outbox)).context("no outbox job")?;
    let old = AttributeValue::S("2026-11-22T00:00:00.000Z".to_owned());
    let dynamodb = &scene.world.stack.wiring().endpoints.dynamodb;
    let put =
        aws_sdk_dynamodb::Client::new(&sdk_config(dynamodb)).put_item().table_name("mooring-connections");
    put.set_item(Some(outbox)).item("due_at", old).send().await?;
    Ok(())
}

/// Lets sweeps go on with functions that nothing breaks, and checks every deletion whose step is done.
async fn recover(scene: &Scene, what: &str) -> Result<()> {
    for minutes in [8, 8, 8, 8, 8, 8] {
        scene.pass(SignedDuration::from_mins(minutes)).await?;
    }
    for minutes in [24 * 60, 6, 6] {
        scene.pass(SignedDuration::from_mins(minutes)).await?;
        receipts_are_true(scene).await.with_context(|| format!("{what}, after {minutes} minutes"))?;
    }
    let all = deletions(scene).await?;
    let late: Vec<_> = all.iter().filter(|deletion| deletion["step"] != "done").collect();
    ensure!(late.is_empty(), "{what}: {} of {} are not done: {:?}", late.len(), all.len(), late.first());
    let live = scene.world.list("/v1/connections", "connections").await?.len();
    let living = living_tokens(&scene.world).await?;
    ensure!(u64::try_from(live)? == living, "{what}: {living} grants for {live} connections");
    say(&format!("{what}: {} deletions ended with zeros", all.len()));
    Ok(())
}

/// Checks that a receipt exists only for a connection whose rows were counted at zero.
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

/// Returns the connection that a deletion is about.
fn subject(deletion: &Value) -> String {
    let text = deletion["subject"].to_string();
    let start = text.find("con_").unwrap_or_default();
    text.get(start..start + 30).unwrap_or("no connection").to_owned()
}

async fn deletions(scene: &Scene) -> Result<Vec<Value>> {
    scene.world.list("/v1/deletions", "deletions").await
}
