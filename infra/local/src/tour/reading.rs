//! The reading half of the tour: progress of the sync, a table with sparklines, CSV.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use indicatif::MultiProgress;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::Value;

use super::screen::{bar, done, pad, say, shorten, sparkline, table};
use crate::product::{Connected, Product};

const LEVELS: [&str; 4] = ["account", "campaign", "ad_group", "ad"];
const DAYS: u64 = 90;
const PATIENCE: Duration = Duration::from_mins(15);

/// An account as the tour needs it.
struct Reader {
    path: String,
    name: String,
    from: Date,
    to: Date,
}

/// Reads the accounts of a connection with their last 90 days in their own zones.
async fn readers(product: &Product, connected: &Connected) -> Result<Vec<Reader>> {
    let connection = product.get(&format!("/v1/connections/{}", connected.id)).await?;
    let accounts = connection["accounts"].as_array().context("no accounts")?;
    accounts
        .iter()
        .map(|account| {
            let text =
                |field: &str| account[field].as_str().with_context(|| format!("an account has no {field}"));
            let to = jiff::Timestamp::now().in_tz(text("time_zone")?)?.date();
            let path = format!("/v1/reports?connection_id={}&account_id={}", connected.id, text("id")?);
            let name = format!("{} ({})", shorten(text("name")?, 18), text("currency")?);
            Ok(Reader { path, name, from: to.checked_sub(89.days())?, to })
        })
        .collect()
}

impl Reader {
    fn question(&self, level: &str, rest: &str) -> String {
        format!("{}&level={level}&from={}&to={}{rest}", self.path, self.from, self.to)
    }

    /// Counts the days of a level that are here. Fails if a day failed.
    async fn days(&self, product: &Product, level: &str) -> Result<u64> {
        let report = product.get(&self.question(level, "&group_by=day&metrics=spend&limit=1")).await?;
        let days = report["completeness"].as_array().context("no completeness")?;
        if let Some(day) = days.iter().find(|day| failed(day)) {
            bail!("a day could not be synced: {day}");
        }
        Ok(days.iter().filter(|day| here(day)).count().try_into()?)
    }
}

fn status(day: &Value) -> &str {
    day["status"].as_str().unwrap_or_default()
}

/// Returns whether a day has rows. Today's figures may move between two calls; the day then says that its totals
/// differ.
fn here(day: &Value) -> bool {
    matches!(status(day), "complete" | "provisional") || day["reason"] == "totals_differ"
}

fn failed(day: &Value) -> bool {
    status(day) == "failed"
}

/// Shows a bar for each account until every day of every level is here.
pub(super) async fn watch_sync(product: &Product, connected: &Connected) -> Result<()> {
    let started = Instant::now();
    let readers = readers(product, connected).await?;
    let bars = MultiProgress::new();
    let shown: Vec<_> = readers.iter().map(|reader| bar(&bars, &reader.name, DAYS * 4)).collect();
    let mut first = None;
    loop {
        let mut missing = 0;
        for (reader, bar) in readers.iter().zip(&shown) {
            let mut have = 0;
            for level in LEVELS {
                have += reader.days(product, level).await?;
            }
            if have > 0 && first.is_none() {
                first = Some(started.elapsed());
            }
            bar.set_position(have);
            missing += (DAYS * 4).saturating_sub(have);
        }
        if missing == 0 {
            break;
        }
        if started.elapsed() > PATIENCE {
            bail!("{missing} day chunks are still missing after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    for bar in shown {
        bar.finish();
    }
    let first = first.map_or(0, |at| at.as_millis());
    let all = u64::try_from(readers.len())? * DAYS * 4;
    done(&format!(
        "first rows after {first} ms, all {all} day chunks after {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Shows campaigns with their figures and daily spend, then the same as CSV.
pub(super) async fn show_report(product: &Product, connected: &Connected) -> Result<()> {
    let readers = readers(product, connected).await?;
    for reader in &readers {
        let daily = product.get(&reader.question("account", "&group_by=day&metrics=spend&limit=100")).await?;
        let spend = daily["rows"].as_array().context("no rows")?;
        let values: Vec<_> =
            spend.iter().map(|row| row["metrics"]["spend"]["amount_micros"].as_i64()).collect();
        let provisional = daily["provisional_days"].as_array().map_or(0, Vec::len);
        say(&format!("  {} {}", pad(&reader.name, 26), sparkline(&values)));
        say(&format!("  {} {provisional} of {DAYS} days may still change", pad("", 26)));
    }
    let reader = readers.first().context("no account")?;
    let metrics = "&metrics=spend,impressions,clicks,ctr,conversions,roas";
    let question = reader.question("campaign", &format!("&group_by=entity{metrics}&sort=-spend&limit=6"));
    let report = product.get(&question).await?;
    let rows: Vec<_> = report["rows"].as_array().context("no rows")?.iter().map(campaign_row).collect();
    say("");
    table(&["campaign", "spend", "impressions", "clicks", "CTR", "conversions", "ROAS"], &rows);
    csv(product, reader).await
}

fn campaign_row(row: &Value) -> Vec<String> {
    let metrics = &row["metrics"];
    let number = |name: &str| match &metrics[name] {
        Value::Null => "–".to_owned(),
        value => value.to_string(),
    };
    let spend = metrics["spend"]["amount_micros"].as_i64().map(mooring_domain::base::money::Micros);
    vec![
        shorten(row["entity"]["name"].as_str().unwrap_or("?"), 30),
        spend.map_or_else(|| "–".to_owned(), |spend| spend.to_string()),
        number("impressions"),
        number("clicks"),
        number("ctr"),
        number("conversions"),
        number("roas"),
    ]
}

/// Asks the same as CSV and shows how it begins.
async fn csv(product: &Product, reader: &Reader) -> Result<()> {
    let question = reader.question("ad", "&group_by=day,entity&metrics=spend,clicks&limit=1000");
    let response = product.send_accepting(&question, "text/csv").await?;
    let text = response.text().await?;
    say("");
    for line in text.lines().take(3) {
        say(&format!("  {}", shorten(line, 100)));
    }
    done(&format!("CSV: {} lines on the first page", text.lines().count()));
    Ok(())
}
