//! What the levels have to add up to: the account's own figures, and what of them belongs to campaigns.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::ports::Days;
use crate::report::{Level, METRICS, Metric, MetricSet, Values};

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

/// Sums by day, as far as they were read in this invocation.
#[derive(Debug, Default)]
pub(super) struct Totals {
    account: BTreeMap<Date, Values>,
    campaigns: BTreeMap<Date, Values>,
}

impl Totals {
    /// Keeps the sums of a level that others are held against.
    pub(super) fn take(&mut self, level: Level, sums: BTreeMap<Date, Values>) {
        match level {
            Level::Account => self.account.extend(sums.into_iter().map(|(day, sum)| (day, whole(sum)))),
            Level::Campaign => self.campaigns.extend(sums),
            Level::AdGroup | Level::Ad => {}
        }
    }

    /// Tells how the rows of a day fit. Metrics that the level does not have are not compared.
    pub(super) fn fit(
        &self,
        level: Level,
        day: Date,
        sum: &Values,
        not_offered: MetricSet,
        known: &Days,
    ) -> Fit {
        let Some(account) = self.account.get(&day).filter(|_| level != Level::Account) else {
            return Fit::Whole;
        };
        match (compare(sum, account, not_offered), level) {
            (Sum::Same, _) => Fit::Whole,
            (Sum::More, _) => Fit::Differs,
            (Sum::Less, Level::Campaign) => Fit::Unattributed,
            (Sum::Less, _) => {
                let campaigns = self.campaigns.get(&day).map(|all| compare(sum, all, not_offered));
                // An earlier invocation read the campaigns: what it found is known of the day.
                let earlier =
                    known.get(&(Level::Campaign, day)).is_some_and(|record| record.marks.unattributed);
                let same = campaigns.map_or(earlier, |campaigns| campaigns == Sum::Same);
                if same { Fit::Unattributed } else { Fit::Differs }
            }
        }
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
