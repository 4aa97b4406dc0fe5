//! Time for binaries that only know the real clock. A deletion ages when every stored time of it is moved back, a job
//! of the outbox when the time since which it is due is moved back. Nothing else in the rows changes, and the functions
//! find the next step due by the machine's clock.

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use mooring_domain::sync::ops::plan_sync::OUTBOX_AGE;
use serde_json::{Value, json};

use super::aws::{Item, key};
use super::cloud::Cloud;

/// The attribute that says since when a row is due.
const DUE_AT: &str = "due_at";
/// The times of a deletion's row.
const TIMES: [&str; 4] = ["t0", "delete_by", "next_step_at", "verified_at"];

/// Reads every deletion of the Ledger, as it is stored.
pub(crate) async fn deletions(cloud: &Cloud) -> Result<Vec<Item>> {
    let mut items = cloud.items("ledger").await?;
    items.retain(|item| key(item, "sk").starts_with("del_"));
    Ok(items)
}

/// Returns whether the deletion has no step left.
pub(crate) fn is_over(deletion: &Item) -> bool {
    key(deletion, "next_step_at").is_empty()
}

/// Makes a deletion so old that its next step is due. Returns false when it was due before, or moved on meanwhile.
pub(crate) async fn make_due(cloud: &Cloud, deletion: &Item) -> Result<bool> {
    let next: Timestamp =
        key(deletion, "next_step_at").parse().context("a deletion that waits for nothing")?;
    let ahead = Timestamp::now().duration_until(next);
    if ahead <= SignedDuration::ZERO {
        return Ok(false);
    }
    let older = older(deletion, ahead + SignedDuration::from_secs(1))?;
    cloud.put_back("ledger", &older, "version").await
}

/// Reads the first jobs in the outbox. Each connection has one after its activation, which may have died before it sent
/// the job: the planner sends a job that is a minute old.
pub(crate) async fn outbox(cloud: &Cloud) -> Result<Vec<Item>> {
    let mut items = cloud.items("connections").await?;
    // The cutoff takes a job out of the due index: nobody sends it any more, and the purge takes its row.
    items.retain(|item| key(item, "sk").starts_with("outbox#") && item.contains_key(DUE_AT));
    Ok(items)
}

/// Makes a job of the outbox so old that the planner sends it. Returns false when the planner sent it meanwhile.
pub(crate) async fn make_sendable(cloud: &Cloud, job: &Item) -> Result<bool> {
    cloud.put_back("connections", &waiting_longer(job, OUTBOX_AGE)?, DUE_AT).await
}

fn waiting_longer(job: &Item, by: SignedDuration) -> Result<Item> {
    let due: Timestamp = key(job, DUE_AT).parse().context("a job of the outbox that is never due")?;
    let mut older = job.clone();
    older.insert(DUE_AT.to_owned(), json!({ "S": format!("{:.3}", due.checked_sub(by)?) }));
    Ok(older)
}

/// Returns the row with every time moved back.
fn older(deletion: &Item, by: SignedDuration) -> Result<Item> {
    let back = |text: &str| -> Result<Timestamp> { Ok(text.parse::<Timestamp>()?.checked_sub(by)?) };
    let mut older = deletion.clone();
    for name in TIMES {
        if let Some(Value::String(text)) = older.get_mut(name).and_then(|value| value.get_mut("S")) {
            *text = back(text)?.to_string();
        }
    }
    let due = back(key(deletion, DUE_AT))?;
    older.insert(DUE_AT.to_owned(), json!({ "S": format!("{due:.3}") }));
    let events = older.get_mut("events").and_then(|events| events.get_mut("L")).and_then(Value::as_array_mut);
    for event in events.context("a deletion without events")? {
        let at = event.pointer_mut("/M/at/S").context("an event without a time")?;
        *at = json!(back(at.as_str().unwrap_or_default())?.to_string());
    }
    ensure!(older.get("version") == deletion.get("version"), "the version moved");
    Ok(older)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_moves_and_nothing_else() {
        let item = json!({
            "pk": { "S": "ten_1" },
            "t0": { "S": "2026-11-26T12:00:00Z" },
            "delete_by": { "S": "2026-12-03T12:00:00Z" },
            "next_step_at": { "S": "2026-11-26T12:20:01.5Z" },
            "due_at": { "S": "2026-11-26T12:20:01.500Z" },
            "version": { "N": "7" },
            "events": { "L": [{ "M": { "at": { "S": "2026-11-26T12:00:01Z" }, "step": { "S": "purge" } } }] },
        });
        let older = older(item.as_object().unwrap(), SignedDuration::from_mins(20)).unwrap();
        let expected = json!({
            "pk": { "S": "ten_1" },
            "t0": { "S": "2026-11-26T11:40:00Z" },
            "delete_by": { "S": "2026-12-03T11:40:00Z" },
            "next_step_at": { "S": "2026-11-26T12:00:01.5Z" },
            "due_at": { "S": "2026-11-26T12:00:01.500Z" },
            "version": { "N": "7" },
            "events": { "L": [{ "M": { "at": { "S": "2026-11-26T11:40:01Z" }, "step": { "S": "purge" } } }] },
        });
        assert_eq!(Value::Object(older), expected);
    }

    #[test]
    fn a_job_of_the_outbox_waits_a_minute_longer() {
        let job = json!({ "sk": { "S": "outbox#1#acc_1" }, "due_at": { "S": "2026-11-26T12:00:00.250Z" } });
        let older = waiting_longer(job.as_object().unwrap(), OUTBOX_AGE).unwrap();
        let expected =
            json!({ "sk": { "S": "outbox#1#acc_1" }, "due_at": { "S": "2026-11-26T11:59:00.250Z" } });
        assert_eq!(Value::Object(older), expected);
    }
}
