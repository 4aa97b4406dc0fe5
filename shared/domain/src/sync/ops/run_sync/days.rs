//! Stores the days of one level: works out what changed, puts the chunks, and returns the records.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::context::{Step, Stop, SyncContext};
use super::progress::Stored;
use super::put::{Draft, put};
use super::question::{Answer, AnswerDay};
use super::totals::{Fit, Fits};
use crate::base::error::Result;
use crate::base::window::Window;
use crate::platform::figures::{Level, MetricSet, Row};
use crate::sync::chunk::{day_name, pack_rows, plain_rows};
use crate::sync::completeness::{DayRecord, DayStatus, Days, Marks, Reason};

/// How many chunks are put together, after one fence check.
const AT_ONCE: usize = 25;

/// The records that the job knows of.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The records that the store had when the job began.
    pub(super) before: &'a Days,
    /// The records of days that the job stored since, and did not write yet.
    pub(super) unsaved: &'a Days,
}

impl Known<'_> {
    fn get(self, level: Level, date: Date) -> Option<DayRecord> {
        self.unsaved.get(&(level, date)).or_else(|| self.before.get(&(level, date))).copied()
    }
}

/// The level that is stored, and when the platform was asked for it.
#[derive(Clone, Copy)]
struct Asked {
    level: Level,
    at: Timestamp,
    not_offered: MetricSet,
}

/// Stores the days of an answer, oldest first. The days that were stored before a stop are in the result.
pub(super) async fn store(cx: &SyncContext<'_>, answer: Answer, fits: &Fits, known: Known<'_>) -> Stored {
    let asked = Asked { level: answer.level, at: answer.at, not_offered: answer.not_offered };
    let mut stored = Stored { records: Days::new(), rows: 0, odd: answer.dayless, last: None, ended: Ok(()) };
    let mut days = answer.days.into_iter();
    loop {
        let group: Vec<_> = days.by_ref().take(AT_ONCE).collect();
        let Some(newest) = group.last().map(|(date, _)| *date) else { return stored };
        for (_, day) in &group {
            stored.rows += u64::try_from(day.rows.len()).unwrap_or(0);
            stored.odd = stored.odd.saturating_add(day.odd);
        }
        let (records, ended) = store_group(cx, asked, group, fits, known).await;
        stored.records.extend(records);
        if ended.is_err() {
            return Stored { ended, ..stored };
        }
        stored.last = Some(newest);
    }
}

/// Stores some days together. Returns their records, and whether all were stored.
async fn store_group(
    cx: &SyncContext<'_>,
    asked: Asked,
    group: Vec<(Date, AnswerDay)>,
    fits: &Fits,
    known: Known<'_>,
) -> (Days, Step<()>) {
    let change = |(date, day): (Date, AnswerDay)| {
        let fit = fits.get(&date).copied().unwrap_or(Fit::Whole);
        let (status, unattributed) = status(cx, date, day.is_odd, fit);
        let marks = Marks { not_offered: asked.not_offered, unattributed };
        let change = prepare(cx, asked, date, known.get(asked.level, date), (status, marks), &day.rows)?;
        Ok(change.map(|change| (date, change)))
    };
    match group.into_iter().filter_map(|day| change(day).transpose()).collect::<Result<Vec<_>>>() {
        Ok(changes) => put_changes(cx, asked.level, changes).await,
        Err(error) => (Days::new(), Err(error.into())),
    }
}

/// A day that changed: its new record, and its chunk if rows have to be written.
type Change = (DayRecord, Option<Draft>);

/// Works out what changed of a day; `None` when nothing did.
fn prepare(
    cx: &SyncContext<'_>,
    asked: Asked,
    date: Date,
    known: Option<DayRecord>,
    (status, marks): (DayStatus, Marks),
    rows: &[Row],
) -> Result<Option<Change>> {
    let plain = plain_rows(rows);
    let hash = cx.opened.key.fingerprint("sheet", &plain);
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    if let Some(same) = known.filter(|known| known.status.has_rows() && known.hash == hash) {
        let is_news = (same.status, same.marks) != (status, marks);
        return Ok(is_news.then_some((DayRecord { status, marks, ..same }, None)));
    }
    let had_chunk = known.is_some_and(|known| known.version.is_some());
    if rows.is_empty() && !had_chunk {
        return Ok(Some((DayRecord { status, marks, version: None, hash, rows: 0 }, None)));
    }
    let draft = Draft {
        name: day_name(asked.level, date),
        version: asked.at,
        rows: count,
        parts: pack_rows(rows, plain)?,
        expires_at: expiry(cx, date),
        is_first: !had_chunk,
    };
    Ok(Some((DayRecord { status, marks, version: Some(asked.at), hash, rows: count }, Some(draft))))
}

/// Puts the chunks of the days that have one. Returns the records of the days without a chunk, and of those whose chunk
/// became the newest.
async fn put_changes(cx: &SyncContext<'_>, level: Level, changes: Vec<(Date, Change)>) -> (Days, Step<()>) {
    let (mut records, mut drafts, mut dated) = (Days::new(), Vec::new(), Vec::new());
    for (date, (record, draft)) in changes {
        if let Some(draft) = draft {
            drafts.push(draft);
            dated.push(((level, date), record));
        } else {
            records.insert((level, date), record);
        }
    }
    let results = match put(cx, drafts).await {
        Ok(results) => results,
        Err(stop) => return (records, Err(stop)),
    };
    let mut ended = Ok(());
    for (result, (at, record)) in results.into_iter().zip(dated) {
        match result {
            Ok(true) => {
                records.insert(at, record);
            }
            Ok(false) => {}
            Err(error) => ended = Err(Stop::Ours(error)),
        }
    }
    (records, ended)
}

/// Marks the days of a level that the platform does not offer; days with rows keep them.
pub(super) fn not_offered((level, window): (Level, Window), known: &Days) -> Stored {
    let status = DayStatus::NotOffered;
    let record = |date| {
        let before = known.get(&(level, date));
        let is_news = before.is_none_or(|record| !record.status.has_rows() && record.status != status);
        let version = before.and_then(|record| record.version);
        is_news.then(|| {
            ((level, date), DayRecord { status, marks: Marks::default(), version, hash: [0; 16], rows: 0 })
        })
    };
    let records = window.iter().filter_map(record).collect();
    Stored { records, rows: 0, odd: 0, last: Some(window.to), ended: Ok(()) }
}

/// Returns until when a day's rows are kept: the retention counts from the end of the day, wherever it ended last.
fn expiry(cx: &SyncContext<'_>, day: Date) -> Option<Timestamp> {
    let start = day.to_zoned_datetime(TimeZone::UTC);
    let start = start.map_or_else(|_| cx.ports.clock.now(), |zoned| zoned.timestamp());
    cx.retention.map(|kept| start + SignedDuration::from_hours(48) + kept)
}

/// Returns the status of a day whose rows are here, and whether the account has more than belongs to its parts. The open
/// day moves between two questions, so that nothing follows from sums that differ.
fn status(cx: &SyncContext<'_>, date: Date, is_odd: bool, fit: Fit) -> (DayStatus, bool) {
    let restated = jiff::Span::new().days(i64::from(cx.opened.connector.manifest().restatement_days));
    let settled = cx.today.checked_sub(restated).is_ok_and(|last| date <= last);
    let whole = if settled { DayStatus::Complete } else { DayStatus::Provisional };
    match fit {
        _ if is_odd => (DayStatus::Partial(Reason::OddRows), false),
        _ if date >= cx.today => (whole, false),
        Fit::Differs => (DayStatus::Partial(Reason::TotalsDiffer), false),
        Fit::Unattributed => (whole, true),
        Fit::Whole => (whole, false),
    }
}
