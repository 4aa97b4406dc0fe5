//! A process died that held something: the probe of a breaker, the attempt at a call that may be repeated.

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_domain::base::table::Table;
use mooring_domain::sync::breaker::FAILURES;
use mooring_sandbox::Faults;
use mooring_tests_journeys::rig::{Batch, Functions, Mode, Queue};
use mooring_tests_journeys::tables;
use serde_json::json;

use super::Scene;

/// A probe that dies holds the breaker for 30 seconds, and the next one closes it.
#[tokio::test]
async fn a_probe_that_died_is_followed_by_another() -> Result<()> {
    let scene = Scene::open().await?;
    let connections = scene.connected(usize::try_from(FAILURES)? + 2, false).await?;
    scene.world.stack.sandbox().set_faults(Faults { status_5xx: u32::MAX, ..Faults::default() });
    let calm = scene.rig.calm();
    scene.drain(&calm, Queue::Sync).await?;
    let calls = scene.calls();
    scene.world.stack.sandbox().set_faults(Faults::default());
    // All jobs wait by now: the first that comes is the probe, and its process dies at its call of the platform.
    scene.world.skip(SignedDuration::from_mins(3));
    let probe = Batch::one(&scene.world, Queue::Sync).await?;
    let run = async |functions: &Functions| functions.work(Queue::Sync, &probe).await;
    let dry = Mode::CrashBefore;
    let door = first_platform_call(&scene).await?;
    let trial = scene.rig.broken((dry, door), run).await?;
    ensure!(trial.answered.is_none(), "it lived: {}", trial.name());
    scene.drain(&calm, Queue::Sync).await?;
    ensure!(scene.calls() == calls, "somebody else called the platform");
    scene.world.skip(SignedDuration::from_mins(10));
    scene.drain(&calm, Queue::Sync).await?;
    scene.world.skip(SignedDuration::from_mins(10));
    scene.drain(&calm, Queue::Sync).await?;
    for connected in &connections {
        scene.expect_complete(connected).await?;
    }
    Ok(())
}

/// Returns the number of the first platform call of a probing job: a probe has one write more than an ordinary job.
async fn first_platform_call(scene: &Scene) -> Result<u64> {
    let other = Scene::open().await?;
    other.connected(1, false).await?;
    let job = Batch::one(&other.world, Queue::Sync).await?;
    let run = async |functions: &Functions| functions.work(Queue::Sync, &job).await;
    let calm = other.rig.broken((Mode::CrashBefore, 0), run).await?;
    ensure!(scene.world.now() > jiff::Timestamp::UNIX_EPOCH);
    let first = calm.log.iter().find(|call| call.label == "platform").context("no platform call")?;
    Ok(first.seq + 1)
}

/// The function behind a POST died after it began the record: duplicates wait, and after half a minute one takes over.
#[tokio::test]
async fn an_attempt_whose_owner_died_is_taken_over() -> Result<()> {
    let scene = Scene::open().await?;
    let connections = scene.connected(1, true).await?;
    let bearer = format!("Bearer {}", scene.world.stack.seeded().api_key);
    let body = json!({ "connection_id": connections[0].id }).to_string();
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "once"),
    ];
    let post = async |functions: &Functions| {
        functions.http(&Method::POST, "/v1/deletion-requests", &headers, Some(body.clone())).await
    };
    // The first write after the limits begins the idempotency record; the process dies right after it.
    let claim = claim_of(&scene, &headers, &body).await?;
    let trial = scene.rig.broken((Mode::CrashAfter, claim), post).await?;
    ensure!(trial.answered.is_none(), "it lived: {}", trial.name());
    ensure!(!tables::sort_keys(&scene.world.stack, Table::Transient, "idem#").await?.is_empty(), "no claim");
    let calm = scene.rig.calm();
    let early = post(&calm).await?;
    ensure!(early.status == 409 && early.json()["code"] == "idempotency_in_progress", "{}", early.body);
    ensure!(!early.header("retry-after").is_empty(), "{early:?}");
    scene.world.skip(SignedDuration::from_secs(31));
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = post(&calm).await?;
        ensure!(answer.status == 202, "{} {}", answer.status, answer.body);
        ids.push(answer.json()["id"].clone());
    }
    ids.dedup();
    ensure!(ids.len() == 1, "more than one deletion: {ids:?}");
    let deletions = scene.world.product.get("/v1/deletions").await?;
    ensure!(deletions["deletions"].as_array().map(Vec::len) == Some(1), "{deletions}");
    Ok(())
}

/// Returns the number of the call that begins the record, seen in a request that is refused for its body.
async fn claim_of(scene: &Scene, headers: &[(&str, &str)], body: &str) -> Result<u64> {
    let other =
        headers.iter().map(|(name, value)| (*name, if *name == "idempotency-key" { "other" } else { value }));
    let other: Vec<_> = other.collect();
    let wrong = body.replace("con_", "con_0");
    let run = async |functions: &Functions| {
        functions.http(&Method::POST, "/v1/deletion-requests", &other, Some(wrong.clone())).await
    };
    let calm = scene.rig.broken((Mode::CrashBefore, 0), run).await?;
    calm.first("PutItem").with_context(|| format!("no claim in {:?}", calm.log))
}
