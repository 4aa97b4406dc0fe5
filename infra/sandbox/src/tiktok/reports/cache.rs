//! The cache of a large report, which every page would otherwise compute again.
//!
//! It is small and bounded. An entry is right only for the moment at which it was made, which is part of its key.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::query::{Filter, Query};
use super::rows::Rows;
use crate::clock::{Day, Moment};
use crate::tiktok::world::figures::Figures;
use crate::tiktok::world::{Advertiser, Level};

const MAX_ROW_LISTS: usize = 12;
const MAX_DAYS: usize = 2_000;

/// The figures of one day at the two upper levels.
pub(super) struct DayTotals {
    pub(super) account: Figures,
    pub(super) campaigns: Vec<Figures>,
}

impl DayTotals {
    pub(super) fn of(advertiser: &Advertiser, day: Day, moment: Moment) -> Self {
        let weather = advertiser.weather(day, moment);
        let one = |index| weather.map(|weather| advertiser.figures(Level::Campaign, index, weather));
        let campaigns: Vec<_> =
            (0..advertiser.campaigns.len()).map(|index| one(index).unwrap_or_default()).collect();
        Self { account: campaigns.iter().copied().sum(), campaigns }
    }
}

/// Everything that decides which rows a report has, and their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowsKey {
    advertiser: usize,
    moment: Moment,
    level: Level,
    by_day: bool,
    days: (Day, Day),
    filters: Vec<Filter>,
    order: Option<(&'static str, bool)>,
}

impl RowsKey {
    pub(super) fn of(query: &Query<'_>) -> Self {
        Self {
            advertiser: query.advertiser.index,
            moment: query.moment,
            level: query.level,
            by_day: query.by_day,
            days: (query.first, query.last),
            filters: query.filters.clone(),
            order: query.order.map(|(metric, descending)| (metric.name, descending)),
        }
    }
}

/// Recent row lists and day totals.
#[derive(Default)]
pub(crate) struct Cache {
    rows: VecDeque<(RowsKey, Arc<Rows>)>,
    days: HashMap<(usize, Day), (Moment, Arc<DayTotals>)>,
}

impl Cache {
    pub(super) fn rows(&self, key: &RowsKey) -> Option<Arc<Rows>> {
        self.rows.iter().find(|(kept, _)| kept == key).map(|(_, rows)| Arc::clone(rows))
    }

    pub(super) fn keep_rows(&mut self, key: RowsKey, rows: &Arc<Rows>) {
        self.rows.truncate(MAX_ROW_LISTS - 1);
        self.rows.push_front((key, Arc::clone(rows)));
    }

    pub(super) fn day(&self, advertiser: usize, day: Day, moment: Moment) -> Option<Arc<DayTotals>> {
        let (at, totals) = self.days.get(&(advertiser, day))?;
        (*at == relevant(day, moment)).then(|| Arc::clone(totals))
    }

    pub(super) fn keep_day(&mut self, advertiser: usize, day: Day, moment: Moment, totals: &Arc<DayTotals>) {
        if self.days.len() >= MAX_DAYS {
            self.days.clear();
        }
        self.days.insert((advertiser, day), (relevant(day, moment), Arc::clone(totals)));
    }
}

/// Drops the hour where it changes nothing: a past day changes once a day.
fn relevant(day: Day, moment: Moment) -> Moment {
    if day < moment.today { Moment { hour: 0, ..moment } } else { moment }
}
