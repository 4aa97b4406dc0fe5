//! The rows of a report, and the figures of each.
//!
//! A row exists only where an ad was delivered; days to come have no rows.

use std::sync::{Arc, OnceLock};

use super::cache::{DayTotals, RowsKey};
use super::query::{Filter, On, Query};
use crate::clock::Day;
use crate::tiktok::call::Call;
use crate::tiktok::locked;
use crate::tiktok::world::Level;
use crate::tiktok::world::figures::Figures;

/// The place of a row: an object, and a day unless the report sums days up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    object: u32,
    pub(super) day: Option<Day>,
}

impl Cell {
    pub(super) fn index(self) -> usize {
        usize::try_from(self.object).unwrap_or(usize::MAX)
    }
}

/// All rows of a report in order, and their total once a call asked for it.
#[derive(Default)]
pub(crate) struct Rows {
    pub(super) cells: Vec<Cell>,
    pub(super) total: OnceLock<Figures>,
}

/// A report while it is computed.
pub(super) struct Board<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) query: &'a Query<'a>,
}

impl Board<'_> {
    /// Lists the rows, and keeps the list for the pages to come.
    pub(super) fn rows(&self) -> Arc<Rows> {
        let key = RowsKey::of(self.query);
        let cache = &self.call.platform.cache;
        if let Some(rows) = locked(cache).rows(&key) {
            return rows;
        }
        let rows = Arc::new(Rows { cells: self.list(), total: OnceLock::new() });
        locked(cache).keep_rows(key, &rows);
        rows
    }

    /// Computes one row.
    pub(super) fn cell(&self, cell: Cell) -> Figures {
        let (first, last) = cell.day.map_or_else(|| self.days(), |day| (day, day));
        let sum: Figures = (first..=last).map(|day| self.on(cell.index(), day)).sum();
        sum.overlapped(self.query.level, first != last)
    }

    /// Adds up all rows.
    pub(super) fn total(&self, cells: &[Cell]) -> Figures {
        cells.iter().map(|cell| self.cell(*cell)).sum()
    }

    fn list(&self) -> Vec<Cell> {
        let objects: Vec<_> = (0..self.query.advertiser.count(self.query.level))
            .filter(|index| self.query.filters.iter().all(|filter| self.passes(filter, *index)))
            .collect();
        let (first, last) = self.days();
        let mut cells = Vec::new();
        if self.query.by_day {
            for day in first..=last {
                let shown = objects.iter().filter(|index| self.shows(**index, day));
                cells.extend(shown.map(|index| cell(*index, Some(day))));
            }
        } else {
            let shown = objects.iter().filter(|index| (first..=last).any(|day| self.shows(**index, day)));
            cells.extend(shown.map(|index| cell(*index, None)));
        }
        self.sort(&mut cells);
        cells
    }

    fn sort(&self, cells: &mut [Cell]) {
        match self.query.order {
            Some((metric, true)) => {
                cells.sort_by_cached_key(|cell| std::cmp::Reverse(metric.rank(&self.cell(*cell))));
            }
            Some((metric, false)) => cells.sort_by_cached_key(|cell| metric.rank(&self.cell(*cell))),
            None => {}
        }
    }

    fn passes(&self, filter: &Filter, index: usize) -> bool {
        let (advertiser, level) = (self.query.advertiser, self.query.level);
        let index = advertiser.ancestor(level, index, filter.level);
        match filter.on {
            On::Id => filter.values.contains(&advertiser.id_of(filter.level, index)),
            On::Status if filter.level == Level::Advertiser => true,
            On::Status => {
                let status = advertiser.status(filter.level, index, self.query.moment.today);
                filter.values.iter().any(|wanted| status.is(wanted))
            }
        }
    }

    /// Returns the requested days that have come.
    fn days(&self) -> (Day, Day) {
        (self.query.first, self.query.last.min(self.query.moment.today))
    }

    fn shows(&self, index: usize, day: Day) -> bool {
        let past = day < self.query.moment.today;
        match self.query.level {
            Level::Campaign | Level::Advertiser => self.on(index, day).impressions > 0,
            level if past => {
                let ads = self.query.advertiser.ads_of(level, index);
                self.query.advertiser.ads.get(ads).is_some_and(|ads| ads.iter().any(|ad| ad.delivers(day)))
            }
            _ => self.on(index, day).impressions > 0,
        }
    }

    /// Computes an object's figures on a day; the upper levels come from the day's totals.
    fn on(&self, index: usize, day: Day) -> Figures {
        let advertiser = self.query.advertiser;
        match self.query.level {
            Level::Advertiser => self.day(day).account,
            Level::Campaign => self.day(day).campaigns.get(index).copied().unwrap_or_default(),
            level => {
                let weather = advertiser.weather(day, self.query.moment);
                weather.map(|weather| advertiser.figures(level, index, weather)).unwrap_or_default()
            }
        }
    }

    fn day(&self, day: Day) -> Arc<DayTotals> {
        let (advertiser, moment) = (self.query.advertiser, self.query.moment);
        let cache = &self.call.platform.cache;
        if let Some(totals) = locked(cache).day(advertiser.index, day, moment) {
            return totals;
        }
        let totals = Arc::new(DayTotals::of(advertiser, day, moment));
        locked(cache).keep_day(advertiser.index, day, moment, &totals);
        totals
    }
}

fn cell(index: usize, day: Option<Day>) -> Cell {
    Cell { object: u32::try_from(index).unwrap_or(u32::MAX), day }
}
