//! A window: the days that one sync job covers.

use jiff::civil::Date;

/// A span of days in the account's zone, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Window {
    /// Makes a window; `None` when it would end before it begins.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// Returns how many days the window has.
    pub fn days(&self) -> u32 {
        let span = self.from.until(self.to).map_or(0, |span| span.get_days());
        u32::try_from(span).unwrap_or(0) + 1
    }

    /// Returns the window's days, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        std::iter::successors(Some(self.from), |day| day.tomorrow().ok()).take_while(move |day| *day <= to)
    }

    /// Splits the window into windows of at most `days`, newest first, because people want the newest days first.
    pub fn cut(&self, days: u32) -> Vec<Self> {
        let all: Vec<Date> = self.iter().collect();
        let size = usize::try_from(days.max(1)).unwrap_or(1);
        all.rchunks(size).filter_map(|part| Some(Self { from: *part.first()?, to: *part.last()? })).collect()
    }
}
