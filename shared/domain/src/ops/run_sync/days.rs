//! Days of one level: rows grouped, held against the account's own totals, and stored where they changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::levels::{Totals, changed};
use super::work::{Draft, Step, Stop, Track, Work};
use crate::completeness::{DayStatus, Reason};
use crate::error::{Error, Kind, Result};
use crate::ports::{DayRecord, Days, NewSheet};
use crate::report::{LONGEST_ID, Level, METRICS, Metric, Row, Values};
use crate::sheet::{day_name, entity_order, pack_rows, plain_rows};
use crate::sync::Window;

/// How many sheets are put together, after one look at the fence.
const AT_ONCE: usize = 25;
/// The metrics whose sums must match the account's own figures.
const RECONCILED: [Metric; 4] = [Metric::Spend, Metric::Impressions, Metric::Clicks, Metric::Conversions];

/// The rows of one level in a window, by day; a day without rows is there too.
pub(super) struct Asked {
    level: Level,
    at: Timestamp,
    days: BTreeMap<Date, Vec<Row>>,
    /// How many rows there are.
    pub(super) rows: usize,
}

impl Asked {
    /// Begins a question.
    pub(super) fn new(level: Level, window: Window, at: Timestamp) -> Self {
        // Milliseconds are what a sheet's slot and its row keep.
        let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        Self { level, at, days: window.iter().map(|day| (day, Vec::new())).collect(), rows: 0 }
    }

    /// Takes a page. Rows go to their days at once: one list of all of them would be copied each time that it grows.
    pub(super) fn take(&mut self, page: Vec<Row>) -> Result<()> {
        self.rows += page.len();
        for row in page {
            if row.entity.len() > LONGEST_ID {
                return Err(changed("an id is too long"));
            }
            let day = self.days.get_mut(&row.day).ok_or_else(|| changed("a day that was not asked for"))?;
            day.push(row);
        }
        Ok(())
    }

    /// Puts each day in the order of its sheet, when the last page is there. An entity that comes twice is not believed.
    pub(super) fn sort(&mut self) -> Result<()> {
        for rows in self.days.values_mut() {
            rows.sort_by(entity_order);
            if rows.windows(2).any(|pair| matches!(pair, [one, two] if one.entity == two.entity)) {
                return Err(changed("the same entity twice on one day"));
            }
        }
        Ok(())
    }
}

/// What was stored, and what stopped it.
pub(super) struct Stored {
    /// The last day that needs nothing more.
    pub(super) last: Option<Date>,
    pub(super) ended: Step<()>,
}

/// Stores the days of a level, oldest first. What was stored before a stop is kept and known.
pub(super) async fn store(
    work: &Work<'_>,
    asked: Asked,
    known: &Days,
    totals: &mut Totals,
    track: &mut Track,
) -> Stored {
    let mut last = None;
    let (level, at) = (asked.level, asked.at);
    let mut days = asked.days.into_iter();
    let ended = async {
        loop {
            let mut group = Vec::new();
            for (date, rows) in days.by_ref().take(AT_ONCE) {
                let count = u64::try_from(rows.len()).unwrap_or(0);
                (track.rows, track.unsaved) = (track.rows + count, track.unsaved + count);
                let day = Day { level, date, asked: at, known: known.get(&(level, date)).copied() };
                let sums = (count, sum(&rows).map_err(Stop::Platform)?);
                let status = status(work, &day, sums, totals);
                group.push(prepare(work, &day, status, &rows)?);
            }
            let Some(newest) = group.last().map(|change| change.date) else { return Ok(()) };
            put(work, level, group, track).await?;
            last = Some(newest);
        }
    }
    .await;
    Stored { last, ended }
}

/// One day of a level, and what is known of it so far.
struct Day {
    level: Level,
    date: Date,
    asked: Timestamp,
    known: Option<DayRecord>,
}

/// What becomes of a day: its new record if that changed, and its sheet if rows have to be written.
struct Change {
    date: Date,
    record: Option<DayRecord>,
    sheet: Option<NewSheet>,
}

/// Works out what has to be written of a day.
fn prepare(work: &Work<'_>, day: &Day, status: DayStatus, rows: &[Row]) -> Result<Change> {
    let plain = plain_rows(rows);
    let hash = work.opened.key.fingerprint("sheet", &plain);
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let change = |record, sheet| Ok(Change { date: day.date, record, sheet });
    let known = day.known.filter(|known| known.status.has_rows());
    if let Some(known) = known.filter(|known| known.hash == hash) {
        return change((known.status != status).then_some(DayRecord { status, ..known }), None);
    }
    let had_sheet = day.known.is_some_and(|known| known.version.is_some());
    if rows.is_empty() && !had_sheet {
        return change(Some(DayRecord { status, version: None, hash, rows: 0 }), None);
    }
    let sheet = Draft {
        name: &day_name(day.level, day.date),
        version: day.asked,
        rows: count,
        parts: &pack_rows(rows, plain)?,
        expires_at: expiry(work, day.date),
        is_first: !had_sheet,
    };
    let record = DayRecord { status, version: Some(day.asked), hash, rows: count };
    change(Some(record), Some(work.seal(sheet)?))
}

/// Puts the sheets of some days; those that became the newest are known from then on.
async fn put(work: &Work<'_>, level: Level, group: Vec<Change>, track: &mut Track) -> Step<()> {
    let mut sheets = Vec::new();
    let mut dated = Vec::new();
    for Change { date, record, sheet } in group {
        match (sheet, record) {
            (Some(sheet), Some(record)) => {
                sheets.push(sheet);
                dated.push((date, record));
            }
            (_, Some(record)) => track.know(level, date, record),
            (_, None) => {}
        }
    }
    let mut ended = Ok(());
    for (result, (date, record)) in work.put(&sheets).await?.into_iter().zip(dated) {
        match result {
            Ok(true) => track.know(level, date, record),
            Ok(false) => {}
            Err(error) => ended = Err(Stop::Ours(error)),
        }
    }
    ended
}

/// A day's rows are kept for the retention counted from the day itself, wherever on earth it ended last.
fn expiry(work: &Work<'_>, day: Date) -> Option<Timestamp> {
    let start = day.to_zoned(TimeZone::UTC).map_or_else(|_| work.now(), |zoned| zoned.timestamp());
    work.kept_until(start + jiff::SignedDuration::from_hours(48))
}

/// What is known of a day once its rows are here. The account's own level says what the others have to add up to.
fn status(work: &Work<'_>, day: &Day, (rows, sum): (u64, Values), totals: &mut Totals) -> DayStatus {
    if day.level == Level::Account {
        // A whole that is not there is zero: parts that are something do not add up to it.
        let whole = if rows == 0 { Values([Some(0); METRICS]) } else { sum };
        totals.insert(day.date, whole);
    } else if !adds_up(&sum, totals.get(&day.date)) {
        return DayStatus::Partial(Reason::TotalsDiffer);
    }
    let restated = jiff::Span::new().days(i64::from(work.opened.connector.manifest().restatement_days));
    let settled = work.today.checked_sub(restated).is_ok_and(|last| day.date <= last);
    if settled { DayStatus::Complete } else { DayStatus::Provisional }
}

/// Tells whether the sums of the parts are the whole; what the whole does not report is not compared.
fn adds_up(sum: &Values, total: Option<&Values>) -> bool {
    let total = total.copied().unwrap_or_default();
    RECONCILED
        .into_iter()
        .all(|metric| total.get(metric).is_none_or(|whole| sum.get(metric).unwrap_or(0) == whole))
}

fn sum(rows: &[Row]) -> Result<Values> {
    rows.iter().try_fold(Values::default(), |sum, row| sum.plus(&row.values)).ok_or_else(|| {
        Error::new(Kind::UpstreamChanged, "out_of_range", "The figures of a day are out of range.")
    })
}
