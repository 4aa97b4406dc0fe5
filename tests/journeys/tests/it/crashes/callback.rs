//! The callback: a pending connection whose own deletion ends it, or nothing at all; never a token without a deletion.
//!
//! One window is documented: a process that dies between the platform's answer and our write leaves a grant that
//! Mooring does not know. The test counts such grants, and nothing outside the window may leave one.

use anyhow::{Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_tests_journeys::quick::{self, Door};
use mooring_tests_journeys::rig::{At, Mode, Trial};
use mooring_tests_journeys::{checks, say};
use reqwest::Client;

use super::{Scene, every_call};

pub(crate) async fn run(modes: &[Mode]) -> Result<()> {
    let scene = Scene::open(1).await?;
    let mut grants: Vec<Vec<String>> = Vec::new();
    let trials = every_call("callback", modes, async |at| {
        let before = scene.world.stack.sandbox().issued_tokens().len();
        let trial = trial(&scene, at).await?;
        if trial.hit().is_some() {
            grants.push(scene.world.stack.sandbox().issued_tokens().split_off(before));
        }
        Ok(trial)
    })
    .await?;
    for minutes in [16, 21, 24 * 60, 10, 10] {
        scene.pass(SignedDuration::from_mins(minutes)).await?;
    }
    nothing_is_left(&scene).await?;
    let mut window = 0;
    for (trial, grants) in trials.iter().zip(&grants) {
        for grant in grants {
            let alive = is_alive(&scene, grant).await?;
            ensure!(!alive || in_window(trial), "{} left a grant behind", trial.name());
            window += usize::from(alive);
        }
    }
    let granted: usize = grants.iter().map(Vec::len).sum();
    say(&format!("callback: {granted} grants, {window} of them left in the documented window"));
    Ok(())
}

/// Runs one callback with one call broken, and the person who tries again.
async fn trial(scene: &Scene, at: At) -> Result<Trial<u16>> {
    let Scene { world, rig } = scene;
    let Door { path, cookie } = quick::depart(world, &scene.calm(), "crash").await?;
    let headers = [("cookie", cookie.as_str())];
    let before = redeemed(scene);
    let trial = rig
        .broken(at, async |functions| {
            let answer = functions.http(&Method::GET, &path, &headers, None).await?;
            Ok(answer.status.as_u16())
        })
        .await?;
    let again = scene.calm().http(&Method::GET, &path, &headers, None).await?;
    let redeemed = redeemed(scene) - before;
    ensure!(redeemed <= 1, "{}: {redeemed} codes were redeemed", trial.name());
    // Led on as before, asked to wait for a call that may still be at work, or refused.
    let led = again.status == 303 || again.status == 200;
    ensure!(led || again.status.is_client_error(), "{}, then again: {}", trial.name(), again.status);
    Ok(trial)
}

fn redeemed(scene: &Scene) -> u64 {
    let counters = scene.world.stack.sandbox().counters();
    counters.endpoints.get("oauth2/access_token/").copied().unwrap_or(0)
}

/// Checks that its own deletion ended every pending connection.
pub(crate) async fn nothing_is_left(scene: &Scene) -> Result<()> {
    let left = checks::remains(&scene.world.stack, "con_").await?;
    ensure!(left.is_empty(), "{left:?}");
    let deletions = scene.world.list("/v1/deletions", "deletions").await?;
    let late = deletions.iter().find(|deletion| deletion["step"] != "done");
    ensure!(late.is_none(), "not done: {late:?}");
    Ok(())
}

/// Asks the platform whether a token still works.
pub(crate) async fn is_alive(scene: &Scene, token: &str) -> Result<bool> {
    let url = format!("{}/open_api/v1.3/user/info/", scene.world.stack.wiring().platform_origin);
    let text = Client::new().get(url).header("access-token", token).send().await?.text().await?;
    let answer: serde_json::Value = serde_json::from_str(&text)?;
    Ok(answer["code"] == 0)
}

/// Returns whether the run died, or lost the answer, between the platform's grant and our write.
fn in_window(trial: &Trial<u16>) -> bool {
    let Some(exchange) = trial.first("oauth2/access_token") else { return false };
    let writes =
        trial.log.iter().filter(|call| call.seq > exchange && call.operation == "TransactWriteItems");
    let write = writes.map(|call| call.seq).next().unwrap_or(u64::MAX);
    let At { mode, call, .. } = trial.at;
    match mode {
        Mode::CrashBefore => call > exchange && call <= write,
        Mode::CrashAfter => call >= exchange && call < write,
        Mode::Reset | Mode::Duplicate => call == exchange,
        Mode::Throttle | Mode::Conflict | Mode::ServerError | Mode::Outage | Mode::Slow => false,
    }
}
