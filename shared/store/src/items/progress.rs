//! Sync state, checkpoints, jobs and days as items.

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use jiff::civil::Date;
use mooring_domain::Result;
use mooring_domain::completeness::DayStatus;
use mooring_domain::ports::DayRecord;
use mooring_domain::report::Level;
use mooring_domain::sync::{Checkpoint, JobKind, SyncJob, SyncState, Window};

use super::{Draft, Fields, Item, PK, SK, flag, number, text, texts, time};
use crate::keys::{parse_home, parse_month, parse_outbox};

/// Writes what is remembered of an account's syncs.
pub(crate) fn write_sync_state(state: &SyncState) -> Draft {
    Draft::default()
        .maybe("last_success", state.last_success.map(time))
        .maybe("structure_at", state.structure_at.map(time))
        .with("entities", number(state.entities))
        .maybe("suspect_since", state.suspect_since.map(time))
}

/// Reads what is remembered of an account's syncs.
pub(crate) fn read_sync_state(item: &Item) -> Result<SyncState> {
    let fields = Fields::of("sync state", item);
    Ok(SyncState {
        last_success: fields.maybe_parsed("last_success")?,
        structure_at: fields.maybe_parsed("structure_at")?,
        entities: fields.number("entities")?,
        suspect_since: fields.maybe_parsed("suspect_since")?,
    })
}

/// Writes a checkpoint.
pub(crate) fn write_checkpoint(checkpoint: &Checkpoint) -> Draft {
    let levels = checkpoint.levels.iter().map(|(level, day)| format!("{}|{day}", level.as_str()));
    Draft::default()
        .with("structure", flag(checkpoint.structure))
        .with("levels", texts(levels))
        .with("done", flag(checkpoint.done))
}

/// Reads a checkpoint.
pub(crate) fn read_checkpoint(item: &Item) -> Result<Checkpoint> {
    let fields = Fields::of("checkpoint", item);
    let level = |text: &str| {
        let (level, day) = text.split_once('|')?;
        Some((Level::parse(level)?, day.parse().ok()?))
    };
    Ok(Checkpoint {
        structure: fields.flag("structure")?,
        levels: fields.words("levels", level)?,
        done: fields.flag("done")?,
    })
}

/// Writes a job; whose it is is in the key.
pub(crate) fn write_job(job: &SyncJob) -> Draft {
    Draft::default()
        .text("kind", job.kind.as_str())
        .maybe("from", job.window.map(|window| text(window.from.to_string())))
        .maybe("to", job.window.map(|window| text(window.to.to_string())))
        .with("slot", time(job.slot))
        .with("deferred", number(job.deferred))
        .maybe("not_before", job.not_before.map(time))
}

/// Reads a job and the id it is kept under.
pub(crate) fn read_job(item: &Item) -> Result<(String, SyncJob)> {
    let fields = Fields::of("job", item);
    let (tenant, connection) = fields.word(PK, parse_home)?;
    let (id, account) = parse_outbox(fields.text(SK)?).ok_or_else(|| fields.broken(SK))?;
    let window = match (fields.maybe_parsed("from")?, fields.maybe_parsed("to")?) {
        (None, None) => None,
        (Some(from), Some(to)) => Some(Window::new(from, to).ok_or_else(|| fields.broken("to"))?),
        _ => return Err(fields.broken("from")),
    };
    let job = SyncJob {
        tenant,
        connection,
        account,
        kind: fields.word("kind", JobKind::parse)?,
        window,
        slot: fields.parsed("slot")?,
        deferred: fields.number("deferred")?,
        not_before: fields.maybe_parsed("not_before")?,
    };
    Ok((id.to_owned(), job))
}

/// The attribute of a day in its month's row.
pub(crate) fn day_attribute(day: Date) -> String {
    format!("d{:02}", day.day())
}

/// Packs what is known of a day: status, version in milliseconds, hash, rows.
pub(crate) fn pack_day(record: &DayRecord) -> AttributeValue {
    let version = record.version.map_or_else(|| "-".to_owned(), |at| at.as_millisecond().to_string());
    text(format!("{}|{version}|{}|{}", record.status.to_text(), HEXLOWER.encode(&record.hash), record.rows))
}

fn unpack_day(text: &str) -> Option<DayRecord> {
    let mut fields = text.split('|');
    let status = DayStatus::parse(fields.next()?)?;
    let version = match fields.next()? {
        "-" => None,
        millis => Some(Timestamp::from_millisecond(millis.parse().ok()?).ok()?),
    };
    let hash = HEXLOWER.decode(fields.next()?.as_bytes()).ok()?.try_into().ok()?;
    let rows = fields.next()?.parse().ok()?;
    fields.next().is_none().then_some(DayRecord { status, version, hash, rows })
}

/// Reads the days of a month.
pub(crate) fn read_month(item: &Item) -> Result<Vec<(Date, DayRecord)>> {
    let fields = Fields::of("month", item);
    let first = fields.word(SK, parse_month)?;
    let mut days = Vec::new();
    for day in first.series(jiff::Span::new().days(1)).take_while(|day| day.month() == first.month()) {
        if let Some(record) = fields.maybe_word(&day_attribute(day), unpack_day)? {
            days.push((day, record));
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use mooring_domain::completeness::Reason;
    use proptest::prelude::*;

    use super::*;

    fn status() -> impl Strategy<Value = DayStatus> {
        let reason = prop::sample::select(vec![
            Reason::RateLimited,
            Reason::Upstream,
            Reason::UpstreamChanged,
            Reason::TotalsDiffer,
            Reason::Reauthorise,
        ]);
        prop_oneof![
            prop::sample::select(vec![DayStatus::Complete, DayStatus::Provisional, DayStatus::NotPermitted]),
            reason.clone().prop_map(DayStatus::Partial),
            reason.prop_map(DayStatus::Failed),
        ]
    }

    proptest! {
        #[test]
        fn a_packed_day_unpacks(
            status in status(),
            version in prop::option::of(0_i64..4_000_000_000_000),
            hash in any::<[u8; 16]>(),
            rows in any::<u64>(),
        ) {
            let version = version.map(|millis| Timestamp::from_millisecond(millis).unwrap());
            let record = DayRecord { status, version, hash, rows };
            prop_assert_eq!(unpack_day(pack_day(&record).as_s().unwrap()), Some(record));
        }
    }

    #[test]
    fn a_day_with_anything_more_or_less_is_broken() {
        let hash = "00".repeat(16);
        assert!(unpack_day(&format!("complete|-|{hash}|1")).is_some());
        for bad in [
            "complete",
            &format!("complete|-|{hash}"),
            &format!("complete|-|{hash}|1|"),
            &format!("odd|-|{hash}|1"),
        ] {
            assert_eq!(unpack_day(bad), None, "{bad}");
        }
    }
}
