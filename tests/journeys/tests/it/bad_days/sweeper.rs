//! Scorecard 7: the sweeper sleeps for three days and every second call of DynamoDB is throttled.

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use mooring_aws_local::{Fault, Share};
use mooring_tests_journeys::rig::Queue;
use mooring_tests_journeys::say;
use serde_json::Value;

use super::Scene;

const SEED: u64 = 7;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Live rows are gone within seven days all the same; the receipt says that copies expire later.
#[tokio::test]
async fn a_sweeper_that_slept_for_three_days_is_made_up_for_within_the_week() -> Result<()> {
    let scene = Scene::open().await?;
    say(&format!("seed {SEED}"));
    let connections = scene.connected(3, true).await?;
    let t0 = scene.world.now();
    let mut deletions = Vec::new();
    for connected in &connections {
        deletions.push(scene.disconnect(&scene.rig.calm(), &connected.id).await?);
    }
    // The first messages of the deletions are lost too: nobody takes them within the queue's day.
    scene.world.skip(SignedDuration::from_hours(72));
    let functions = scene.rig.exposed();
    scene.rig.plan().keep_breaking("dynamodb", Share::Half(SEED), Fault::Throttle);
    scene.pass(&functions, MINUTE * 180, MINUTE * 5).await?;
    for (connected, deletion) in connections.iter().zip(&deletions) {
        let view = scene.deletion(deletion).await?;
        ensure!(view["step"] == "done", "{view}");
        scene.expect_gone(&connected.id).await?;
        let receipt = scene.world.product.get(&format!("/v1/deletions/{deletion}/receipt")).await?;
        expect_honest(&receipt, t0)?;
    }
    ensure!(scene.world.now().duration_since(t0) < SignedDuration::from_hours(7 * 24));
    ensure!(scene.dead_letters(Queue::Deletion).await? == 0, "a message was lost");
    say(&format!("all gone {} hours after the cut", scene.world.now().duration_since(t0).as_hours()));
    Ok(())
}

/// Rows that were deleted on the fourth day lie in the recovery windows for four days more.
fn expect_honest(receipt: &Value, t0: Timestamp) -> Result<()> {
    let text = |value: &Value| value.as_str().map(str::to_owned).context("no text");
    let verified: Timestamp = text(&receipt["verified_at"])?.parse()?;
    ensure!(verified.duration_since(t0) > SignedDuration::from_hours(72), "{receipt}");
    let expires = receipt["expires"].as_array().context("no residues")?;
    let by = |word: &str| -> Result<Timestamp> {
        let found =
            expires.iter().find(|one| one["place"].as_str().is_some_and(|place| place.contains(word)));
        Ok(text(&found.with_context(|| format!("no {word} in {receipt}"))?["by"])?.parse()?)
    };
    let hours = SignedDuration::from_hours;
    ensure!(by("of the vault")? >= verified - hours(1) + hours(24), "{receipt}");
    ensure!(by("of connections")? >= verified - hours(1) + hours(4 * 24), "{receipt}");
    ensure!(
        by("of connections")? > t0 + hours(7 * 24),
        "the receipt hides that copies live longer than a week"
    );
    Ok(())
}
