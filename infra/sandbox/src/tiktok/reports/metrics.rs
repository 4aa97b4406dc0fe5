//! The metrics that a report can name, the computation of each, and the platform's way to write it.
//!
//! Values are always text. A value that does not exist (a cost without clicks) is "-". Scales follow
//! recorded answers: amounts as the currency, costs per click and rates with two digits.

use crate::tiktok::envelope::ApiError;
use crate::tiktok::world::figures::Figures;
use crate::tiktok::world::{Advertiser, Level, World};

/// A metric by its name in the API.
pub(super) struct Metric {
    pub(super) name: &'static str,
    kind: Kind,
    levels: Levels,
}

type Count = fn(&Figures) -> u64;

enum Kind {
    Number(Count),
    Amount(Count),
    /// An amount that only exists when something else was counted.
    AmountIf(Count, Count),
    Ratio {
        of: Count,
        per: Count,
        times: u64,
        digits: u32,
        money: bool,
    },
    Text(fn(&Subject<'_>) -> String),
}

enum Levels {
    All,
    From(Level),
    /// A metric only for whole accounts by day.
    AccountDays,
}

/// The object and the days of a row.
pub(super) struct Subject<'a> {
    pub(super) world: &'a World,
    pub(super) advertiser: &'a Advertiser,
    pub(super) level: Level,
    /// The object; `None` for a total.
    pub(super) index: Option<usize>,
    pub(super) figures: &'a Figures,
}

const METRICS: [Metric; 32] = [
    amount("spend", |f| f.spend),
    amount("billed_cost", |f| f.spend),
    Metric { name: "cash_spend", kind: Kind::Amount(|f| f.spend), levels: Levels::AccountDays },
    Metric { name: "voucher_spend", kind: Kind::Amount(|_| 0), levels: Levels::AccountDays },
    number("impressions", |f| f.impressions),
    number("gross_impressions", |f| f.impressions),
    number("clicks", |f| f.clicks),
    number("reach", |f| f.reach),
    number("conversion", |f| f.conversions),
    number("result", |f| f.conversions),
    number("complete_payment", |f| f.payments),
    number("video_play_actions", |f| f.plays),
    cost("cpc", |f| f.clicks, 1, 2),
    cost("cpm", |f| f.impressions, 1000, 2),
    cost("cost_per_1000_reached", |f| f.reach, 1000, 3),
    cost("cost_per_conversion", |f| f.conversions, 1, 2),
    cost("cost_per_result", |f| f.conversions, 1, 4),
    cost("cost_per_complete_payment", |f| f.payments, 1, 2),
    ratio("value_per_complete_payment", |f| f.value, |f| f.payments, 1, true),
    ratio("ctr", |f| f.clicks, |f| f.impressions, 100, false),
    ratio("frequency", |f| f.impressions, |f| f.reach, 1, false),
    ratio("conversion_rate", |f| f.conversions, |f| f.clicks, 100, false),
    ratio("result_rate", |f| f.conversions, |f| f.impressions, 100, false),
    ratio("complete_payment_rate", |f| f.payments, |f| f.clicks, 100, false),
    // TikTok's name is misleading: the metric is the total value of the purchases, not a rate.
    Metric {
        name: "total_complete_payment_rate",
        kind: Kind::AmountIf(|f| f.value, |f| f.payments),
        levels: Levels::All,
    },
    Metric {
        name: "complete_payment_roas",
        kind: Kind::Ratio {
            of: |f| f.value,
            per: |f| f.spend * u64::from(f.payments > 0),
            times: 1,
            digits: 2,
            money: false,
        },
        levels: Levels::All,
    },
    text("currency", Level::Advertiser, |s| s.advertiser.market.currency.to_owned()),
    text("campaign_id", Level::Campaign, |s| s.id(Level::Campaign)),
    text("campaign_name", Level::Campaign, |s| s.named(Level::Campaign, Advertiser::campaign_name)),
    text("adgroup_id", Level::AdGroup, |s| s.id(Level::AdGroup)),
    text("adgroup_name", Level::AdGroup, |s| s.named(Level::AdGroup, Advertiser::adgroup_name)),
    text("ad_name", Level::Ad, |s| s.named(Level::Ad, |index| s.world.ad_name(index))),
];

const fn number(name: &'static str, count: Count) -> Metric {
    Metric { name, kind: Kind::Number(count), levels: Levels::All }
}

const fn amount(name: &'static str, count: Count) -> Metric {
    Metric { name, kind: Kind::Amount(count), levels: Levels::All }
}

const fn cost(name: &'static str, per: Count, times: u64, digits: u32) -> Metric {
    Metric {
        name,
        kind: Kind::Ratio { of: |f| f.spend, per, times, digits, money: true },
        levels: Levels::All,
    }
}

const fn ratio(name: &'static str, of: Count, per: Count, times: u64, money: bool) -> Metric {
    Metric { name, kind: Kind::Ratio { of, per, times, digits: 2, money }, levels: Levels::All }
}

const fn text(name: &'static str, from: Level, say: fn(&Subject<'_>) -> String) -> Metric {
    Metric { name, kind: Kind::Text(say), levels: Levels::From(from) }
}

/// Finds metrics by name; the refusal lists all names that are unknown or out of place at this level.
pub(super) fn find_all(
    names: &[String],
    level: Level,
    by_day: bool,
) -> Result<Vec<&'static Metric>, ApiError> {
    static ALL: [Metric; 32] = METRICS;
    let find = |name: &String| ALL.iter().find(|metric| metric.name == name && metric.fits(level, by_day));
    let wrong: Vec<_> = names.iter().filter(|name| find(name).is_none()).collect();
    if wrong.is_empty() {
        return Ok(names.iter().filter_map(find).collect());
    }
    Err(ApiError::invalid(format!("Invalid metric fields: {wrong:?}")))
}

impl Metric {
    fn fits(&self, level: Level, by_day: bool) -> bool {
        match self.levels {
            Levels::All => true,
            Levels::From(first) => level >= first,
            Levels::AccountDays => level == Level::Advertiser && by_day,
        }
    }

    /// Writes the metric as the platform does.
    pub(super) fn render(&self, subject: &Subject<'_>) -> String {
        let (figures, decimals) = (subject.figures, subject.advertiser.market.decimals);
        match self.kind {
            Kind::Number(count) => count(figures).to_string(),
            Kind::AmountIf(_, exists) if exists(figures) == 0 => "-".to_owned(),
            Kind::Amount(count) | Kind::AmountIf(count, _) => decimal(u128::from(count(figures)), decimals),
            Kind::Ratio { of, per, times, digits, money } => {
                let minor = if money { 10_u128.pow(decimals) } else { 1 };
                let value = u128::from(of(figures)) * u128::from(times) * 10_u128.pow(digits);
                quotient(value, u128::from(per(figures)) * minor, digits)
            }
            Kind::Text(say) => say(subject),
        }
    }

    /// Returns a number in the order of the metric's values; texts have no order.
    pub(super) fn rank(&self, figures: &Figures) -> u128 {
        match self.kind {
            Kind::Number(count) | Kind::Amount(count) | Kind::AmountIf(count, _) => {
                u128::from(count(figures))
            }
            Kind::Ratio { of, per, .. } => {
                (u128::from(of(figures)) << 40).checked_div(u128::from(per(figures))).unwrap_or(0)
            }
            Kind::Text(_) => 0,
        }
    }
}

impl Subject<'_> {
    fn id(&self, level: Level) -> String {
        self.named(level, |index| self.advertiser.id_of(level, index))
    }

    fn named(&self, level: Level, name: impl Fn(usize) -> String) -> String {
        let index = self.index.map(|index| self.advertiser.ancestor(self.level, index, level));
        index.map_or_else(|| "-".to_owned(), name)
    }
}

/// Divides, rounding half up, into a number already scaled by its digits.
fn quotient(value: u128, by: u128, digits: u32) -> String {
    (value * 2 + by).checked_div(by * 2).map_or_else(|| "-".to_owned(), |scaled| decimal(scaled, digits))
}

/// Writes a scaled number with its point.
fn decimal(scaled: u128, digits: u32) -> String {
    if digits == 0 {
        return scaled.to_string();
    }
    let one = 10_u128.pow(digits);
    let width = usize::try_from(digits).unwrap_or(2);
    format!("{}.{:0width$}", scaled / one, scaled % one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_rounds_as_recorded() {
        assert_eq!(decimal(2000, 2), "20.00");
        assert_eq!(decimal(5, 2), "0.05");
        assert_eq!(decimal(5830, 0), "5830");
        assert_eq!(quotient(100, 3, 2), "0.33");
        assert_eq!(quotient(5, 10, 0), "1");
        assert_eq!(quotient(5, 0, 2), "-");
    }
}
