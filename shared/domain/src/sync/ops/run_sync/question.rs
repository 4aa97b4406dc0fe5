//! Asks the platform for one level's rows in a window, and sorts the answer by day.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::Timestamp;
use jiff::civil::Date;

use super::context::{Step, Stop, SyncContext};
use super::gate;
use super::pages::{Given, changed, next_page};
use crate::base::error::Result;
use crate::base::window::Window;
use crate::platform::capabilities::{ReportQuestion, Reports};
use crate::platform::figures::{LONGEST_ID, Level, MetricSet, Row, Values};
use crate::sync::chunk::entity_order;

/// The rows of one level in a window, by day; a day without rows is there too.
pub(super) struct Answer {
    pub(super) level: Level,
    /// When the platform was asked.
    pub(super) at: Timestamp,
    pub(super) days: BTreeMap<Date, AnswerDay>,
    /// How many unusable rows belong to no known day.
    pub(super) dayless: u64,
    pub(super) not_offered: MetricSet,
    /// At the account's own level: the one entity that rows may have.
    only: Option<CompactString>,
    /// The length and the ends of the page before, to recognise a repeated page.
    last: Option<(usize, Row, Row)>,
}

/// The rows of a day with their sum.
#[derive(Default)]
pub(super) struct AnswerDay {
    pub(super) rows: Vec<Row>,
    pub(super) sum: Values,
    /// Whether some of its rows are missing.
    pub(super) is_odd: bool,
    /// How many of its rows could not be read or contradicted each other.
    pub(super) odd: u64,
}

/// Reads a window of a level. Odd days are asked for again, once, before an unusable row marks its day.
pub(super) async fn read(
    cx: &SyncContext<'_>,
    reports: &dyn Reports,
    (level, window): (Level, Window),
) -> Step<Answer> {
    let mut answer = ask(cx, reports, (level, window)).await?;
    if let Some(odd) = answer.odd_days()
        && let Some(later) = again(cx, reports, (level, odd)).await?
    {
        answer.replace(later);
    }
    Ok(answer)
}

/// Asks once more. Returns `None` when the platform cannot answer now: the earlier answer counts then.
pub(super) async fn again(
    cx: &SyncContext<'_>,
    reports: &dyn Reports,
    asked: (Level, Window),
) -> Step<Option<Answer>> {
    match ask(cx, reports, asked).await {
        Err(Stop::Platform(_)) => Ok(None),
        answer => answer.map(Some),
    }
}

/// Asks for all rows of one level in a window, page by page.
async fn ask(cx: &SyncContext<'_>, reports: &dyn Reports, (level, window): (Level, Window)) -> Step<Answer> {
    let account = cx.opened.external.as_str();
    let question = ReportQuestion { account, level, window };
    let mut answer = Answer::new(account, level, window, cx.ports.clock.now());
    let (mut cursor, mut pages) = (None, 0);
    loop {
        let call = gate::call(cx)?;
        let page = reports.page(&call, &question, cursor.as_ref()).await;
        let page = page.map_err(|error| gate::stop(cx, &call, error))?;
        answer.take(page.rows, &page.odd, page.not_offered).map_err(Stop::Platform)?;
        pages += 1;
        let given = Given { pages, usable: answer.usable(), odd: answer.odd() };
        cursor = next_page(cursor.as_ref(), page.next, given)?;
        if cursor.is_none() {
            answer.sort();
            return Ok(answer);
        }
    }
}

impl Answer {
    fn new(account: &str, level: Level, window: Window, at: Timestamp) -> Self {
        // A chunk's slot and its row keep milliseconds.
        let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        let days = window.iter().map(|day| (day, AnswerDay::default())).collect();
        let only = (level == Level::Account).then(|| account.into());
        Self { level, at, days, dayless: 0, not_offered: MetricSet::default(), only, last: None }
    }

    /// Takes a page. Each row goes to its day at once: one list of all rows would be copied each time that it grows.
    fn take(&mut self, page: Vec<Row>, odd: &[Option<Date>], not_offered: MetricSet) -> Result<()> {
        self.refuse_repeated(&page)?;
        self.not_offered = self.not_offered.with(not_offered);
        for day in odd {
            self.spoil(*day);
        }
        for row in page {
            let is_expected = self.only.as_ref().is_none_or(|account| row.entity == *account);
            match self.days.get_mut(&row.day) {
                Some(day) if row.entity.len() <= LONGEST_ID && is_expected => {
                    day.rows.push(row);
                }
                Some(_) => self.spoil(Some(row.day)),
                // A row of a day outside the window may stand for a day inside it.
                None => self.spoil(None),
            }
        }
        Ok(())
    }

    /// Refuses a page that comes a second time: the job would follow it for ever.
    fn refuse_repeated(&mut self, page: &[Row]) -> Result<()> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(()) };
        let ends = (page.len(), first.clone(), last.clone());
        if self.last.as_ref() == Some(&ends) {
            return Err(changed("the next page is the same page"));
        }
        self.last = Some(ends);
        Ok(())
    }

    /// Marks the day of an unusable row as odd; a row of an unknown day marks all days.
    fn spoil(&mut self, day: Option<Date>) {
        if let Some(day) = day.and_then(|day| self.days.get_mut(&day)) {
            (day.is_odd, day.odd) = (true, day.odd + 1);
        } else {
            self.dayless += 1;
            self.days.values_mut().for_each(|day| day.is_odd = true);
        }
    }

    /// Sorts each day in the order of its chunk and adds it up, after the last page. Equal rows count once, because
    /// pages of a list overlap when it changes meanwhile. Rows that contradict each other do not count at all, nor does
    /// any row of a day whose sum leaves 64 bits.
    fn sort(&mut self) {
        for day in self.days.values_mut() {
            day.rows.sort_by(entity_order);
            day.rows.dedup();
            let twice: Vec<_> = day.rows.windows(2).filter_map(contradiction).collect();
            let mut refused = twice.len();
            day.rows.retain(|row| !twice.contains(&row.entity));
            day.sum = sum(&day.rows).unwrap_or_else(|| {
                refused += day.rows.len();
                day.rows.clear();
                Values::default()
            });
            day.is_odd |= refused > 0;
            day.odd += u64::try_from(refused).unwrap_or(u64::MAX);
        }
    }

    /// Returns the window from the first odd day to the last.
    fn odd_days(&self) -> Option<Window> {
        let mut odd = self.days.iter().filter(|(_, day)| day.is_odd).map(|(date, _)| *date);
        let from = odd.next()?;
        Window::new(from, odd.next_back().unwrap_or(from))
    }

    /// Takes the days of a later answer in place of its own; the other days stay as they are.
    pub(super) fn replace(&mut self, later: Self) {
        let is_whole = self.days.keys().all(|day| later.days.contains_key(day));
        self.dayless = if is_whole { later.dayless } else { self.dayless.saturating_add(later.dayless) };
        self.days.extend(later.days);
        self.not_offered = self.not_offered.with(later.not_offered);
    }

    /// Counts the rows that can be used.
    fn usable(&self) -> usize {
        self.days.values().map(|day| day.rows.len()).sum()
    }

    /// Counts the rows that cannot be used.
    pub(super) fn odd(&self) -> u64 {
        self.days.values().fold(self.dayless, |odd, day| odd.saturating_add(day.odd))
    }
}

fn contradiction(pair: &[Row]) -> Option<CompactString> {
    match pair {
        [one, two] if one.entity == two.entity => Some(one.entity.clone()),
        _ => None,
    }
}

/// Adds rows up; `None` when a sum leaves 64 bits.
fn sum(rows: &[Row]) -> Option<Values> {
    rows.iter().try_fold(Values::default(), |sum, row| sum.plus(&row.values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::completeness::{DayStatus, Reason};
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
        let answered = |from, odd: &[Option<Date>]| {
            let window = Window { from, to: TODAY };
            let mut answer = Answer::new("77", Level::Ad, window, NOW.parse().unwrap());
            answer.take(vec![extra("1", TODAY, 1), extra("1", TODAY, 2)], odd, MetricSet::default()).unwrap();
            answer.sort();
            answer
        };
        let mut first = answered(yesterday(), &[Some(yesterday()), Some(yesterday()), Some(TODAY)]);
        assert_eq!(first.odd(), 4, "two that contradict each other are one");
        first.replace(answered(TODAY, &[]));
        assert_eq!(first.odd(), 3);
        first.replace(answered(TODAY, &[None]));
        assert_eq!(first.odd(), 4);
        first.replace(answered(yesterday(), &[]));
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
