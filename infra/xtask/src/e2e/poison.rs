//! A message that is not a job of Mooring, in one batch with jobs: only this message comes again, and after the fifth
//! receive it lies in the dead letter queue.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::window::Window;
use mooring_domain::sync::job::{JobKind, SyncJob};
use mooring_local::Connected;
use mooring_queue::Job as _;
use serde_json::json;

use super::aws::{SYNC, SYNC_DEAD, key};
use super::cloud::Cloud;
use super::until;

/// The template's limit.
const RECEIVES: usize = 5;
const POISON: &str = r#"{"v":1,"e2e":"poison"}"#;
/// Jobs in the batch beside the poison.
const PEERS: i64 = 4;
/// The template's setting, which is put back.
const VISIBILITY: u32 = 360;

/// Plays the poison; returns what was seen.
pub(crate) async fn play(cloud: &Cloud, connected: &Connected) -> Result<String> {
    // Five receives would take half an hour with the template's visibility timeout.
    cloud.map(SYNC, &json!({ "Enabled": false })).await?;
    idle(cloud).await?;
    cloud.set_visibility(SYNC, 10).await?;
    let jobs = peers(cloud, connected).await?;
    let mut bodies: Vec<_> = jobs.iter().map(SyncJob::encode).collect();
    bodies.insert(1, POISON.to_owned());
    cloud.send(SYNC, &bodies).await?;
    cloud.map(SYNC, &json!({ "Enabled": true })).await?;
    let dead = until("the poison in the dead letter queue", Duration::from_mins(2), async || {
        // The queue moves a message to the dead letters when a consumer asks for the next message.
        cloud.messages(SYNC).await?;
        cloud.receive(SYNC_DEAD).await
    });
    let (body, _, _) = dead.await?;
    ensure!(body == POISON, "the dead letter is {body}");
    idle(cloud).await?;
    cloud.set_visibility(SYNC, VISIBILITY).await?;
    let refused = cloud.logged("poison message").await?.len();
    ensure!(refused == RECEIVES, "the worker saw the poison {refused} times in place of {RECEIVES}");
    let rows = cloud.items("connections").await?;
    for job in &jobs {
        let name = format!("#job#{}", job.id());
        let row = rows.iter().find(|row| key(row, "sk").ends_with(&name));
        let row = row.with_context(|| format!("a peer left no checkpoint {name}"))?;
        ensure!(row.get("done") == Some(&json!({ "BOOL": true })), "a peer is not done: {row:?}");
    }
    Ok(format!("dead after {refused} receives; {} peers of its batch done", jobs.len()))
}

/// Waits until nothing is in the queue or under way.
async fn idle(cloud: &Cloud) -> Result<()> {
    until("the sync queue to be empty", Duration::from_mins(2), async || {
        Ok((cloud.messages(SYNC).await? == [0, 0, 0]).then_some(()))
    })
    .await
}

/// Makes jobs for old days of an account, each with a slot of its own.
async fn peers(cloud: &Cloud, connected: &Connected) -> Result<Vec<SyncJob>> {
    let items = cloud.items("connections").await?;
    let row = items.iter().find(|item| key(item, "sk") == connected.id).context("no connection row")?;
    let account = connected.accounts.first().context("no account")?;
    let now = Timestamp::now();
    let day =
        now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date().checked_sub(jiff::Span::new().days(10))?;
    (1..=PEERS)
        .map(|number| {
            Ok(SyncJob {
                tenant: key(row, "pk").parse()?,
                connection: connected.id.parse()?,
                account: account.parse()?,
                kind: JobKind::Restate,
                window: Window::new(day, day),
                slot: now - SignedDuration::from_hours(24 * number),
                deferred: 0,
                not_before: None,
            })
        })
        .collect()
}
