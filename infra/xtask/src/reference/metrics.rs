//! docs/metrics.md: every metric with its unit, its meaning, and how it adds.

use std::fmt::Write as _;

use anyhow::Result;
use mooring_domain::platform::figures::{Metric, Ratio, Unit};

const HEAD: &str = "# Metrics

<!-- Written by `cargo xtask openapi`; change `infra/xtask/src/reference/metrics.rs`. -->

Each metric of `GET /v1/reports` with its unit, its meaning and how it adds.

Days belong to the account's time zone. `null` means that the platform did not report a value, and is never zero: zero is
a value that the platform reported. `provisional` and `complete` days are in [states.md](states.md#a-day-of-figures).

## Sums

A sum adds over days, and over entities of one level. It never adds over levels: the campaigns of an account hold the same
money as its ads. It adds over accounts only in one currency and where days of one time zone are meant; Mooring therefore
answers one account at a time.

| metric | unit in the answer | meaning |
|---|---|---|
";

const RATIOS: &str = "
## Ratios

A ratio is computed from the sums of the rows that a question asks for, and never from ratios: the click rate of a week is
its clicks by its impressions, not the mean of seven rates. So a ratio adds nowhere. Without a divisor (no clicks for
`cpc`) it is `null`. Mooring computes with whole numbers and rounds half away from zero in the last place of the unit.

| metric | unit in the answer | computed as |
|---|---|---|
";

/// Writes the page.
pub(super) fn page() -> Result<String> {
    let mut text = HEAD.to_owned();
    for metric in Metric::ALL {
        writeln!(text, "| `{}` | {} | {} |", metric.as_str(), unit(metric.unit()), meaning(metric))?;
    }
    text += RATIOS;
    for ratio in Ratio::ALL {
        let unit = if ratio.is_money() { MONEY } else { DECIMAL };
        writeln!(text, "| `{}` | {unit} | {} |", ratio.as_str(), formula(ratio))?;
    }
    Ok(text)
}

const MONEY: &str = "`{amount_micros, currency}`: millionths of the account's currency";
const DECIMAL: &str = "a decimal number of at most six places";

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Money => MONEY,
        Unit::Count => "a whole number",
        Unit::Decimal => DECIMAL,
    }
}

const fn meaning(metric: Metric) -> &'static str {
    match metric {
        Metric::Spend => {
            "The money that the platform charged for showing the ads, before taxes and the platform's credits."
        }
        Metric::Impressions => "How often the platform showed an ad.",
        Metric::Clicks => "How often people clicked an ad, in the platform's own count of clicks.",
        Metric::Conversions => {
            "How often people did what the advertiser counts, by the account's own attribution settings. Platforms add \
             conversions to past days, so the newest days rise."
        }
        Metric::ConversionValue => "The value that the advertiser gave these conversions.",
    }
}

const fn formula(ratio: Ratio) -> &'static str {
    match ratio {
        Ratio::Ctr => "`clicks` by `impressions`; 0.02 is two per cent",
        Ratio::Cpc => "`spend` by `clicks`",
        Ratio::Cpm => "a thousand times `spend` by `impressions`",
        Ratio::Roas => "`conversion_value` by `spend`; 4 means that each unit spent brought four",
        Ratio::Cpa => "`spend` by `conversions`",
    }
}
