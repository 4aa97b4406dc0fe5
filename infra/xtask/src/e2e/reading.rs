//! Reports of a connection: every day is here, and the figures agree with the platform.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use mooring_domain::base::money::Micros;
use mooring_local::{Connected, Product};
use mooring_tests_journeys::{Figures, Platform};
use serde_json::Value;

use super::cloud::text;
use super::until;

/// The levels of a report.
pub(crate) const LEVELS: [&str; 4] = ["account", "campaign", "ad_group", "ad"];
/// The days that the profile's first sync reaches back.
const DAYS: i32 = 90;
/// The age in days at which the platform no longer restates a day, with a margin.
const SETTLED: i32 = 40;

/// An account with its days.
pub(crate) struct Reader {
    /// Its name at the platform.
    name: String,
    path: String,
    from: Date,
    to: Date,
}

/// Reads the accounts of a connection; each has days of its own zone.
pub(crate) async fn readers(product: &Product, connection: &str) -> Result<Vec<Reader>> {
    let view = product.get(&format!("/v1/connections/{connection}")).await?;
    let accounts = view["accounts"].as_array().context("no accounts")?;
    let reader = |account: &Value| -> Result<Reader> {
        let to = Timestamp::now().in_tz(text(account, "/time_zone")?)?.date();
        let id = text(account, "/id")?;
        Ok(Reader {
            name: text(account, "/name")?.to_owned(),
            path: format!("/v1/reports?connection_id={connection}&account_id={id}"),
            from: to.checked_sub((DAYS - 1).days())?,
            to,
        })
    };
    accounts.iter().map(reader).collect()
}

impl Reader {
    fn question(&self, level: &str, days: (Date, Date), rest: &str) -> String {
        format!("{}&level={level}&from={}&to={}{rest}", self.path, days.0, days.1)
    }

    /// Counts the days of a level that are not here. A day whose figures moved between two calls is here.
    async fn missing(&self, product: &Product, level: &str) -> Result<usize> {
        let days = (self.from, self.to);
        let report = product.get(&self.question(level, days, "&group_by=day&metrics=spend&limit=1")).await?;
        let days = report["completeness"].as_array().context("no completeness")?;
        ensure!(days.len() == usize::try_from(DAYS)?, "{} days in place of {DAYS}", days.len());
        let whole = |day: &Value| matches!(day["status"].as_str(), Some("complete" | "provisional"));
        let here = |day: &&Value| whole(day) || day["reason"] == "totals_differ";
        Ok(days.len() - days.iter().filter(here).count())
    }

    /// Counts the day chunks of all levels that are not here.
    pub(crate) async fn all_missing(&self, product: &Product) -> Result<usize> {
        let mut missing = 0;
        for level in LEVELS {
            missing += self.missing(product, level).await?;
        }
        Ok(missing)
    }

    /// Compares JSON and CSV of the settled days with the platform, at every level; returns the days' spend.
    pub(crate) async fn compare(
        &self,
        product: &Product,
        platform: &Platform,
        advertisers: &[String],
    ) -> Result<Figures> {
        let days = (self.from, self.to.checked_sub(SETTLED.days())?);
        let advertiser = platform.advertiser_among(advertisers, &self.name).await?;
        let theirs = platform.totals(&advertiser, days.0, days.1).await?;
        ensure!(theirs.spend > 0, "an empty account proves nothing");
        for level in LEVELS {
            let rest = "&group_by=day&metrics=spend,impressions,clicks,conversions&limit=100";
            let question = self.question(level, days, rest);
            let json = Figures::of_ours(&product.get(&question).await?["totals"])?;
            ensure!(json == theirs, "{level}: {json:?} as JSON, the platform says {theirs:?}");
            let csv = product.send_accepting(&question, "text/csv").await?.text().await?;
            let csv = summed(&csv)?;
            ensure!(csv == theirs, "{level}: {csv:?} as CSV, the platform says {theirs:?}");
        }
        Ok(theirs)
    }
}

/// Adds up the lines of a CSV answer.
fn summed(text: &str) -> Result<Figures> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers()?.clone();
    let mut sum = Figures::default();
    for record in reader.records() {
        let record = record?;
        let field = |name: &str| -> Result<&str> {
            let column = names.iter().position(|known| known == name);
            column.and_then(|column| record.get(column)).with_context(|| format!("no {name} in the CSV"))
        };
        sum.spend += field("spend")?.parse::<Micros>()?.0;
        sum.impressions += field("impressions")?.parse::<i64>()?;
        sum.clicks += field("clicks")?.parse::<i64>()?;
        sum.conversions += field("conversions")?.parse::<Micros>()?.0;
    }
    Ok(sum)
}

/// Waits until every day of every level is here; returns how many day chunks they are.
pub(crate) async fn wait_complete(
    product: &Product,
    connected: &Connected,
    patience: Duration,
) -> Result<usize> {
    let readers = readers(product, &connected.id).await?;
    until("every day of every level", patience, async || {
        let mut missing = 0;
        for reader in &readers {
            missing += reader.all_missing(product).await?;
        }
        Ok((missing == 0).then_some(()))
    })
    .await?;
    Ok(readers.len() * LEVELS.len() * usize::try_from(DAYS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_csv_answer_add_up() {
        let text = "day,spend,impressions,clicks,conversions,currency,status\n\
                    2026-11-01,1.50,10,2,0.5,EUR,complete\n2026-11-02,0.25,5,1,1,EUR,complete\n";
        let expected = Figures { spend: 1_750_000, impressions: 15, clicks: 3, conversions: 1_500_000 };
        assert_eq!(summed(text).unwrap(), expected);
        assert!(summed("day,spend\n2026-11-01,1\n").is_err());
    }
}
