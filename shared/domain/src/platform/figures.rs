//! Report rows: levels, metrics and how each metric adds up. Days belong to the account's zone; money is exact.

use compact_str::CompactString;
use jiff::civil::Date;

/// The four levels of an ad account's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The whole account.
    Account,
    /// Campaigns.
    Campaign,
    /// Ad groups.
    AdGroup,
    /// Ads.
    Ad,
}

impl Level {
    /// All levels, from the whole account to the ads.
    pub const ALL: [Self; 4] = [Self::Account, Self::Campaign, Self::AdGroup, Self::Ad];

    /// Returns the level's word in keys and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Campaign => "campaign",
            Self::AdGroup => "ad_group",
            Self::Ad => "ad",
        }
    }

    /// Finds a level by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// A stored metric. Every metric is a sum over rows and days; a value that is not a sum is a [`Ratio`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// The spend, in micro units of the account's currency.
    Spend,
    /// How often ads were shown.
    Impressions,
    /// How often ads were clicked.
    Clicks,
    /// Conversions, in micro units because some platforms count fractions.
    Conversions,
    /// The value of the conversions, in micro units of the account's currency.
    ConversionValue,
}

/// How many stored metrics there are.
pub const METRICS: usize = 5;

/// The unit of a metric's integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Micro units of the account's currency.
    Money,
    /// Whole numbers.
    Count,
    /// Micro units of a plain number.
    Decimal,
}

impl Metric {
    /// All stored metrics, in the order of the chunk's columns. New ones are added at the end.
    pub const ALL: [Self; METRICS] =
        [Self::Spend, Self::Impressions, Self::Clicks, Self::Conversions, Self::ConversionValue];

    /// Returns the metric's word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spend => "spend",
            Self::Impressions => "impressions",
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::ConversionValue => "conversion_value",
        }
    }

    /// Returns the unit of the metric's integer.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Spend | Self::ConversionValue => Unit::Money,
            Self::Impressions | Self::Clicks => Unit::Count,
            Self::Conversions => Unit::Decimal,
        }
    }

    /// Returns the metric's column.
    pub const fn column(self) -> usize {
        match self {
            Self::Spend => 0,
            Self::Impressions => 1,
            Self::Clicks => 2,
            Self::Conversions => 3,
            Self::ConversionValue => 4,
        }
    }

    /// Finds a metric by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == text)
    }
}

/// A set of stored metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MetricSet(u8);

impl MetricSet {
    /// Returns the set of all stored metrics.
    pub fn all() -> Self {
        Metric::ALL.into_iter().collect()
    }

    /// Returns the set as bits, by column.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Reads the bits that [`Self::bits`] returned; `None` when they have an unknown column.
    pub fn from_bits(bits: u8) -> Option<Self> {
        Some(Self(bits)).filter(|set| set.0 & !Self::all().0 == 0)
    }

    /// Returns whether a metric is in the set.
    pub const fn contains(self, metric: Metric) -> bool {
        self.0 & (1 << metric.column()) != 0
    }

    /// Returns whether the set has no metric.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the metrics that are in either set.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the set's metrics, in the order of their columns.
    pub fn iter(self) -> impl Iterator<Item = Metric> {
        Metric::ALL.into_iter().filter(move |metric| self.contains(*metric))
    }
}

impl FromIterator<Metric> for MetricSet {
    fn from_iter<I: IntoIterator<Item = Metric>>(metrics: I) -> Self {
        Self(metrics.into_iter().fold(0, |bits, metric| bits | 1 << metric.column()))
    }
}

/// A ratio of two sums. It is computed from the sums of the answer's rows and never stored or added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ratio {
    /// Clicks per impression.
    Ctr,
    /// Spend per click.
    Cpc,
    /// Spend per thousand impressions.
    Cpm,
    /// Conversion value per spend.
    Roas,
    /// Spend per conversion.
    Cpa,
}

impl Ratio {
    /// All ratios.
    pub const ALL: [Self; 5] = [Self::Ctr, Self::Cpc, Self::Cpm, Self::Roas, Self::Cpa];

    /// Returns the ratio's word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ctr => "ctr",
            Self::Cpc => "cpc",
            Self::Cpm => "cpm",
            Self::Roas => "roas",
            Self::Cpa => "cpa",
        }
    }

    /// Finds a ratio by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ratio| ratio.as_str() == text)
    }

    /// Returns whether the result is money; otherwise the result is a plain number in micro units.
    pub const fn is_money(self) -> bool {
        matches!(self, Self::Cpc | Self::Cpm | Self::Cpa)
    }

    /// Computes the ratio in micro units from sums; `None` when the divisor is zero or a part was never reported.
    pub fn of(self, sums: &Values) -> Option<i64> {
        use crate::base::money::{MICROS, ratio};
        let get = |metric: Metric| sums.get(metric);
        match self {
            Self::Ctr => ratio(get(Metric::Clicks)?, get(Metric::Impressions)?, MICROS),
            Self::Cpc => ratio(get(Metric::Spend)?, get(Metric::Clicks)?, 1),
            Self::Cpm => ratio(get(Metric::Spend)?, get(Metric::Impressions)?, 1_000),
            Self::Roas => ratio(get(Metric::ConversionValue)?, get(Metric::Spend)?, MICROS),
            Self::Cpa => ratio(get(Metric::Spend)?, get(Metric::Conversions)?, MICROS),
        }
    }
}

/// The values of one row, by column; `None` stands for a value that the platform did not report, which is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Values(pub [Option<i64>; METRICS]);

impl Values {
    /// Returns the value of a metric.
    pub fn get(&self, metric: Metric) -> Option<i64> {
        self.0.get(metric.column()).copied().flatten()
    }

    /// Sets the value of a metric.
    pub fn set(&mut self, metric: Metric, value: Option<i64>) {
        if let Some(slot) = self.0.get_mut(metric.column()) {
            *slot = value;
        }
    }

    /// Adds another row; a value that neither row reports stays unreported. `None` when a sum leaves 64 bits.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let mut sum = Self::default();
        for metric in Metric::ALL {
            let value = match (self.get(metric), other.get(metric)) {
                (None, None) => None,
                (left, right) => Some(left.unwrap_or(0).checked_add(right.unwrap_or(0))?),
            };
            sum.set(metric, value);
        }
        Some(sum)
    }
}

/// One row: an entity on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The platform's id of the entity, as text: short ids lie in the row itself, because rows come by the million.
    pub entity: CompactString,
    /// The day in the account's zone.
    pub day: Date,
    /// The row's values.
    pub values: Values,
}

/// One campaign, ad group or ad as the platform describes it now.
#[derive(Clone, PartialEq, Eq)]
pub struct Entity {
    /// The platform's id, as text.
    pub id: String,
    /// The id of the entity above, empty for campaigns.
    pub parent: String,
    /// The name that people see.
    pub name: String,
    /// The platform's own status word.
    pub status: String,
}

impl std::fmt::Debug for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entity({})", self.status)
    }
}

/// The longest id that is accepted. A longer one fails the job.
pub const LONGEST_ID: usize = 128;

/// The number of characters that are kept of names and statuses; no supported platform lets people write more.
pub const LONGEST_TEXT: usize = 512;

/// Shortens a name or status to its kept length.
pub fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
    }
    text
}
