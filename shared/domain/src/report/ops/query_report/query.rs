//! The question: its parts, limits and words.

use jiff::Timestamp;

use super::page::Position;
use crate::base::error::{Error, Result};
use crate::base::ids::{AccountId, ConnectionId};
use crate::base::window::Window;
use crate::platform::figures::{Level, Metric, Ratio, Values};

/// The most days of one question for the account and its campaigns.
const MOST_DAYS: u32 = 400;

/// The most days of one question for ad groups and ads.
const MOST_DAYS_FINE: u32 = 92;

/// The most rows of one page.
const MOST_ROWS: u32 = 1_000;

/// The number of days whose chunks are in memory at the same time.
const DAYS_AT_ONCE: u32 = 100;

const DAYS_AT_ONCE_FINE: u32 = 7;

/// A column of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// A stored metric: its sum.
    Metric(Metric),
    /// A ratio of two sums.
    Ratio(Ratio),
}

impl Column {
    /// Returns all columns, stored metrics first.
    pub fn all() -> Vec<Self> {
        Metric::ALL.into_iter().map(Self::Metric).chain(Ratio::ALL.into_iter().map(Self::Ratio)).collect()
    }

    /// Returns the column's word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.as_str(),
            Self::Ratio(ratio) => ratio.as_str(),
        }
    }

    /// Reads a list of columns, such as `spend,ctr`; each at most once.
    pub fn parse_list(text: &str) -> Result<Vec<Self>> {
        let mut columns = Vec::new();
        for word in text.split(',') {
            let column = Self::parse(word)?;
            if columns.contains(&column) {
                return Err(Error::invalid(
                    "repeated_metric",
                    format!("The metric `{}` comes twice.", column.as_str()),
                ));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    fn parse(word: &str) -> Result<Self> {
        let found = Self::all().into_iter().find(|column| column.as_str() == word);
        found.ok_or_else(|| {
            let words: Vec<_> = Self::all().into_iter().map(Self::as_str).collect();
            Error::invalid("unknown_metric", format!("A metric is one of: {}.", words.join(", ")))
        })
    }

    /// Returns the column's value in sums: micro units for money and plain numbers, whole numbers for counts.
    pub fn of(self, sums: &Values) -> Option<i64> {
        match self {
            Self::Metric(metric) => sums.get(metric),
            Self::Ratio(ratio) => ratio.of(sums),
        }
    }
}

/// The grouping of rows; without day and entity there is one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupBy {
    /// A row for each day.
    pub day: bool,
    /// A row for each campaign, ad group or ad.
    pub entity: bool,
}

impl GroupBy {
    /// The words of [`Self::as_str`].
    pub const WORDS: [&'static str; 4] = ["day", "entity", "day,entity", "none"];

    /// Reads `day`, `entity`, `day,entity` or `none`.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "day" => Ok(Self { day: true, entity: false }),
            "entity" => Ok(Self { day: false, entity: true }),
            "day,entity" | "entity,day" => Ok(Self { day: true, entity: true }),
            "none" => Ok(Self { day: false, entity: false }),
            _ => {
                Err(Error::invalid("unknown_group_by", "Rows are grouped by: day; entity; day,entity; none."))
            }
        }
    }

    /// Returns the grouping's word in the API.
    pub const fn as_str(self) -> &'static str {
        match (self.day, self.entity) {
            (true, false) => "day",
            (false, true) => "entity",
            (true, true) => "day,entity",
            (false, false) => "none",
        }
    }
}

/// The key that rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    /// The day, then the entity.
    Day,
    /// The entity, then the day.
    Entity,
    /// A column, then the day and the entity. Rows without a value come last either way.
    Column(Column),
}

/// An order of rows, in which no two rows are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The key of the order.
    pub key: SortKey,
    /// True when the largest comes first.
    pub descending: bool,
}

impl Sort {
    /// Reads `day`, `entity` or a metric, with a `-` before it for descending order.
    pub fn parse(text: &str) -> Result<Self> {
        let (word, descending) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
        let key = match word {
            "day" => SortKey::Day,
            "entity" => SortKey::Entity,
            _ => SortKey::Column(Column::parse(word).map_err(|_| {
                Error::invalid(
                    "unknown_sort",
                    "Rows are sorted by day, entity or a metric, with or without a `-`.",
                )
            })?),
        };
        Ok(Self { key, descending })
    }
}

/// A report question.
#[derive(Debug, Clone)]
pub struct Query {
    /// The connection.
    pub connection: ConnectionId,
    /// The account.
    pub account: AccountId,
    /// The level.
    pub level: Level,
    /// The days, in the account's zone.
    pub window: Window,
    /// The columns.
    pub columns: Vec<Column>,
    /// The grouping of rows.
    pub group_by: GroupBy,
    /// The order of rows.
    pub sort: Sort,
    /// How many rows a page has.
    pub limit: u32,
    /// The instant whose state is asked for: the rows as they were known then.
    pub as_of: Option<Timestamp>,
    /// Where the page starts.
    pub after: Option<Position>,
}

impl Query {
    /// Refuses a question that is too large or whose parts do not fit together.
    pub(super) fn check(&self) -> Result<()> {
        let most = if self.is_fine() { MOST_DAYS_FINE } else { MOST_DAYS };
        if self.window.days() > most {
            let message =
                format!("At the level `{}` a question spans at most {most} days.", self.level.as_str());
            return Err(Error::invalid("too_many_days", message));
        }
        if !(1..=MOST_ROWS).contains(&self.limit) {
            return Err(Error::invalid("bad_limit", format!("A page has 1 to {MOST_ROWS} rows.")));
        }
        let missing = match self.sort.key {
            SortKey::Day => !self.group_by.day,
            SortKey::Entity => !self.group_by.entity,
            SortKey::Column(_) => false,
        };
        if missing {
            return Err(Error::invalid(
                "unknown_sort",
                "Rows can be sorted by day or entity only if grouped by it.",
            ));
        }
        Ok(())
    }

    /// Returns the first row of the page, if the cursor belongs to this question.
    pub(super) fn offset(&self) -> Result<usize> {
        let Some(after) = &self.after else { return Ok(0) };
        if after.question != self.fingerprint() {
            return Err(Error::invalid(
                "foreign_cursor",
                "The cursor belongs to another question; start without one.",
            ));
        }
        usize::try_from(after.offset)
            .map_err(|_| Error::invalid("bad_cursor", "The cursor is not one of ours."))
    }

    /// Returns the instant to read: later pages see the rows as they were for the first page.
    pub(super) fn read_as_of(&self) -> Option<Timestamp> {
        self.after.as_ref().map(|after| after.as_of).or(self.as_of)
    }

    pub(super) fn days_at_once(&self) -> u32 {
        if self.is_fine() { DAYS_AT_ONCE_FINE } else { DAYS_AT_ONCE }
    }

    fn is_fine(&self) -> bool {
        matches!(self.level, Level::AdGroup | Level::Ad)
    }

    /// Computes a number that recognises the question: it covers everything that decides which rows there are and in
    /// which order.
    pub(super) fn fingerprint(&self) -> u64 {
        let Self { connection, account, level, window, group_by, sort, as_of, .. } = self;
        let text = format!("{connection} {account} {level:?} {window:?} {group_by:?} {sort:?} {as_of:?}");
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}
