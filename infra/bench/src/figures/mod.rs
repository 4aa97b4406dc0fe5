//! The figures, each measured in a scene of its own.

mod cost;
mod fair;
mod handlers;
mod latency;
mod sync;

use anyhow::Result;

use crate::Options;
use crate::report::Report;

/// Ads of an account in every figure.
const ADS: u64 = 1_000;
/// Rows of a day: ads, ad groups, campaigns and the account itself.
const ROWS_PER_DAY: u64 = ADS + ADS / 5 + ADS / 20 + 1;
/// Days of a large job: the most that the platform answers and the rows of a window allow.
const DAYS: i64 = 30;

/// Measures the wanted figures and fails if a bar was missed.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let mut report = Report::begin()?;
    if options.wants("F3") {
        sync::write_units(options, &mut report).await?;
    }
    if options.wants("F1") {
        sync::throughput(options, &mut report).await?;
    }
    if options.wants("F2") {
        sync::memory(options, &mut report).await?;
    }
    if options.wants("F4") {
        sync::waiting(options, &mut report).await?;
    }
    if options.wants("F5") {
        handlers::start(options, &mut report).await?;
    }
    if options.wants("F6") {
        handlers::warm(options, &mut report).await?;
    }
    if options.wants("F7") {
        cost::month(options, &mut report).await?;
    }
    if options.wants("F8") {
        fair::waits(&mut report).await?;
    }
    if options.wants("F9") {
        latency::waits(options, &mut report).await?;
    }
    report.end()
}

/// Measures the cost alone.
pub(crate) async fn cost(options: &Options) -> Result<()> {
    let mut report = Report::begin()?;
    cost::month(options, &mut report).await?;
    report.end()
}
