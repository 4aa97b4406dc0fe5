//! Writes and reads sync states, checkpoints, jobs, days and log entries as items.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::Date;
use mooring_domain::Result;
use mooring_domain::base::ids::EventId;
use mooring_domain::base::window::Window;
use mooring_domain::platform::figures::{Level, MetricSet};
use mooring_domain::sync::activity::Activity;
use mooring_domain::sync::completeness::{DayRecord, DayStatus, Days, Marks, Reason};
use mooring_domain::sync::job::{JobKind, SyncJob};
use mooring_domain::sync::state::{Backfill, Checkpoint, Failure, SyncChange, SyncState};
use mooring_domain::sync::trouble::Trouble;

use crate::client::item::{Draft, Fields, Item, PK, SK, bytes, flag, maps, number, text, texts, time};
use crate::client::key::parse_home;
use crate::people::items::event_id;
use crate::sync::keys::{parse_outbox, parse_week};

/// Writes the part of an account's sync state that a job decides before it ends.
pub(crate) fn write_sync_change(change: &SyncChange) -> Draft {
    let draft = Draft::default()
        .maybe("structure_at", change.structure_at.map(time))
        .maybe("names_due", change.names_due.map(flag))
        .maybe("entities", change.entities.map(number));
    change.backfill.iter().fold(draft, write_backfill)
}

/// The attribute that counts the ended tries.
pub(crate) const ENDS: &str = "ends";
/// The slot of the first job whose days are being read.
pub(crate) const BACKFILL_SLOT: &str = "backfill_slot";

/// The attribute of the instant at which the product last asked for a sync, a number that conditions compare.
pub(crate) const ASKED_AT: &str = "asked_at";

/// The attributes of a failure, which a success removes.
pub(crate) const FAILURE: [&str; 3] = ["failure", "failing_since", "gave_up"];

/// Writes the part of an account's sync state that the end of a try decides.
pub(crate) fn write_sync_end(state: &SyncState) -> Draft {
    let [code, since, gave_up] = FAILURE;
    let draft = Draft::default()
        .maybe("last_success", state.last_success.map(time))
        .maybe("newest_at", state.newest_at.map(time))
        .maybe("last_attempt", state.last_attempt.map(time))
        .maybe(code, state.failure.map(|failure| text(failure.trouble.as_str())))
        .maybe(since, state.failure.map(|failure| time(failure.since)))
        .maybe(gave_up, state.failure.map(|failure| flag(failure.gave_up)))
        .with(ENDS, number(state.ends));
    state.backfill.iter().fold(draft, write_backfill)
}

fn write_backfill(draft: Draft, backfill: &Backfill) -> Draft {
    let ended = backfill.ended.iter().map(|window| format!("{}|{}", window.from, window.to));
    draft
        .with(BACKFILL_SLOT, time(backfill.slot))
        .text("backfill_from", backfill.all.from.to_string())
        .text("backfill_to", backfill.all.to.to_string())
        .with("backfill_ended", texts(ended))
}

fn read_backfill(fields: Fields<'_>) -> Result<Option<Backfill>> {
    let Some(slot) = fields.maybe_parsed(BACKFILL_SLOT)? else { return Ok(None) };
    let window = |text: &str| {
        let (from, to) = text.split_once('|')?;
        Window::new(from.parse().ok()?, to.parse().ok()?)
    };
    let all = Window::new(fields.parsed("backfill_from")?, fields.parsed("backfill_to")?);
    let all = all.ok_or_else(|| fields.broken("backfill_to"))?;
    Ok(Some(Backfill { slot, all, ended: fields.words("backfill_ended", window)? }))
}

fn read_failure(fields: Fields<'_>) -> Result<Option<Failure>> {
    let [code, since, gave_up] = FAILURE;
    let Some(trouble) = fields.maybe_word(code, Trouble::parse)? else { return Ok(None) };
    Ok(Some(Failure { trouble, since: fields.parsed(since)?, gave_up: fields.flag(gave_up)? }))
}

/// Reads the sync state of an account. A part that no job has decided yet has its value of
/// [`SyncState::default`].
pub(crate) fn read_sync_state(item: &Item) -> Result<SyncState> {
    let fields = Fields::of("sync state", item);
    Ok(SyncState {
        last_success: fields.maybe_parsed("last_success")?,
        newest_at: fields.maybe_parsed("newest_at")?,
        structure_at: fields.maybe_parsed("structure_at")?,
        names_due: fields.flag("names_due")?,
        entities: fields.maybe_number("entities")?.unwrap_or_default(),
        last_attempt: fields.maybe_parsed("last_attempt")?,
        failure: read_failure(fields)?,
        backfill: read_backfill(fields)?,
        asked_at: fields.maybe_seconds(ASKED_AT)?,
        ends: fields.maybe_number(ENDS)?.unwrap_or_default(),
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

/// Writes a job. Its tenant, connection and account are in the key.
pub(crate) fn write_job(job: &SyncJob) -> Draft {
    Draft::default()
        .text("kind", job.kind.as_str())
        .maybe("from", job.window.map(|window| text(window.from.to_string())))
        .maybe("to", job.window.map(|window| text(window.to.to_string())))
        .with("slot", time(job.slot))
        .with("deferred", number(job.deferred))
        .maybe("not_before", job.not_before.map(time))
}

/// Reads a job and the id under which it is kept.
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

/// Names the attribute of a level and day in its week's row, such as `d0` for the ads of Monday. The name is
/// short because DynamoDB charges for names too.
pub(crate) fn day_attribute(level: Level, day: Date) -> String {
    let level = match level {
        Level::Account => 'a',
        Level::Campaign => 'c',
        Level::AdGroup => 'g',
        Level::Ad => 'd',
    };
    format!("{level}{}", day.weekday().to_monday_zero_offset())
}

const HASH: usize = 16;

const VERSION_BYTES: usize = 6;

const ROWS_BYTES: usize = 4;

/// Stands for the version of a day without a chunk.
const NO_VERSION: [u8; VERSION_BYTES] = [0xff; VERSION_BYTES];

/// Packs the record of a day: status, marks, version in milliseconds, rows, hash. A whole week has to fit
/// into the kilobyte that one write unit of DynamoDB pays for.
pub(crate) fn pack_day(record: &DayRecord) -> AttributeValue {
    let mut out = Vec::with_capacity(2 + VERSION_BYTES + ROWS_BYTES + HASH);
    out.push(status_byte(record.status));
    out.push(marks_byte(record.marks));
    out.extend(record.version.map_or(NO_VERSION, |at| low_bytes(at.as_millisecond().cast_unsigned())));
    out.extend(u32::try_from(record.rows).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(record.hash);
    bytes(&out)
}

fn unpack_day(packed: &[u8]) -> Option<DayRecord> {
    let ([status, marks], rest) = packed.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk::<VERSION_BYTES>()?;
    let (rows, rest) = rest.split_first_chunk::<ROWS_BYTES>()?;
    let version = if *version == NO_VERSION { None } else { Some(instant(*version)?) };
    let (status, rows) = (status_of(*status)?, u64::from(u32::from_be_bytes(*rows)));
    Some(DayRecord { status, marks: marks_of(*marks)?, version, rows, hash: rest.try_into().ok()? })
}

fn low_bytes(value: u64) -> [u8; VERSION_BYTES] {
    let [_, _, low @ ..] = value.to_be_bytes();
    low
}

fn instant(low: [u8; VERSION_BYTES]) -> Option<Timestamp> {
    let millis = low.iter().fold(0_i64, |value, byte| (value << 8) | i64::from(*byte));
    Timestamp::from_millisecond(millis).ok()
}

const COMPLETE: u8 = 0;

const PROVISIONAL: u8 = 1;

const NOT_PERMITTED: u8 = 2;

const NOT_OFFERED: u8 = 3;

const PARTIAL: u8 = 0x10;

const FAILED: u8 = 0x20;

/// The reasons by their stored number; new ones are added at the end.
const REASONS: [Reason; 7] = [
    Reason::RateLimited,
    Reason::Upstream,
    Reason::UpstreamChanged,
    Reason::TotalsDiffer,
    Reason::Reauthorise,
    Reason::Setup,
    Reason::OddRows,
];

/// The highest bit of the marks. The lower bits are the columns that the platform does not offer.
const UNATTRIBUTED: u8 = 0x80;

fn marks_byte(marks: Marks) -> u8 {
    marks.not_offered.bits() | if marks.unattributed { UNATTRIBUTED } else { 0 }
}

fn marks_of(byte: u8) -> Option<Marks> {
    let not_offered = MetricSet::from_bits(byte & !UNATTRIBUTED)?;
    Some(Marks { not_offered, unattributed: byte & UNATTRIBUTED != 0 })
}

fn status_byte(status: DayStatus) -> u8 {
    match status {
        DayStatus::Complete => COMPLETE,
        DayStatus::Provisional => PROVISIONAL,
        DayStatus::NotPermitted => NOT_PERMITTED,
        DayStatus::NotOffered => NOT_OFFERED,
        DayStatus::Partial(reason) => PARTIAL | reason_byte(reason),
        DayStatus::Failed(reason) => FAILED | reason_byte(reason),
    }
}

fn reason_byte(reason: Reason) -> u8 {
    let number = REASONS.iter().position(|other| *other == reason);
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or_default()
}

fn status_of(byte: u8) -> Option<DayStatus> {
    let reason = || REASONS.get(usize::from(byte & 0x0f)).copied();
    match byte {
        COMPLETE => Some(DayStatus::Complete),
        PROVISIONAL => Some(DayStatus::Provisional),
        NOT_PERMITTED => Some(DayStatus::NotPermitted),
        NOT_OFFERED => Some(DayStatus::NotOffered),
        _ if byte & 0xf0 == PARTIAL => reason().map(DayStatus::Partial),
        _ if byte & 0xf0 == FAILED => reason().map(DayStatus::Failed),
        _ => None,
    }
}

/// Reads the days of a week.
pub(crate) fn read_week(item: &Item) -> Result<Days> {
    let fields = Fields::of("week", item);
    let first = fields.word(SK, parse_week)?;
    let mut days = Days::new();
    for day in first.series(jiff::Span::new().days(1)).take(7) {
        for level in Level::ALL {
            if let Some(packed) = fields.maybe_bytes(&day_attribute(level, day))? {
                let name = day_attribute(level, day);
                days.insert((level, day), unpack_day(packed).ok_or_else(|| fields.broken(&name))?);
            }
        }
    }
    Ok(days)
}

/// Writes an entry of the sync log.
pub(crate) fn activity(entry: &Activity) -> (EventId, Draft) {
    let counted = |(name, count): &(&'static str, u64)| {
        Draft::default().text("name", *name).with("count", number(count))
    };
    let draft = Draft::default()
        .text("connection", entry.connection.as_str())
        .maybe("account", entry.account.as_ref().map(|id| text(id.as_str())))
        .text("what", entry.what.as_str())
        .with("numbers", maps(entry.numbers.iter().map(counted)))
        .maybe("error", entry.error.map(text))
        .with("at", time(entry.at));
    let said = format!(
        "{} {:?} {} {:?} {:?}",
        entry.connection,
        entry.account,
        entry.what.as_str(),
        entry.numbers,
        entry.error
    );
    (event_id(entry.at, &said), draft)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status() -> impl Strategy<Value = DayStatus> {
        let reason = prop::sample::select(vec![
            Reason::RateLimited,
            Reason::Upstream,
            Reason::UpstreamChanged,
            Reason::TotalsDiffer,
            Reason::Reauthorise,
            Reason::Setup,
            Reason::OddRows,
        ]);
        prop_oneof![
            prop::sample::select(vec![
                DayStatus::Complete,
                DayStatus::Provisional,
                DayStatus::NotPermitted,
                DayStatus::NotOffered,
            ]),
            reason.clone().prop_map(DayStatus::Partial),
            reason.prop_map(DayStatus::Failed),
        ]
    }

    proptest! {
        #[test]
        fn a_packed_day_unpacks(
            status in status(),
            unattributed: bool,
            columns in 0_u8..32,
            version in prop::option::of(0_i64..4_000_000_000_000),
            hash in any::<[u8; 16]>(),
            rows in any::<u32>(),
        ) {
            let version = version.map(|millis| Timestamp::from_millisecond(millis).unwrap());
            let marks = Marks { not_offered: MetricSet::from_bits(columns).unwrap(), unattributed };
            let record = DayRecord { status, marks, version, hash, rows: rows.into() };
            prop_assert_eq!(unpack_day(pack_day(&record).as_b().unwrap().as_ref()), Some(record));
        }
    }

    #[test]
    fn a_day_with_anything_more_or_less_is_broken() {
        let good = [&[COMPLETE, 0][..], &NO_VERSION, &[0; 4], &[0; 16]].concat();
        assert!(unpack_day(&good).is_some());
        let odd = |status| [&[status], &good[1..]].concat();
        let mark = |marks| [&[COMPLETE, marks], &good[2..]].concat();
        let longer = [&good[..], &[0]].concat();
        for bad in [good[..27].to_vec(), longer, odd(4), odd(0x17), odd(0x40), mark(0x20), vec![]] {
            assert_eq!(unpack_day(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_longest_week_fits_into_one_write_unit() {
        let value = 2 + VERSION_BYTES + ROWS_BYTES + HASH;
        let names = Level::ALL.len() * 7 * ("d0".len() + value);
        let keys = "pksk".len() + "ten_#con_".len() + 2 * 26 + "acc_#days#2026-11-16acc#".len() + 26;
        let ending = "expires_at".len() + 8;
        assert!(names + keys + ending <= 1024, "{names} + {keys} + {ending}");
    }
}
