//! Holds the levels against the account's own figures, and against the part of them that belongs to campaigns.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::question::Answer;
use crate::base::window::Window;
use crate::platform::figures::{Level, METRICS, Metric, MetricSet, Values};
use crate::sync::completeness::{DayRecord, DayStatus, Days, Reason};

/// The metrics whose sums must match the account's own figures.
const RECONCILED: [Metric; 4] = [Metric::Spend, Metric::Impressions, Metric::Clicks, Metric::Conversions];

/// How the rows of a day fit the account's own total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// They add up to it, or there is nothing to hold them against.
    Whole,
    /// They add up to what belongs to campaigns; the account has more, which belongs to none.
    Unattributed,
    /// They are more than the whole, or less than what the level above has.
    Differs,
}

/// How the days of an answer fit.
pub(super) type Fits = BTreeMap<Date, Fit>;

/// Sums by day, as far as this invocation read them.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    account: BTreeMap<Date, Values>,
    campaigns: BTreeMap<Date, Values>,
}

/// An answer held against the totals.
pub(super) struct Judged {
    pub(super) fits: Fits,
    /// The closed days that newly differ from the account's own figures.
    pub(super) doubtful: Option<Window>,
    /// The totals with the answer's own sums, if later levels are held against it.
    pub(super) totals: Totals,
}

impl Totals {
    /// Holds an answer against the totals.
    pub(super) fn judge(&self, answer: &Answer, known: &Days, today: Date) -> Judged {
        let fit = |(date, sum)| (date, self.fit(answer, date, sum, known));
        let fits: Fits = answer.days.iter().map(|(date, day)| fit((*date, &day.sum))).collect();
        let is_usable = |date: &Date| answer.days.get(date).is_some_and(|day| !day.is_odd);
        let mut doubtful = fits.iter().filter(|(date, fit)| {
            **date < today && is_usable(date) && is_news(known, (answer.level, **date), **fit)
        });
        let from = doubtful.next().map(|(date, _)| *date);
        let to = doubtful.next_back().map(|(date, _)| *date);
        let doubtful = from.and_then(|from| Window::new(from, to.unwrap_or(from)));
        Judged { fits, doubtful, totals: self.with(answer) }
    }

    /// Adds the sums of a level that others are held against; a day with missing rows gives none.
    fn with(&self, answer: &Answer) -> Self {
        let mut totals = self.clone();
        let days = answer.days.iter().filter(|(_, day)| !day.is_odd);
        match answer.level {
            Level::Account => totals.account.extend(days.map(|(date, day)| (*date, whole(day.sum)))),
            Level::Campaign => totals.campaigns.extend(days.map(|(date, day)| (*date, day.sum))),
            Level::AdGroup | Level::Ad => {}
        }
        totals
    }

    /// Returns how the rows of a day fit. Metrics that the level does not have are not compared.
    fn fit(&self, answer: &Answer, day: Date, sum: &Values, known: &Days) -> Fit {
        let (level, not_offered) = (answer.level, answer.not_offered);
        let Some(account) = self.account.get(&day).filter(|_| level != Level::Account) else {
            return Fit::Whole;
        };
        match (compare(sum, account, not_offered), level) {
            (Sum::Same, _) => Fit::Whole,
            (Sum::More, _) => Fit::Differs,
            (Sum::Less, Level::Campaign) => Fit::Unattributed,
            (Sum::Less, _) => {
                let campaigns = self.campaigns.get(&day).map(|all| compare(sum, all, not_offered));
                // An earlier invocation may have read the campaigns: the day's record has its result.
                let earlier =
                    known.get(&(Level::Campaign, day)).is_some_and(|record| record.marks.unattributed);
                let same = campaigns.map_or(earlier, |campaigns| campaigns == Sum::Same);
                if same { Fit::Unattributed } else { Fit::Differs }
            }
        }
    }
}

/// Returns whether a day's record does not say yet that the day differs so.
fn is_news(known: &Days, at: (Level, Date), fit: Fit) -> bool {
    let is_known = |says: fn(&DayRecord) -> bool| known.get(&at).is_some_and(says);
    match fit {
        Fit::Whole => false,
        Fit::Unattributed => !is_known(|record| record.marks.unattributed),
        Fit::Differs => !is_known(|record| record.status == DayStatus::Partial(Reason::TotalsDiffer)),
    }
}

/// An account without a row on a day has nothing: parts that are something do not add up to it.
fn whole(sum: Values) -> Values {
    if sum == Values::default() { Values([Some(0); METRICS]) } else { sum }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sum {
    Same,
    Less,
    More,
}

/// Holds parts against a whole; what the whole does not report is not compared.
fn compare(parts: &Values, whole: &Values, not_offered: MetricSet) -> Sum {
    let mut found = Sum::Same;
    for metric in RECONCILED.into_iter().filter(|metric| !not_offered.contains(*metric)) {
        let Some(whole) = whole.get(metric) else { continue };
        match parts.get(metric).unwrap_or(0).cmp(&whole) {
            std::cmp::Ordering::Greater => return Sum::More,
            std::cmp::Ordering::Less => found = Sum::Less,
            std::cmp::Ordering::Equal => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::sync::job::JobKind;
    use crate::testing::{TODAY, World, extra, yesterday};

    #[test]
    fn parts_that_are_more_than_the_whole_make_a_closed_day_partial_on_their_level() {
        let world = World::connected();
        *world.platform.extra.lock().unwrap() = vec![extra("9", yesterday(), 5)];
        world.run(&world.job(JobKind::First)).unwrap();
        assert_eq!(world.status(Level::Ad, yesterday()), DayStatus::Partial(Reason::TotalsDiffer));
        assert_eq!(world.status(Level::Campaign, yesterday()), DayStatus::Provisional);
        assert_eq!(world.status(Level::Ad, TODAY), DayStatus::Provisional);
        assert_eq!((world.questions(Level::Account), world.questions(Level::Ad)), (4, 4), "asked once more");
    }

    #[test]
    fn parts_of_a_whole_that_is_not_there_make_a_closed_day_partial() {
        let world = World::connected();
        *world.platform.without_account.lock().unwrap() = Some(yesterday());
        world.run(&world.job(JobKind::First)).unwrap();
        for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
            assert_eq!(
                world.status(level, yesterday()),
                DayStatus::Partial(Reason::TotalsDiffer),
                "{level:?}"
            );
        }
        assert_eq!(world.status(Level::Ad, TODAY), DayStatus::Provisional);
    }

    #[test]
    fn the_open_day_moves_between_two_questions_and_is_never_partial_for_it() {
        for step in [10_000, -10_000] {
            let world = World::connected();
            world.platform.unattributed.lock().unwrap().insert(TODAY, 0);
            *world.platform.moving.lock().unwrap() = step;
            world.run(&world.job(JobKind::First)).unwrap();
            let days = world.sync.days.lock().unwrap();
            assert!(days.values().all(|record| record.status == DayStatus::Provisional), "{days:?}");
        }
    }

    #[test]
    fn a_closed_day_that_moves_while_it_is_read_is_asked_again_before_it_is_partial() {
        let world = World::connected();
        *world.platform.extra.lock().unwrap() = vec![extra("9", yesterday(), 5)];
        world.run(&world.job(JobKind::First)).unwrap();
        assert_eq!(world.status(Level::Ad, yesterday()), DayStatus::Partial(Reason::TotalsDiffer));
        world.platform.extra.lock().unwrap().clear();
        world.advance(60);
        world.run(&world.job(JobKind::Restate)).unwrap();
        assert_eq!(world.status(Level::Ad, yesterday()), DayStatus::Provisional, "mended by the next job");
    }

    #[test]
    fn what_belongs_to_no_campaign_is_unattributed_and_not_incomplete() {
        let world = World::connected();
        let settled = date(2026, 10, 20);
        *world.platform.unattributed.lock().unwrap() = BTreeMap::from([(settled, 100), (yesterday(), 100)]);
        world.run(&world.job(JobKind::First)).unwrap();
        let later: Vec<_> = world.sync.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
        for job in later {
            world.run(&job).unwrap();
        }
        let days = world.sync.days.lock().unwrap();
        for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
            let record = days[&(level, settled)];
            assert_eq!((record.status, record.marks.unattributed), (DayStatus::Complete, true), "{level:?}");
            let record = days[&(level, yesterday())];
            assert_eq!(
                (record.status, record.marks.unattributed),
                (DayStatus::Provisional, true),
                "{level:?}"
            );
            assert!(!days[&(level, settled.tomorrow().unwrap())].marks.unattributed);
        }
        assert!(!days[&(Level::Account, settled)].marks.unattributed);
    }

    #[test]
    fn less_than_the_campaigns_have_is_incomplete_whatever_is_unattributed() {
        let world = World::connected();
        world.platform.unattributed.lock().unwrap().insert(yesterday(), 100);
        *world.platform.extra.lock().unwrap() = vec![extra("9", yesterday(), -5)];
        world.run(&world.job(JobKind::First)).unwrap();
        assert_eq!(world.status(Level::Ad, yesterday()), DayStatus::Partial(Reason::TotalsDiffer));
        assert_eq!(world.status(Level::AdGroup, yesterday()), DayStatus::Provisional);
    }
}
