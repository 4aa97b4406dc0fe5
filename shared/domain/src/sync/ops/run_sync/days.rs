//! Days of one level: rows grouped, held against the account's own totals, and stored where they changed.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::levels::changed;
use super::totals::{Fit, Totals};
use super::work::{Draft, Step, Stop, Track, Work};
use crate::base::error::Result;
use crate::base::window::Window;
use crate::platform::figures::{LONGEST_ID, Level, MetricSet, Row, Values};
use crate::sync::chunk::{NewChunk, day_name, entity_order, pack_rows, plain_rows};
use crate::sync::completeness::{DayRecord, DayStatus, Days, Marks, Reason};

/// How many chunks are put together, after one look at the fence.
const AT_ONCE: usize = 25;

/// The rows of one level in a window, by day; a day without rows is there too.
pub(super) struct Asked {
    level: Level,
    at: Timestamp,
    days: BTreeMap<Date, AskedDay>,
    /// How many rows there are.
    rows: usize,
    /// How many odd rows there are of which nobody knows the day.
    dayless: u64,
    not_offered: MetricSet,
    /// The one entity that rows can be of, at the account's own level.
    only: Option<CompactString>,
    /// The ends of the page before, to know it again.
    last: Option<(usize, Row, Row)>,
}

/// The rows of a day with their sum, and whether some of them are missing.
#[derive(Default)]
struct AskedDay {
    rows: Vec<Row>,
    sum: Values,
    is_odd: bool,
    /// How many of its rows could not be read or contradicted each other.
    odd: u64,
}

impl Asked {
    /// Begins a question of an account.
    pub(super) fn new(account: &str, level: Level, window: Window, at: Timestamp) -> Self {
        // Milliseconds are what a chunk's slot and its row keep.
        let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        let days = window.iter().map(|day| (day, AskedDay::default())).collect();
        let only = (level == Level::Account).then(|| account.into());
        Self { level, at, days, rows: 0, dayless: 0, not_offered: MetricSet::default(), only, last: None }
    }

    /// Takes a page. Rows go to their days at once: one list of all of them would be copied each time that it grows.
    pub(super) fn take(
        &mut self,
        page: Vec<Row>,
        odd: &[Option<Date>],
        not_offered: MetricSet,
    ) -> Result<()> {
        self.know_again(&page)?;
        self.rows += page.len();
        self.not_offered = self.not_offered.with(not_offered);
        for day in odd {
            self.spoil(*day);
        }
        for row in page {
            let is_ours = self.only.as_ref().is_none_or(|account| row.entity == *account);
            match self.days.get_mut(&row.day) {
                Some(day) if row.entity.len() <= LONGEST_ID && is_ours => day.rows.push(row),
                Some(_) => self.spoil(Some(row.day)),
                // Days that were not asked for may stand for days that were.
                None => self.spoil(None),
            }
        }
        Ok(())
    }

    /// A page that is there a second time would be followed for ever.
    fn know_again(&mut self, page: &[Row]) -> Result<()> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(()) };
        let ends = (page.len(), first.clone(), last.clone());
        if self.last.as_ref() == Some(&ends) {
            return Err(changed("the next page is the same page"));
        }
        self.last = Some(ends);
        Ok(())
    }

    /// A row that cannot be used costs its day a reason; all days where nobody knows which day it was.
    fn spoil(&mut self, day: Option<Date>) {
        if let Some(day) = day.and_then(|day| self.days.get_mut(&day)) {
            (day.is_odd, day.odd) = (true, day.odd + 1);
        } else {
            self.dayless += 1;
            self.days.values_mut().for_each(|day| day.is_odd = true);
        }
    }

    /// Puts each day in the order of its chunk and adds it up, when the last page is there. Equal rows are one, because
    /// pages of a list that changes while it is read overlap; of rows that contradict each other none is believed, and
    /// none of a day whose sum is no number of ours.
    pub(super) fn sort(&mut self) {
        for day in self.days.values_mut() {
            day.rows.sort_by(entity_order);
            day.rows.dedup();
            let twice: Vec<_> = day.rows.windows(2).filter_map(contradiction).collect();
            let mut unbelieved = twice.len();
            day.rows.retain(|row| !twice.contains(&row.entity));
            day.sum = sum(&day.rows).unwrap_or_else(|| {
                unbelieved += day.rows.len();
                day.rows.clear();
                Values::default()
            });
            day.is_odd |= unbelieved > 0;
            day.odd += u64::try_from(unbelieved).unwrap_or(u64::MAX);
        }
    }

    /// The days from the first to the last that lack a row.
    pub(super) fn odd_days(&self) -> Option<Window> {
        let mut odd = self.days.iter().filter(|(_, day)| day.is_odd).map(|(date, _)| *date);
        let from = odd.next()?;
        Window::new(from, odd.next_back().unwrap_or(from))
    }

    /// Takes the days of a later answer in place of its own; what is odd about the other days stays.
    pub(super) fn replace(&mut self, later: Self) {
        let is_whole = self.days.keys().all(|day| later.days.contains_key(day));
        self.dayless = if is_whole { later.dayless } else { self.dayless.saturating_add(later.dayless) };
        self.days.extend(later.days);
        self.not_offered = self.not_offered.with(later.not_offered);
    }

    /// The sums of each day whose rows are all here.
    pub(super) fn sums(&self) -> BTreeMap<Date, Values> {
        self.days.iter().filter(|(_, day)| !day.is_odd).map(|(date, day)| (*date, day.sum)).collect()
    }

    /// How many rows came, readable or not.
    pub(super) fn items(&self) -> usize {
        self.rows.saturating_add(usize::try_from(self.odd()).unwrap_or(usize::MAX))
    }

    /// How many rows cannot be used.
    pub(super) fn odd(&self) -> u64 {
        self.days.values().fold(self.dayless, |odd, day| odd.saturating_add(day.odd))
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn not_offered(&self) -> MetricSet {
        self.not_offered
    }
}

fn contradiction(pair: &[Row]) -> Option<CompactString> {
    match pair {
        [one, two] if one.entity == two.entity => Some(one.entity.clone()),
        _ => None,
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
    totals: &Totals,
    track: &mut Track,
) -> Stored {
    let mut last = None;
    track.odd += asked.odd();
    let (level, at, not_offered) = (asked.level, asked.at, asked.not_offered);
    let mut days = asked.days.into_iter();
    let ended = async {
        loop {
            let mut group = Vec::new();
            for (date, AskedDay { rows, sum, is_odd, .. }) in days.by_ref().take(AT_ONCE) {
                let count = u64::try_from(rows.len()).unwrap_or(0);
                (track.rows, track.unsaved) = (track.rows + count, track.unsaved + count);
                let before = track.records.get(&(level, date)).or_else(|| known.get(&(level, date)));
                let day = Day { level, date, asked: at, known: before.copied() };
                let fit = totals.fit(level, date, &sum, not_offered, known);
                let (status, unattributed) = status(work, date, is_odd, fit);
                let marks = Marks { not_offered, unattributed };
                group.push(prepare(work, &day, (status, marks), &rows)?);
            }
            let Some(newest) = group.last().map(|change| change.date) else { return Ok(()) };
            put(work, level, group, track).await?;
            last = Some(newest);
        }
    }
    .await;
    Stored { last, ended }
}

/// Gives the days of a level that the platform has no figures of their word; days with rows keep them.
pub(super) fn not_offered(known: &Days, (level, window): (Level, Window), track: &mut Track) {
    for date in window.iter() {
        let before = known.get(&(level, date));
        if before.is_none_or(|record| !record.status.has_rows() && record.status != DayStatus::NotOffered) {
            let version = before.and_then(|record| record.version);
            let status = DayStatus::NotOffered;
            track.know(
                level,
                date,
                DayRecord { status, marks: Marks::default(), version, hash: [0; 16], rows: 0 },
            );
        }
    }
}

/// One day of a level, and what is known of it so far.
struct Day {
    level: Level,
    date: Date,
    asked: Timestamp,
    known: Option<DayRecord>,
}

/// What becomes of a day: its new record if that changed, and its chunk if rows have to be written.
struct Change {
    date: Date,
    record: Option<DayRecord>,
    chunk: Option<NewChunk>,
}

/// Works out what has to be written of a day.
fn prepare(work: &Work<'_>, day: &Day, (status, marks): (DayStatus, Marks), rows: &[Row]) -> Result<Change> {
    let plain = plain_rows(rows);
    let hash = work.opened.key.fingerprint("sheet", &plain);
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let change = |record, chunk| Ok(Change { date: day.date, record, chunk });
    let known = day.known.filter(|known| known.status.has_rows());
    if let Some(known) = known.filter(|known| known.hash == hash) {
        let is_news = (known.status, known.marks) != (status, marks);
        return change(is_news.then_some(DayRecord { status, marks, ..known }), None);
    }
    let had_chunk = day.known.is_some_and(|known| known.version.is_some());
    if rows.is_empty() && !had_chunk {
        return change(Some(DayRecord { status, marks, version: None, hash, rows: 0 }), None);
    }
    let chunk = Draft {
        name: &day_name(day.level, day.date),
        version: day.asked,
        rows: count,
        parts: &pack_rows(rows, plain)?,
        expires_at: expiry(work, day.date),
        is_first: !had_chunk,
    };
    let record = DayRecord { status, marks, version: Some(day.asked), hash, rows: count };
    change(Some(record), Some(work.seal(chunk)?))
}

/// Puts the chunks of some days; those that became the newest are known from then on.
async fn put(work: &Work<'_>, level: Level, group: Vec<Change>, track: &mut Track) -> Step<()> {
    let mut chunks = Vec::new();
    let mut dated = Vec::new();
    for Change { date, record, chunk } in group {
        match (chunk, record) {
            (Some(chunk), Some(record)) => {
                chunks.push(chunk);
                dated.push((date, record));
            }
            (_, Some(record)) => track.know(level, date, record),
            (_, None) => {}
        }
    }
    let mut ended = Ok(());
    for (result, (date, record)) in work.put(&chunks).await?.into_iter().zip(dated) {
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
    let start = day.to_zoned_datetime(TimeZone::UTC).map_or_else(|_| work.now(), |zoned| zoned.timestamp());
    work.kept_until(start + jiff::SignedDuration::from_hours(48))
}

/// What is known of a day once its rows are here, and whether the account has more than belongs to its parts. The open
/// day moves between two questions, so that nothing follows from sums that differ.
fn status(work: &Work<'_>, date: Date, is_odd: bool, fit: Fit) -> (DayStatus, bool) {
    let restated = jiff::Span::new().days(i64::from(work.opened.connector.manifest().restatement_days));
    let settled = work.today.checked_sub(restated).is_ok_and(|last| date <= last);
    let whole = if settled { DayStatus::Complete } else { DayStatus::Provisional };
    match fit {
        _ if is_odd => (DayStatus::Partial(Reason::OddRows), false),
        _ if date >= work.today => (whole, false),
        Fit::Differs => (DayStatus::Partial(Reason::TotalsDiffer), false),
        Fit::Unattributed => (whole, true),
        Fit::Whole => (whole, false),
    }
}

/// Adds rows up; `None` when a sum leaves 64 bits.
fn sum(rows: &[Row]) -> Option<Values> {
    rows.iter().try_fold(Values::default(), |sum, row| sum.plus(&row.values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::job::JobKind;
    use crate::sync::ops::run_sync::Outcome;
    use crate::testing::{NOW, TODAY, World, extra, values, yesterday};

    #[test]
    fn equal_rows_are_one_and_of_rows_that_contradict_each_other_none_is_believed() {
        let world = World::connected();
        *world.platform.extra.lock().unwrap() =
            vec![Row { entity: "1".into(), day: TODAY, values: values(500, 1) }];
        world.run(&world.job(JobKind::First)).unwrap();
        assert_eq!(world.status(Level::Ad, TODAY), DayStatus::Provisional);
        assert_eq!(world.sync.days.lock().unwrap()[&(Level::Ad, TODAY)].rows, 2);

        let world = World::connected();
        *world.platform.extra.lock().unwrap() = vec![extra("1", TODAY, 7)];
        assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
        assert_eq!(world.status(Level::Ad, TODAY), DayStatus::Partial(Reason::OddRows));
        assert_eq!(world.sync.days.lock().unwrap()[&(Level::Ad, TODAY)].rows, 1);
        assert_eq!(world.status(Level::Ad, yesterday()), DayStatus::Provisional);
    }

    #[test]
    fn a_day_whose_sum_is_no_number_costs_itself_a_reason_and_not_the_window() {
        let world = World::connected();
        let most = i64::MAX / 2 + 1;
        *world.platform.extra.lock().unwrap() =
            vec![extra("8", yesterday(), most), extra("9", yesterday(), most)];
        assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
        let days = world.sync.days.lock().unwrap();
        let odd = days[&(Level::Ad, yesterday())];
        assert_eq!((odd.status, odd.rows), (DayStatus::Partial(Reason::OddRows), 0));
        assert_eq!(days[&(Level::Ad, TODAY)].status, DayStatus::Provisional);
        assert_eq!(days[&(Level::AdGroup, yesterday())].status, DayStatus::Provisional);
    }

    #[test]
    fn days_that_are_asked_for_again_leave_the_count_of_the_others() {
        let asked = |from, odd: &[Option<Date>]| {
            let window = Window { from, to: TODAY };
            let mut asked = Asked::new("77", Level::Ad, window, NOW.parse().unwrap());
            asked.take(vec![extra("1", TODAY, 1), extra("1", TODAY, 2)], odd, MetricSet::default()).unwrap();
            asked.sort();
            asked
        };
        let mut first = asked(yesterday(), &[Some(yesterday()), Some(yesterday()), Some(TODAY)]);
        assert_eq!(first.odd(), 4, "two that contradict each other are one");
        first.replace(asked(TODAY, &[]));
        assert_eq!(first.odd(), 3);
        first.replace(asked(TODAY, &[None]));
        assert_eq!(first.odd(), 4);
        first.replace(asked(yesterday(), &[]));
        assert_eq!(first.odd(), 1, "nothing is left of an answer that was replaced as a whole");
    }

    #[test]
    fn a_row_whose_day_nobody_knows_costs_every_day_a_reason_and_keeps_the_rows() {
        let world = World::connected();
        *world.platform.extra.lock().unwrap() = vec![extra("9", TODAY.tomorrow().unwrap(), 0)];
        assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
        let days = world.sync.days.lock().unwrap();
        let ads: Vec<_> =
            days.iter().filter(|((level, _), _)| *level == Level::Ad).map(|(_, day)| day).collect();
        assert!(ads.iter().all(|day| day.status == DayStatus::Partial(Reason::OddRows) && day.rows == 2));
        assert_eq!(days[&(Level::AdGroup, TODAY)].status, DayStatus::Provisional);
    }
}
