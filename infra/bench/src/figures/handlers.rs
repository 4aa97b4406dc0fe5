//! Figures of HTTP functions: start, size, and CPU of a warm request.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use mooring_domain::sync::job::JobKind;
use serde_json::{Value, json};

use super::sync::peers;
use super::{ADS, DAYS};
use crate::Options;
use crate::process::Function;
use crate::proxy::Sent;
use crate::report::{Report, median};
use crate::scene::{Scene, Settings, UNLIMITED, work};

const FUNCTION: &str = "connections-read";
const STARTS: usize = 9;
const WARM_UP: usize = 20;
const REQUESTS: usize = 200;
const MEGABYTE: u64 = 1_000_000;

/// The most that a function may weigh: megabytes of its binary, stripped and zipped, and MiB resident at its first poll.
struct Bars {
    raw: u64,
    zip: u64,
    memory: u64,
}

/// Of the deploy profile.
const DEPLOYED: Bars = Bars { raw: 7, zip: 3, memory: 10 };
/// Of the packages, which are built for a quick build: what grows shows here before a deployment is measured.
const PACKAGED: Bars = Bars { raw: 16, zip: 6, memory: 12 };

fn bars(options: &Options) -> &'static Bars {
    if options.packages.is_some() { &PACKAGED } else { &DEPLOYED }
}

fn scene() -> Result<Scene> {
    Scene::start(&Settings { accounts: 1, ads: ADS, think: 0, calls_per_second: UNLIMITED })
}

/// F5: measures the time from the start of the process to its first poll, against Node; size; memory.
pub(super) async fn start(options: &Options, report: &mut Report) -> Result<()> {
    let scene = scene()?;
    let binary = options.binary(FUNCTION);
    let node = node(options);
    let (mut ours, mut theirs, mut memory) = (Starts::default(), Starts::default(), 0);
    for _ in 0..STARTS {
        memory = memory.max(ours.add(&Function::start(&[&binary], &scene.env()).await?)?);
        if let Some(node) = &node {
            theirs
                .add(&Function::start(&[Path::new("node"), node], &replaying(&scene.env(), &[])?).await?)?;
        }
    }
    let (init, cpu) = (median(ours.wall), median(ours.cpu));
    report.state("F5", &format!("{FUNCTION}: CPU to first poll"), &format!("{cpu:.1} ms"))?;
    let what = format!("{FUNCTION}: start to first poll, median of {STARTS}");
    if options.quick {
        // Where other programs run beside it, only the ratio says something.
        report.state("F5", &what, &format!("{init:.1} ms"))?;
    } else {
        report.judge("F5", &what, &format!("{init:.1} ms"), "<= 12 ms if quiet", init <= 12.0)?;
    }
    if node.is_some() {
        let (wall, their_cpu) = (median(theirs.wall), median(theirs.cpu));
        report.state(
            "F5",
            "the same handler in Node: start to first poll, CPU",
            &format!("{wall:.0} ms, {their_cpu:.0} ms"),
        )?;
        let ratio = wall / init;
        report.judge("F5", "start against Node", &format!("1/{ratio:.1}"), "<= 1/10", ratio >= 10.0)?;
        report.state("F5", "CPU against Node", &format!("1/{:.1}", their_cpu / cpu))?;
    } else {
        report.state("F5", "the same handler in Node", "not measured: no Node modules in --tools")?;
    }
    let most = bars(options).memory;
    report.judge(
        "F5",
        "resident memory at the first poll",
        &format!("{:.1} MiB", kib(memory)),
        &format!("<= {most} MiB"),
        memory <= most * 1024,
    )?;
    sizes(options, report)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "sizes of files and memory are far below 2^52"
)]
fn kib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn sizes(options: &Options, report: &mut Report) -> Result<()> {
    for name in [FUNCTION, "reports-query", "sync-worker"] {
        let binary = options.binary(name);
        let Ok(file) = std::fs::metadata(&binary) else {
            report.state("F5", &format!("{name}: size"), "not measured: not in --binaries")?;
            continue;
        };
        let packed = Command::new("gzip").args(["-9", "-c"]).arg(&binary).output()?.stdout.len();
        let packed = u64::try_from(packed)?;
        let megabytes = |bytes: u64| format!("{}.{:02} MB", bytes / MEGABYTE, bytes % MEGABYTE / 10_000);
        let both = format!("{}, {}", megabytes(file.len()), megabytes(packed));
        if name == "sync-worker" {
            report.state("F5", "sync-worker: stripped, zipped", &both)?;
        } else {
            let Bars { raw, zip, .. } = bars(options);
            let met = file.len() <= raw * MEGABYTE && packed <= zip * MEGABYTE;
            let bar = format!("<= {raw} MB, <= {zip} MB");
            report.judge("F5", &format!("{name}: stripped, zipped"), &both, &bar, met)?;
        }
    }
    Ok(())
}

/// The times of some starts, in milliseconds.
#[derive(Default)]
struct Starts {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Starts {
    /// Adds a start, and returns its memory.
    fn add(&mut self, function: &Function) -> Result<u64> {
        self.wall.push(function.init.as_secs_f64() * 1000.0);
        self.cpu.push(function.cpu()? * 1000.0);
        function.peak_kib()
    }
}

fn node(options: &Options) -> Option<PathBuf> {
    let bundle = options.tools.join("node/handler.min.mjs");
    bundle.exists().then_some(bundle)
}

fn python(options: &Options) -> Option<PathBuf> {
    let python = options.tools.join("venv/bin/python");
    python.exists().then_some(python)
}

/// Returns the environment of the peers' handlers: the very calls that our handler made, to be made with their SDKs.
fn replaying(env: &BTreeMap<String, String>, calls: &[Sent]) -> Result<BTreeMap<String, String>> {
    let calls: Vec<Value> =
        calls.iter().map(|call| json!({ "target": call.target, "input": call.body })).collect();
    let mut env = env.clone();
    env.insert("CALLS".to_owned(), serde_json::to_string(&calls)?);
    env.insert("NODE_NO_WARNINGS".to_owned(), "1".to_owned());
    Ok(env)
}

/// F6: measures the CPU time of a warm request, against the same calls made with boto3 and with Node's SDK; then a
/// large report.
pub(super) async fn warm(options: &Options, report: &mut Report) -> Result<()> {
    let scene = scene()?;
    let connection = &scene.facts.connection;
    let event = scene.get(
        "GET /v1/connections/{id}",
        &format!("/v1/connections/{connection}"),
        "",
        &json!({ "id": connection }),
    );
    let binary = options.binary(FUNCTION);
    let calls = calls_of(&scene, &binary, &event).await?;
    let names: Vec<_> =
        calls.iter().map(|call| call.target.rsplit('.').next().unwrap_or_default().to_owned()).collect();
    report.state("F6", "GET /v1/connections/{id} calls", &names.join(", "))?;
    let env = replaying(&scene.env(), &calls)?;
    let (python, node) = (python(options), node(options));
    let (boto, bundle) = (peers().join("handler.py"), node.clone().unwrap_or_default());
    let (mut ours, mut boto3, mut sdk) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        ours.push(request_cpu(&[&binary], &scene.env(), &event).await?);
        if let Some(python) = &python {
            boto3.push(request_cpu(&[python, &boto], &env, &event).await?);
        }
        if node.is_some() {
            sdk.push(request_cpu(&[Path::new("node"), &bundle], &env, &event).await?);
        }
    }
    report.state("F6", "CPU of a warm request", &format!("{:.2} ms", median(ours.clone()) * 1000.0))?;
    for (name, theirs) in [("boto3", boto3), ("Node", sdk)] {
        if theirs.is_empty() {
            report.state("F6", name, "not measured: not in --tools")?;
            continue;
        }
        let ratio = median(theirs.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect());
        report.state(
            "F6",
            &format!("CPU of the same calls with {name}"),
            &format!("{:.2} ms", median(theirs) * 1000.0),
        )?;
        report.judge("F6", &format!("against {name}"), &format!("1/{ratio:.1}"), "<= 1/3", ratio >= 3.0)?;
    }
    large_report(options, report, &scene).await
}

async fn calls_of(scene: &Scene, binary: &Path, event: &Value) -> Result<Vec<Sent>> {
    let (env, counting) = scene.counted().await?;
    let mut function = Function::start(&[binary], &env).await?;
    checked(&function.invoke(event).await?)?;
    counting.take();
    checked(&function.invoke(event).await?)?;
    Ok(counting.take().1)
}

fn checked(answer: &Value) -> Result<()> {
    let status = answer.get("statusCode").and_then(Value::as_u64);
    anyhow::ensure!(status == Some(200), "the function answered {answer}");
    Ok(())
}

async fn request_cpu(command: &[&Path], env: &BTreeMap<String, String>, event: &Value) -> Result<f64> {
    let mut function = Function::start(command, env).await?;
    for _ in 0..WARM_UP {
        checked(&function.invoke(event).await?)?;
    }
    let before = function.cpu()?;
    for _ in 0..REQUESTS {
        function.invoke(event).await?;
    }
    Ok((function.cpu()? - before) / f64::from(u32::try_from(REQUESTS)?))
}

/// Measures a report of thirty days of a thousand ads: CPU, calls, units.
async fn large_report(options: &Options, report: &mut Report, scene: &Scene) -> Result<()> {
    let binary = options.binary("reports-query");
    if !binary.exists() {
        return report.state("F6", "reports-query", "not measured: not in --binaries");
    }
    let mut worker = scene.worker(options, &scene.env()).await?;
    work(&mut worker, &[scene.job(0, DAYS, 0, JobKind::Backfill, 1)?], 1).await?;
    let account = scene.facts.accounts.first().context("no account")?;
    let from = scene.today.checked_sub(jiff::Span::new().days(DAYS - 1))?;
    let query = format!(
        "connection_id={}&account_id={account}&level=ad&from={from}&to={}&group_by=entity&limit=1000",
        scene.facts.connection, scene.today
    );
    let event = scene.get("GET /v1/reports", "/v1/reports", &query, &json!({}));
    let (env, counting) = scene.counted().await?;
    let mut function = Function::start(&[&binary], &env).await?;
    checked(&function.invoke(&event).await?)?;
    counting.take();
    checked(&function.invoke(&event).await?)?;
    let (counts, _) = counting.take();
    let cpu = request_cpu(&[&binary], &scene.env(), &event).await?;
    report.state("F6", "reports-query, 30 days x 1,000 ads: CPU", &format!("{:.1} ms", cpu * 1000.0))?;
    report.state("F6", "  its calls", &format!("{:?}", counts.calls))?;
    report.state("F6", "  its read units", &format!("{}", counts.reads))
}
