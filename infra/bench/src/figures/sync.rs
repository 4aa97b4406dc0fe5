//! Figures of sync-worker: rows per CPU second, memory, write units, waiting.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};
use mooring_domain::base::together::{Work, together};
use mooring_domain::sync::job::{JobKind, SyncJob};
use serde_json::Value;

use super::{ADS, DAYS, ROWS_PER_DAY};
use crate::Options;
use crate::process::cpu_of;
use crate::report::{Report, median};
use crate::scene::{Scene, Settings, UNLIMITED, batch, work};

/// The metrics that sync-worker asks for; the peers ask for the same.
const METRICS: &str = r#"["spend","impressions","clicks","conversion","total_complete_payment_rate"]"#;
/// The jobs that a mapping sends at once (template.yaml).
const BATCH: usize = 10;
const AN_HOUR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);
/// The large jobs that fit into the retention of one account.
const WINDOWS: usize = 10;

fn scene(accounts: usize, think: u64, calls_per_second: u32) -> Result<Scene> {
    Scene::start(&Settings { accounts: u32::try_from(accounts)?, ads: ADS, think, calls_per_second })
}

/// Makes jobs of thirty days each, none of them twice.
fn large_jobs(scene: &Scene, first: usize, count: usize) -> Result<Vec<SyncJob>> {
    let job = |number: usize| {
        let (account, window) = (number / WINDOWS, i64::try_from(number % WINDOWS)?);
        scene.job(account, DAYS, window * DAYS, JobKind::Backfill, i64::try_from(number)?)
    };
    (first..first + count).map(job).collect()
}

/// F1: measures rows per CPU second, the whole process counted, in alternating rounds with the official SDK and the
/// ceiling.
pub(super) async fn throughput(options: &Options, report: &mut Report) -> Result<()> {
    let rows_per_job = ROWS_PER_DAY * u64::try_from(DAYS)?;
    let jobs = usize::try_from(options.rows.div_ceil(rows_per_job))?;
    let scene = scene((jobs * options.rounds).div_ceil(WINDOWS), 0, UNLIMITED)?;
    let (mut ours, mut unchanged, mut sdk, mut ceiling) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let sdk_there = options.tools.join("venv/bin/python").exists();
    for round in 0..options.rounds {
        let mut worker = scene.worker(options, &scene.env()).await?;
        work(&mut worker, &large_jobs(&scene, round * jobs, jobs)?, 1).await?;
        let rows = rows_per_job * u64::try_from(jobs)?;
        let first = worker.cpu()?;
        ours.push(per_second(rows, first));
        let again = large_jobs(&scene, round * jobs, jobs)?
            .into_iter()
            .map(|job| SyncJob { slot: job.slot + AN_HOUR, ..job });
        work(&mut worker, &again.collect::<Vec<_>>(), 1).await?;
        unchanged.push(per_second(rows, worker.cpu()? - first));
        drop(worker);
        let repeats = options.rows.div_ceil(ADS * u64::try_from(DAYS)?);
        let rows = repeats * ADS * u64::try_from(DAYS)?;
        if sdk_there {
            sdk.push(per_second(rows, cpu_of(&mut peer_sdk(options, &scene, repeats))?));
        }
        if !options.binary("ceiling").exists() {
            continue;
        }
        ceiling.push(per_second(rows * 10, cpu_of(&mut peer_ceiling(options, &scene, repeats * 10)?)?));
    }
    let rate = median(ours.clone());
    report.state("F1", "sync-worker, rows per CPU second", &format!("{rate:.0}"))?;
    let rate = median(unchanged);
    report.state("F1", "the same when no day has changed", &format!("{rate:.0}"))?;
    if sdk_there {
        report.state(
            "F1",
            "official TikTok SDK writing JSONL, rows per CPU second",
            &format!("{:.0}", median(sdk.clone())),
        )?;
        let ratio = median(ratios(&ours, &sdk));
        report.judge(
            "F1",
            "sync-worker against the SDK",
            &format!("{ratio:.1} x"),
            ">= 5 x",
            ratio >= 5.0,
        )?;
    } else {
        report.state("F1", "official TikTok SDK", "not measured: no Python environment in --tools")?;
    }
    if ceiling.is_empty() {
        return report.state("F1", "ceiling", "not measured: not in --binaries");
    }
    report.state("F1", "ceiling, rows per CPU second", &format!("{:.0}", median(ceiling.clone())))?;
    let part = 100.0 * median(ratios(&ours, &ceiling));
    report.judge("F1", "sync-worker against the ceiling", &format!("{part:.0} %"), ">= 40 %", part >= 40.0)
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
fn per_second(rows: u64, cpu: f64) -> f64 {
    rows as f64 / cpu
}

fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect()
}

fn peer_sdk(options: &Options, scene: &Scene, repeats: u64) -> Command {
    let mut command = Command::new(options.tools.join("venv/bin/python"));
    command.arg(peers().join("tiktok_sdk.py")).arg(format!("http://{}", scene.platform)).arg(METRICS);
    command.arg(options.tools.join("sdk.jsonl")).arg(repeats.to_string());
    command
}

fn peer_ceiling(options: &Options, scene: &Scene, repeats: u64) -> Result<Command> {
    let mut command = Command::new(options.binary("ceiling"));
    let query = format!(
        "/open_api/v1.3/report/integrated/get/?advertiser_id=7&report_type=BASIC&service_type=AUCTION&data_level=AUCTION_AD&dimensions=[%22ad_id%22,%22stat_time_day%22]&metrics={}&start_date=2026-01-01&end_date=2026-01-30&page_size=1000",
        METRICS.replace('"', "%22")
    );
    std::fs::create_dir_all(&options.tools)?;
    command.args([&scene.platform, &query]).arg(options.tools.join("ceiling.bin")).arg(repeats.to_string());
    Ok(command)
}

/// Returns the folder of the peers' programs.
pub(super) fn peers() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"))
}

/// F2: measures the highest resident memory, and how it grows with the rows.
pub(super) async fn memory(options: &Options, report: &mut Report) -> Result<()> {
    let rows_per_job = ROWS_PER_DAY * u64::try_from(DAYS)?;
    let many = usize::try_from(2_000_000_u64.div_ceil(rows_per_job))?;
    let scene = scene(many.div_ceil(WINDOWS), 0, UNLIMITED)?;
    let mut worker = scene.worker(options, &scene.env()).await?;
    let jobs = large_jobs(&scene, 0, many)?;
    let (first, rest) = jobs.split_at(1);
    work(&mut worker, first, 1).await?;
    let small = worker.peak_kib()?;
    work(&mut worker, rest, 1).await?;
    let large = worker.peak_kib()?;
    let mib = |kib: u64| format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024);
    report.state("F2", &format!("peak RSS after {rows_per_job} rows"), &mib(small))?;
    report.judge("F2", "peak RSS after 2 million rows", &mib(large), "<= 32 MiB", large <= 32 * 1024)?;
    let grown = large - small;
    report.judge("F2", "growth", &mib(grown), "<= 2 MiB", grown <= 2 * 1024)?;
    let trailing = (0..scene.facts.accounts.len().min(BATCH))
        .map(|account| scene.job(account, 3, 0, JobKind::Restate, 1));
    work(&mut worker, &trailing.collect::<Result<Vec<_>>>()?, BATCH).await?;
    report.state("F2", "peak RSS after ten hourly jobs at once, too", &mib(worker.peak_kib()?))
}

/// F3: counts the write units of one day at all levels; then of the same day unchanged, and changed.
pub(super) async fn write_units(options: &Options, report: &mut Report) -> Result<()> {
    let scene = scene(1, 0, UNLIMITED)?;
    let (env, counting) = scene.counted().await?;
    let mut worker = scene.worker(options, &env).await?;
    counting.take();
    for (what, slot) in [("new", 1), ("unchanged", 2), ("changed", 3)] {
        if what == "changed" {
            scene.ask("/change")?;
        }
        work(&mut worker, &[scene.job(0, 1, 0, JobKind::Restate, slot)?], 1).await?;
        let (counts, _) = counting.take();
        let (rows, all) = (counts.written("mooring-reports"), counts.all_written());
        let beside = all - rows;
        match what {
            "new" => {
                report.judge(
                    "F3",
                    "write units of 1,000 ads x 1 day x all levels",
                    &format!("{rows}"),
                    "<= 22",
                    rows <= 22.0,
                )?;
                report.judge(
                    "F3",
                    "write units of the job beside",
                    &format!("{beside}"),
                    "<= 5",
                    beside <= 5.0,
                )?;
            }
            "unchanged" => {
                report.judge("F3", "write units of an unchanged day", &format!("{rows}"), "0", rows < 0.5)?;
                report.judge(
                    "F3",
                    "write units of the job beside, unchanged day",
                    &format!("{beside}"),
                    "<= 5",
                    beside <= 5.0,
                )?;
            }
            _ => report.state(
                "F3",
                "write units of a changed day, the earlier version kept",
                &format!("{rows} + {beside}"),
            )?,
        }
        report.state(
            "F3",
            &format!("  calls of the job with a {what} day"),
            &format!("{:?}", counts.calls),
        )?;
    }
    Ok(())
}

/// Calls a second that the app of F4 may make; each of two workers may make half of them (template.yaml).
const LIMIT: u32 = 60;
const WORKERS: usize = 2;
const THINK: u64 = 200;
const ACCOUNTS: usize = WORKERS * BATCH;

/// F4: measures twenty accounts of one connection, three days each, at a platform that takes its time; against the same
/// calls one by one.
pub(super) async fn waiting(options: &Options, report: &mut Report) -> Result<()> {
    let stretch = options.stretch.max(1);
    let (limit, think) = (LIMIT / stretch, THINK * u64::from(stretch));
    let scene = scene(ACCOUNTS, think, limit / u32::try_from(WORKERS)?)?;
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(scene.worker(options, &scene.env()).await?);
    }
    let jobs = (0..ACCOUNTS)
        .map(|account| scene.job(account, 3, 0, JobKind::Restate, 1))
        .collect::<Result<Vec<_>>>()?;
    let events: Vec<_> = jobs.chunks(BATCH).map(batch).collect();
    let begun = Instant::now();
    let all = workers
        .iter_mut()
        .zip(&events)
        .map(|(worker, event)| -> Work<'_, _> { Box::pin(worker.invoke(event)) });
    for answer in together(all.collect(), WORKERS).await {
        anyhow::ensure!(answer?.get("batchItemFailures").and_then(Value::as_array).is_none_or(Vec::is_empty));
    }
    let wall = begun.elapsed().as_secs_f64();
    let stats = scene.ask("/stats")?;
    let number = |name: &str| stats.get(name).and_then(Value::as_u64).context("no stats");
    let (calls, most) = (number("calls")?, number("most_in_a_second")?);
    let serial = std::time::Duration::from_millis(calls * think).as_secs_f64();
    let what = format!("20 accounts, {calls} pages, {think} ms each: one by one at least, together");
    report.state("F4", &what, &format!("{serial:.1} s, {wall:.1} s"))?;
    let ratio = serial / wall;
    report.judge("F4", "together against one by one", &format!("1/{ratio:.1}"), "<= 1/8", ratio >= 8.0)?;
    let limit = u64::from(limit);
    report.judge("F4", "most calls in any second", &format!("{most}"), &format!("<= {limit}"), most <= limit)
}
