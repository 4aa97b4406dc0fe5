//! How long callers wait for three routes with 5 ms before each call of a table and 10 ms before each of KMS, as the
//! shipped binaries answer them. tests/journeys counts the calls and their depth of every route.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use mooring_aws_local::{Delays, depth};
use mooring_domain::sync::job::JobKind;
use serde_json::{Value, json};

use super::{ADS, DAYS};
use crate::Options;
use crate::process::Function;
use crate::report::{Report, median};
use crate::scene::{Scene, Settings, UNLIMITED, work};

const WARM_UP: usize = 10;
const REQUESTS: usize = 40;

/// A route with the time that a caller may wait for it, in milliseconds.
struct Goal {
    name: &'static str,
    function: &'static str,
    most: f64,
}

const CONNECTION: Goal = Goal { name: "GET /v1/connections/{id}", function: "connections-read", most: 30.0 };
const SESSION: Goal =
    Goal { name: "POST /v1/connect-sessions", function: "connect-session-create", most: 40.0 };
const REPORT: Goal =
    Goal { name: "GET /v1/reports, 30 days x 1,000 ads", function: "reports-query", most: 70.0 };

/// F9: measures the waits.
pub(super) async fn waits(options: &Options, report: &mut Report) -> Result<()> {
    let settings = Settings { accounts: 1, ads: ADS, think: 0, calls_per_second: UNLIMITED };
    let scene = Scene::start_delayed(&settings, Delays::REMOTE)?;
    let id = &scene.facts.connection;
    let connection =
        scene.get("GET /v1/connections/{id}", &format!("/v1/connections/{id}"), "", &json!({ "id": id }));
    wait(options, report, &scene, &CONNECTION, 200, |_| connection.clone()).await?;
    let session = |number: usize| {
        let body = json!({
            "end_user": "somebody", "end_user_email": "somebody@example.net", "platform": "tiktok_ads",
            "return_url": scene.facts.return_url,
        });
        scene.post("POST /v1/connect-sessions", "/v1/connect-sessions", &format!("f9-{number}"), &body)
    };
    wait(options, report, &scene, &SESSION, 201, session).await?;
    let mut worker = scene.worker(options, &scene.env()).await?;
    work(&mut worker, &[scene.job(0, DAYS, 0, JobKind::Backfill, 1)?], 1).await?;
    let question = large(&scene)?;
    wait(options, report, &scene, &REPORT, 200, |_| question.clone()).await
}

/// Returns the event that asks for a page of the sums of thirty days, an ad a row.
fn large(scene: &Scene) -> Result<Value> {
    let account = scene.facts.accounts.first().context("no account")?;
    let from = scene.today.checked_sub(jiff::Span::new().days(DAYS - 1))?;
    let query = format!(
        "connection_id={}&account_id={account}&level=ad&from={from}&to={}&group_by=entity&limit=1000",
        scene.facts.connection, scene.today
    );
    Ok(scene.get("GET /v1/reports", "/v1/reports", &query, &json!({})))
}

async fn wait(
    options: &Options,
    report: &mut Report,
    scene: &Scene,
    goal: &Goal,
    status: u64,
    event: impl Fn(usize) -> Value,
) -> Result<()> {
    let Goal { name, function, most } = goal;
    let binary = options.binary(function);
    if !binary.exists() {
        return report.state("F9", name, &format!("not measured: {function} is not in --binaries"));
    }
    let (calls, depth) = sequence(scene, &binary, status, &event).await?;
    report.state("F9", &format!("{name}: calls, of which in sequence"), &format!("{calls}, {depth}"))?;
    let mut process = Function::start(&[&binary], &scene.env()).await?;
    let mut waits = Vec::with_capacity(REQUESTS);
    for number in 0..WARM_UP + REQUESTS {
        let event = event(number + 2);
        let begun = Instant::now();
        let answer = process.invoke(&event).await?;
        waits.push(begun.elapsed().as_secs_f64() * 1_000.0);
        checked(&answer, status)?;
    }
    let waits = waits.split_off(WARM_UP);
    let least = waits.iter().copied().fold(f64::INFINITY, f64::min);
    report.state("F9", &format!("{name}: median of {REQUESTS}"), &format!("{:.1} ms", median(waits)))?;
    let what = format!("{name}: least of {REQUESTS}");
    report.judge("F9", &what, &format!("{least:.1} ms"), &format!("<= {most} ms"), least <= *most)
}

/// Counts the calls of one warm request, and those of the longest chain of calls of which each began when the one
/// before had ended.
async fn sequence(
    scene: &Scene,
    binary: &Path,
    status: u64,
    event: &impl Fn(usize) -> Value,
) -> Result<(usize, usize)> {
    let (env, counting) = scene.counted().await?;
    let mut function = Function::start(&[binary], &env).await?;
    checked(&function.invoke(&event(0)).await?, status)?;
    counting.take();
    checked(&function.invoke(&event(1)).await?, status)?;
    let calls = counting.times();
    Ok((calls.len(), depth(&calls)))
}

fn checked(answer: &Value, status: u64) -> Result<()> {
    let answered = answer.get("statusCode").and_then(Value::as_u64);
    ensure!(answered == Some(status), "the function answered {answer}");
    Ok(())
}
