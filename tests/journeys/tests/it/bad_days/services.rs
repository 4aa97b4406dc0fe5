//! The services below Mooring fail for a while: nothing is lost, and a deletion keeps its bounds.

use anyhow::{Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_aws_local::{Fault, Share};
use mooring_domain::base::table::Table;
use mooring_queue::queues::DELETION;
use mooring_tests_journeys::rig::{Batch, Queue};
use mooring_tests_journeys::world::report_path;
use mooring_tests_journeys::{say, tables};

use super::Scene;

const SEED: u64 = 20_261_122;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Every second call of DynamoDB is throttled, by chance: syncs end, the cutoff is made at once, the steps keep their times.
#[tokio::test]
async fn dynamodb_throttled_by_half_loses_nothing_and_deletions_keep_their_bounds() -> Result<()> {
    let scene = Scene::open().await?;
    say(&format!("seed {SEED}"));
    let connections = scene.connected(3, false).await?;
    let functions = scene.rig.exposed();
    scene.rig.plan().keep_breaking("dynamodb", Share::Half(SEED), Fault::Throttle);
    scene.pass(&functions, MINUTE * 40, MINUTE * 7).await?;
    let (calls, throttled) = broken(&scene);
    ensure!(throttled * 10 > calls * 4 && throttled > 50, "{throttled} of {calls} calls throttled");
    for connected in &connections {
        scene.expect_complete(connected).await?;
    }
    ensure!(scene.dead_letters(Queue::Sync).await? == 0, "a job was lost");

    let gone = &connections[0];
    let t0 = scene.world.now();
    let deletion = scene.disconnect(&scene.rig.calm(), &gone.id).await?;
    let report = report_path(&gone.id, &gone.accounts[0], "level=ad&from=2026-11-21&to=2026-11-22");
    ensure!(scene.world.status(&report).await? == 404, "readable after the cut");
    scene.pass(&functions, MINUTE * 60, MINUTE * 5).await?;
    let left = tables::sort_keys(&scene.world.stack, Table::Vault, &gone.id).await?;
    ensure!(left.is_empty(), "keys an hour after: {left:?}");
    scene.world.skip(SignedDuration::from_hours(23));
    scene.pass(&functions, MINUTE * 30, MINUTE * 5).await?;
    let done = scene.deletion(&deletion).await?;
    ensure!(done["step"] == "done", "a day after: {done}");
    ensure!(scene.world.now().duration_since(t0) < SignedDuration::from_hours(25));
    scene.expect_gone(&gone.id).await?;
    let (calls, throttled) = broken(&scene);
    say(&format!(
        "DynamoDB: {throttled} of {calls} calls throttled, 3 connections complete, one gone in a day"
    ));
    Ok(())
}

/// Counts the calls of DynamoDB so far, and those that were throttled.
fn broken(scene: &Scene) -> (usize, usize) {
    let log = scene.rig.plan().log();
    let calls = log.iter().filter(|call| call.label == "dynamodb");
    (calls.clone().count(), calls.filter(|call| call.fault.is_some()).count())
}

/// KMS is down for ten minutes: no key opens, work without keys goes on, and nothing is lost.
#[tokio::test]
async fn kms_down_for_ten_minutes_loses_nothing_and_stops_no_cutoff() -> Result<()> {
    let scene = Scene::open().await?;
    let kept = scene.connected(2, true).await?;
    let late = scene.connected(2, false).await?;
    let functions = scene.rig.exposed();
    let report = |of: usize| {
        report_path(&kept[of].id, &kept[of].accounts[0], "level=ad&from=2026-11-21&to=2026-11-22")
    };
    scene.rig.plan().keep_breaking("kms", Share::All, Fault::ServerError);
    let answer = scene.call(&functions, &Method::GET, &report(0)).await?;
    ensure!(answer.status == 503 && answer.is_problem(), "{} {}", answer.status, answer.body);
    ensure!(answer.json()["retryable"] == true, "{}", answer.body);
    let deletion = scene.disconnect(&functions, &kept[1].id).await?;
    ensure!(scene.world.status(&report(1)).await? == 404, "readable after the cut");
    scene.pass(&functions, MINUTE * 10, MINUTE).await?;
    ensure!(scene.last_synced(&late[0]).await?.is_none(), "synced without a key");

    scene.rig.plan().mend();
    scene.pass(&functions, MINUTE * 50, MINUTE * 5).await?;
    for connected in late.iter().chain([&kept[0]]) {
        scene.expect_complete(connected).await?;
    }
    for queue in [Queue::Sync, Queue::Deletion] {
        ensure!(scene.dead_letters(queue).await? == 0, "a message was lost");
    }
    let left = tables::sort_keys(&scene.world.stack, Table::Vault, &kept[1].id).await?;
    ensure!(left.is_empty(), "keys an hour after: {left:?}");
    scene.world.skip(SignedDuration::from_hours(23));
    scene.pass(&functions, MINUTE * 30, MINUTE * 5).await?;
    ensure!(scene.deletion(&deletion).await?["step"] == "done", "{}", scene.deletion(&deletion).await?);
    scene.expect_gone(&kept[1].id).await
}

/// Scorecard 33, through the function: the peers of a poison message are done, and it is a dead letter after five
/// receives.
#[tokio::test]
async fn a_poison_message_does_not_hold_up_its_batch_and_ends_as_a_dead_letter() -> Result<()> {
    let scene = Scene::open().await?;
    let connections = scene.connected(3, true).await?;
    let calm = scene.rig.calm();
    let client = mooring_tests_journeys::rig::sqs(&scene.world);
    let poison =
        client.send_message().queue_url(scene.rig.queue_url(Queue::Deletion)).message_body("{\"v\":1}");
    poison.send().await?;
    let mut deletions = Vec::new();
    for connected in &connections {
        deletions.push(scene.disconnect(&calm, &connected.id).await?);
    }
    let mut receives = 0;
    while let Some(batch) = Batch::receive(&scene.world, Queue::Deletion).await? {
        let failed = calm.work(Queue::Deletion, &batch).await?;
        batch.delete(&scene.world, &failed).await?;
        ensure!(failed.len() == 1, "{} messages failed", failed.len());
        if receives == 0 {
            for deletion in &deletions {
                let step = scene.deletion(deletion).await?["step"].clone();
                ensure!(step == "purge_again", "a peer was held up: {step}");
            }
        }
        receives += 1;
        ensure!(receives <= 5, "received more often than the limit");
        scene.world.skip(SignedDuration::from_secs(i64::from(DELETION.visibility) + 1));
    }
    ensure!(receives == 5, "{receives} receives");
    ensure!(scene.dead_letters(Queue::Deletion).await? == 1, "it is no dead letter");
    Ok(())
}
