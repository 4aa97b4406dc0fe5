//! F7: the cost of a month of one connected account, from counted calls and list prices.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use mooring_domain::connect::token_life::PROBE_AFTER;
use mooring_domain::sync::job::JobKind;

use super::ADS;
use crate::Options;
use crate::counts::Counts;
use crate::report::Report;
use crate::scene::{PLATFORM_ORIGIN, Scene, Settings, UNLIMITED, batch, deliver, work};

// List prices in USD, us-east-1, on demand (AWS price pages, 2026).
const WRITE_UNIT: f64 = 0.625 / 1e6;
const READ_UNIT: f64 = 0.125 / 1e6;
const KMS_CALL: f64 = 0.03 / 1e4;
const SQS_CALL: f64 = 0.40 / 1e6;
const GB_SECOND: f64 = 0.000_013_333_4;
const INVOCATION: f64 = 0.20 / 1e6;
const KMS_KEY: f64 = 1.0;
const ALARM: f64 = 0.10;

/// Hours of a month.
const HOURS: f64 = 730.0;
const DAYS: f64 = 30.4;
/// The worker's memory (template.yaml).
const GIGABYTES: f64 = 0.5;
/// How many jobs a batch of the queue's mapping holds (template.yaml).
const BATCH: f64 = 10.0;
/// Send, receive and delete, each ten messages a call.
const SQS_CALLS_PER_JOB: f64 = 3.0 / BATCH;
/// Assumed: of the three days that every hour reads, today changes each hour and yesterday every fourth hour.
const CHANGED_PER_HOUR: f64 = 1.25;
/// Assumed: of the other 27 days that one job a day reads, this many changed.
const CHANGED_PER_DAY: f64 = 10.0;
/// The time that the platform takes for an answer, in milliseconds.
const THINK: u64 = 200;

struct Measured {
    unchanged: Counts,
    changed: Counts,
    daily: Counts,
    probe: Counts,
    seconds: f64,
}

/// Prints the month of an account and of an idle stack.
pub(super) async fn month(options: &Options, report: &mut Report) -> Result<()> {
    let measured = measure(options).await?;
    let Measured { unchanged, changed, daily, probe, seconds } = &measured;
    let probes = HOURS / PROBE_AFTER.as_secs_f64() * 3600.0;
    // A probe is short; it counts with the time of an hourly job, because it waits in such a job's batch.
    let messages = HOURS + DAYS + probes;
    let per_changed_day = (changed.all_written() - unchanged.all_written()) / 3.0;
    let daily_jobs = DAYS * (daily.all_written() + CHANGED_PER_DAY * per_changed_day);
    let hourly_jobs = HOURS * (unchanged.all_written() + CHANGED_PER_HOUR * per_changed_day);
    let writes = hourly_jobs + daily_jobs + probes * probe.all_written();
    let reads = HOURS * changed.reads + DAYS * daily.reads + probes * probe.reads;
    let decrypts = (HOURS + DAYS) * called(unchanged, "Decrypt") + probes * called(probe, "Decrypt");
    let lines = [
        ("table writes", writes * WRITE_UNIT),
        ("table reads", reads * READ_UNIT),
        ("KMS", decrypts * KMS_CALL),
        ("SQS", messages * SQS_CALLS_PER_JOB * SQS_CALL),
        ("Lambda", messages * (seconds / BATCH * GIGABYTES * GB_SECOND + INVOCATION / BATCH)),
    ];
    for (name, dollars) in lines {
        report.state("F7", &format!("  {name}, USD a month"), &format!("{dollars:.5}"))?;
    }
    let units = format!("{:.1}, {:.1}, {:.1}", unchanged.all_written(), per_changed_day, daily.all_written());
    report.state("F7", "  write units: hourly job, each changed day, daily job", &units)?;
    let calls = format!("{:.1}, {:.1}, {:?}", probe.all_written(), probe.reads, probe.calls);
    report.state("F7", "  daily probe: write units, read units, calls", &calls)?;
    let all: f64 = lines.iter().map(|(_, dollars)| dollars).sum();
    report.judge(
        "F7",
        "a connected account's month: hourly, probed daily, 1,000 ads",
        &format!("{all:.4} USD"),
        "<= 0.05 USD",
        all <= 0.05,
    )?;
    report.state("F7", "a thousand of them", &format!("{:.2} USD", all * 1000.0))?;
    idle(report)
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
fn called(counts: &Counts, operation: &str) -> f64 {
    counts.called(operation) as f64
}

async fn measure(options: &Options) -> Result<Measured> {
    let scene =
        Scene::start(&Settings { accounts: 10, ads: ADS, think: THINK, calls_per_second: UNLIMITED })?;
    let (env, counting) = scene.counted().await?;
    let mut worker = scene.worker(options, &env).await?;
    let mut count = async |days, slot| -> Result<Counts> {
        counting.take();
        work(&mut worker, &[scene.job(0, days, 0, JobKind::Restate, slot)?], 1).await?;
        Ok(counting.take().0)
    };
    count(30, 1).await?;
    let daily = count(30, 2).await?;
    let unchanged = count(3, 3).await?;
    scene.ask("/change")?;
    let changed = count(3, 4).await?;
    let jobs =
        (0..10).map(|account| scene.job(account, 3, 0, JobKind::Restate, 5)).collect::<Result<Vec<_>>>()?;
    let begun = Instant::now();
    worker.invoke(&batch(&jobs)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Measured { unchanged, changed, daily, probe: probed(options).await?, seconds })
}

/// Counts what the probe of a connection with one account costs, in a worker that has just started.
async fn probed(options: &Options) -> Result<Counts> {
    let scene = Scene::start(&Settings { accounts: 1, ads: 1, think: 0, calls_per_second: UNLIMITED })?;
    let (mut env, counting) = scene.counted().await?;
    env.insert(PLATFORM_ORIGIN.to_owned(), scene.facts.sandbox.clone());
    let mut worker = scene.worker(options, &env).await?;
    counting.take();
    deliver(&mut worker, &scene.probe()?).await?;
    let counts = counting.take().0;
    ensure!(counts.all_written() > 0.0, "the platform was not asked: {:?}", counts.calls);
    Ok(counts)
}

/// Prints what an unused stack costs: the key, alarms, and schedules that find nothing to do.
fn idle(report: &Report) -> Result<()> {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml"));
    let template = template.context("template.yaml")?;
    let alarms = u32::try_from(template.matches("Type: AWS::CloudWatch::Alarm").count())?;
    let every = |rate: &str| u32::try_from(template.matches(rate).count()).map(f64::from);
    // Each firing reads sixteen shards at most.
    let ticks = (12.0 * every("rate(5 minutes)")? + 60.0 * every("rate(1 minute)")?) * HOURS;
    let schedules = ticks * (16.0 * READ_UNIT + INVOCATION + 0.1 * 0.25 * GB_SECOND);
    let all = KMS_KEY + f64::from(alarms) * ALARM + schedules;
    report.state(
        "F7",
        &format!("an idle stack: one key, {alarms} alarms, schedules"),
        &format!("{all:.2} USD"),
    )
}
