//! The API's guards over everything: rate limits that hold and say so, and POSTs that may be sent again.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::collections::BTreeSet;
use std::future::Future;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_aws_local::LocalClock;
use mooring_domain::base::table::Table;
use mooring_domain::guard::limits::{Limits, Rate};
use mooring_edge::routes::ROUTES;
use mooring_local::{Person, Stack, StackOptions};
use mooring_tests_journeys::rig::{Mode, Rig};
use mooring_tests_journeys::world::BEGINNING;
use mooring_tests_journeys::{Answer, Size, Wire, World, connecting, say, tables};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// A world and a client that sends exactly the requests of a test.
struct Bench {
    world: World,
    wire: Wire,
    key: String,
}

impl Bench {
    /// Starts a world with the local runner's generous limits.
    async fn open() -> Result<Self> {
        Self::with(StackOptions::default().limits).await
    }

    async fn with(limits: Limits) -> Result<Self> {
        let clock = LocalClock::standing_at(BEGINNING.parse()?);
        let Size { ads, advertisers } = Size::SMALL;
        let stack =
            Stack::start(StackOptions { clock, ads, advertisers, limits, ..StackOptions::default() }).await?;
        stack.serve().await?;
        let (product, wire) = (stack.product()?, Wire::to(&stack.wiring().api_origin)?);
        let key = stack.seeded().api_key.clone();
        Ok(Self { world: World { stack, product }, wire, key })
    }

    async fn get(&self, credential: &str) -> Result<Answer> {
        let bearer = format!("Bearer {credential}");
        let headers = [("authorization", bearer.as_str()), ("origin", self.world.stack.demo_origin())];
        self.wire.send(&Method::GET, "/v1/connections", &headers, None).await
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Answer> {
        post(&self.wire, &self.key, path, key, body).await
    }

    /// Sends the same call many times at once.
    async fn duplicates(&self, many: usize, path: &str, key: &str, body: &Value) -> Result<Vec<Answer>> {
        let calls = (0..many).map(|_| {
            let (wire, credential) = (self.wire.clone(), self.key.clone());
            let (path, key, body) = (path.to_owned(), key.to_owned(), body.clone());
            async move { post(&wire, &credential, &path, &key, &body).await }
        });
        at_once(calls).await
    }

    async fn rows(&self, table: Table, prefix: &str) -> Result<usize> {
        let items = self.world.stack.items(table).await?;
        let begins = |value: Option<&aws_sdk_dynamodb::types::AttributeValue>| {
            value.and_then(|value| value.as_s().ok()).is_some_and(|text| text.starts_with(prefix))
        };
        Ok(items.iter().filter(|item| begins(item.get("sk"))).count())
    }

    /// Makes a connection that waits for its activation; returns the path and the body.
    async fn pending(&self, end_user: &str) -> Result<(String, Value)> {
        let back = self.world.product.connect_until_return(&mut Person::new()?, end_user, None).await?;
        let path = format!("/v1/connections/{}/activate", connecting::parameter(&back, "connection_id")?);
        Ok((path, json!({ "code": connecting::parameter(&back, "code")?, "end_user": end_user })))
    }
}

async fn post(wire: &Wire, credential: &str, path: &str, key: &str, body: &Value) -> Result<Answer> {
    let bearer = format!("Bearer {credential}");
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", key)];
    wire.send(&Method::POST, path, &headers, Some(body.to_string().as_bytes())).await
}

async fn at_once<T: Send + 'static>(
    calls: impl Iterator<Item = impl Future<Output = Result<T>> + Send + 'static>,
) -> Result<Vec<T>> {
    let mut tasks: JoinSet<Result<T>> = calls.collect();
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        answers.push(answer??);
    }
    Ok(answers)
}

/// Returns limits of one call every ten seconds, with a burst: nothing comes back until a test moves the clock.
fn slow(burst: u32) -> Limits {
    Limits { key: Rate::per_minute(6, burst), tenant: Rate::per_minute(6, 4 * burst) }
}

/// Returns, of the answers to one call that was sent many times, those that carried it out or repeat it. The others
/// wait.
fn carried_out(answers: &[Answer], status: u16) -> Result<Vec<&Answer>> {
    for answer in answers.iter().filter(|answer| answer.status != status) {
        ensure!(answer.status == 409 && answer.is_problem(), "{}: {}", answer.status, answer.body);
        ensure!(answer.json()["code"] == "idempotency_in_progress", "{}", answer.body);
        ensure!(answer.header("retry-after") == "1" && answer.json()["retryable"] == true, "{answer:?}");
    }
    let carried_out: Vec<_> = answers.iter().filter(|answer| answer.status == status).collect();
    let first = carried_out.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
    ensure!(first == 1, "{first} of {} calls were carried out", answers.len());
    let bodies: BTreeSet<_> = carried_out.iter().map(|answer| &answer.body).collect();
    ensure!(bodies.len() == 1, "different answers to one call: {bodies:?}");
    Ok(carried_out)
}

#[tokio::test]
async fn a_caller_over_its_limit_is_told_when_to_come_back_and_others_are_not_hindered() -> Result<()> {
    let bench = Bench::with(slow(5)).await?;
    let scopes = json!({ "end_user": "u-1", "scopes": ["connections.read"] });
    let token = bench.post("/v1/frontend-tokens", "mint", &scopes).await?.json();
    let token = token["token"].as_str().context("no token")?.to_owned();
    for stranger in ["nonsense", &format!("{}x", bench.key)] {
        let refused = bench.get(stranger).await?;
        ensure!(refused.status == 401 && refused.header("ratelimit").is_empty(), "{refused:?}");
    }
    for left in [3, 2, 1, 0] {
        let answer = bench.get(&bench.key).await?;
        ensure!(answer.status == 200, "{}", answer.body);
        ensure!(answer.header("ratelimit-policy") == "\"key\";q=6;w=60, \"tenant\";q=6;w=60", "{answer:?}");
        ensure!(answer.header("ratelimit").starts_with(&format!("\"key\";r={left};t=")), "{answer:?}");
    }
    let refused = bench.get(&bench.key).await?;
    ensure!(refused.status == 429 && refused.is_problem(), "{}", refused.body);
    let problem = refused.json();
    ensure!(problem["code"] == "quota_exceeded" && problem["retryable"] == true, "{problem}");
    ensure!(problem["violated-policies"] == json!(["key"]), "{problem}");
    let wait: i64 = refused.header("retry-after").parse()?;
    ensure!((1..=10).contains(&wait), "{wait}");
    ensure!(refused.header("ratelimit").starts_with(&format!("\"key\";r=0;t={wait}")), "{refused:?}");
    ensure!(refused.header("access-control-allow-origin") == bench.world.stack.demo_origin(), "{refused:?}");
    for name in ["RateLimit", "RateLimit-Policy", "Retry-After", "Idempotent-Replayed"] {
        ensure!(
            refused.header("access-control-expose-headers").split(", ").any(|known| known == name),
            "{name}"
        );
    }
    ensure!(bench.get(&token).await?.status == 200, "another credential of the tenant");
    bench.world.skip(SignedDuration::from_secs(wait));
    ensure!(bench.get(&bench.key).await?.status == 200, "after the wait");
    Ok(())
}

#[tokio::test]
async fn parallel_calls_share_one_bucket_and_a_noisy_key_does_not_empty_the_tenants() -> Result<()> {
    let bench = Bench::with(slow(8)).await?;
    let (wire, bearer) = (bench.wire.clone(), format!("Bearer {}", bench.key));
    let calls = (0..48).map(|_| {
        let (wire, bearer) = (wire.clone(), bearer.clone());
        async move { wire.send(&Method::GET, "/v1/connections", &[("authorization", &bearer)], None).await }
    });
    let answers = at_once(calls).await?;
    let through = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    ensure!((through, refused) == (8, 40), "{through} through, {refused} refused");
    let (_, tenant) = answers[0].header("ratelimit").split_once(", ").context("two limits")?;
    ensure!(tenant.starts_with("\"tenant\";r="), "{tenant}");
    let last = bench.get(&bench.key).await?;
    ensure!(
        last.header("ratelimit").contains("\"tenant\";r=24"),
        "only 8 of 32: {}",
        last.header("ratelimit")
    );
    Ok(())
}

/// Bad days: the limiter is throttled itself.
#[tokio::test]
async fn a_limiter_that_is_throttled_lets_through() -> Result<()> {
    let bench = Bench::with(slow(5)).await?;
    let rig = Rig::before(&bench.world, 1).await?;
    let bearer = format!("Bearer {}", bench.key);
    // A POST: a GET reads beside its count, so that the number of a call would not say which of them it is.
    let call = async |mode, call| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let run = async |functions: &mooring_tests_journeys::rig::Functions| {
            let body = json!({ "end_user": "u", "scopes": ["reports.read"] }).to_string();
            functions.http(&Method::POST, "/v1/frontend-tokens", &headers, Some(body)).await
        };
        rig.broken((mode, call), run).await
    };
    let calm = call(Mode::CrashBefore, 0).await?;
    let count = calm.first("UpdateItem").context("nothing is counted")?;
    for mode in [Mode::Throttle, Mode::ServerError, Mode::Conflict, Mode::Reset] {
        let trial = call(mode, count).await?;
        let answer = trial.answered.as_ref().context("it died")?;
        ensure!(answer.status == 201, "{}: {}", trial.name(), answer.body);
        // Both buckets are counted at once, so that either can be the one whose count is refused.
        let counted = ["\"key\"", "\"tenant\""].map(|name| answer.header("ratelimit").contains(name));
        ensure!(
            counted.iter().filter(|is_counted| **is_counted).count() == 1,
            "{}: {answer:?}",
            trial.name()
        );
        ensure!(answer.header("ratelimit-policy").contains("\"key\""), "{}", trial.name());
    }
    for _ in 0..6 {
        bench.get(&bench.key).await?;
    }
    ensure!(bench.get(&bench.key).await?.status == 429, "it counts again");
    Ok(())
}

#[tokio::test]
async fn every_post_takes_a_key_and_refuses_a_bad_one() -> Result<()> {
    let bench = Bench::open().await?;
    let mut routes = 0;
    for route in ROUTES.iter().filter(|route| !route.is_public() && route.method == "POST") {
        routes += 1;
        let path = route.path.replace("{id}", "con_00000000000000000000000001");
        for key in ["a b", "k\u{e9}", &"k".repeat(256)] {
            let answer = bench.post(&path, key, &json!({})).await?;
            ensure!(answer.status == 400 && answer.is_problem(), "{path}: {}", answer.status);
            ensure!(answer.json()["code"] == "invalid_idempotency_key", "{path}: {}", answer.body);
        }
        // A call about a missing thing says so before it reads the body.
        let refusal = if (path.contains("webhook") && path.contains("con_")) || path.ends_with("/sync") {
            "not_found"
        } else {
            "unknown_field"
        };
        for _ in 0..2 {
            let answer = bench.post(&path, "k", &json!({ "unknown": 1 })).await?;
            ensure!(answer.json()["code"] == refusal, "{path}: a refusal is not kept: {}", answer.body);
        }
        let mended = bench.post(&path, "k", &json!({ "other": 1 })).await?;
        ensure!(mended.json()["code"] == refusal, "{path}: a refused key is free: {}", mended.body);
    }
    ensure!(routes >= 4, "{routes} routes");
    ensure!(bench.rows(Table::Transient, "idem#").await? == 0, "nothing is remembered of refusals");
    Ok(())
}

/// Scorecard 31, for the calls whose answers hold secrets that are shown once.
#[tokio::test]
async fn of_64_duplicates_one_makes_the_session_and_all_get_the_same_secret() -> Result<()> {
    let bench = Bench::open().await?;
    let session = json!({
        "end_user": "u-1", "platform": "tiktok_ads", "return_url": connecting::return_url(&bench.world),
        "end_user_email": "anna@example.com",
    });
    let mut rounds = 0;
    for round in 0..6 {
        let key = format!("session-{round}");
        let answers = bench.duplicates(64, "/v1/connect-sessions", &key, &session).await?;
        let url = carried_out(&answers, 201)?[0].json()["url"].as_str().context("no url")?.to_owned();
        rounds += 1;
        ensure!(bench.rows(Table::Transient, "session").await? == rounds, "round {round}: one session each");
        let again = bench.post("/v1/connect-sessions", &key, &session).await?;
        ensure!(again.status == 201 && again.json()["url"] == url.as_str(), "{}", again.body);
        ensure!(
            again.header("idempotent-replayed") == "true" && again.header("location") == url,
            "{again:?}"
        );
        let page = Person::new()?.get(&url.parse()?).await?;
        ensure!(page.form("<button").is_ok(), "the address works");
    }
    let token = json!({ "end_user": "u-1", "scopes": ["connections.read"] });
    let answers = bench.duplicates(64, "/v1/frontend-tokens", "token", &token).await?;
    let minted = carried_out(&answers, 201)?[0].json()["token"].as_str().context("no token")?.to_owned();
    ensure!(bench.rows(Table::Transient, "tok#").await? == 1, "one token");
    ensure!(bench.get(&minted).await?.status == 200, "the token works");
    let kept =
        String::from_utf8_lossy(&tables::bytes(&bench.world.stack, Table::Transient).await?).into_owned();
    for secret in ["anna@example.com", "session-0", minted.as_str(), bench.key.as_str()] {
        ensure!(!kept.contains(secret), "the table holds {secret:.9}…");
    }
    say(&format!("{} duplicates, {} effects", 64 * (rounds + 1), rounds + 1));
    Ok(())
}

#[tokio::test]
async fn of_64_duplicates_one_activates_and_one_deletes() -> Result<()> {
    let bench = Bench::open().await?;
    let (path, body) = bench.pending("u-1").await?;
    let id = path.split('/').nth(3).context("an id")?.to_owned();
    let answers = bench.duplicates(64, &path, "activate", &body).await?;
    ensure!(carried_out(&answers, 200)?[0].json()["state"] == "active");
    ensure!(bench.post(&path, "activate", &body).await?.status == 200, "again");
    let used = bench.post(&path, "another-key", &body).await?;
    ensure!(used.json()["code"] == "not_pending", "the connection is taken up once: {}", used.body);
    let other = bench.post(&path, "activate", &json!({ "code": "x", "end_user": "u-1" })).await?;
    ensure!(other.status == 422 && other.is_problem(), "{}", other.body);
    ensure!(other.json()["code"] == "idempotency_key_reused", "{}", other.body);

    let request = json!({ "connection_id": id });
    let answers = bench.duplicates(64, "/v1/deletion-requests", "delete", &request).await?;
    let deletion = carried_out(&answers, 202)?[0].json()["id"].as_str().context("an id")?.to_owned();
    ensure!(bench.rows(Table::Ledger, "del_").await? == 1, "one deletion");
    let gone = bench.post(&path, "activate", &body).await?;
    ensure!(gone.status == 410, "an activation is not shown after T0: {} {}", gone.status, gone.body);
    bench.world.finish(&deletion, 6).await?;
    let again = bench.post("/v1/deletion-requests", "delete", &request).await?;
    // The key is a day old by now, and the rows are gone: the deleted connection is not there.
    ensure!(again.status == 404, "{} {}", again.status, again.body);
    Ok(())
}

#[tokio::test]
async fn a_deletion_is_answered_again_after_its_rows_are_purged_and_a_key_lives_a_day() -> Result<()> {
    let bench = Bench::open().await?;
    let connected = bench.world.connect("u-1").await?;
    let request = json!({ "connection_id": connected.id });
    let first = bench.post("/v1/deletion-requests", "k", &request).await?;
    ensure!(first.status == 202, "{}", first.body);
    bench.world.stack.drain().await?;
    bench.world.pass(SignedDuration::from_mins(21)).await?;
    let unkeyed = bench.world.product.send(Method::POST, "/v1/deletion-requests", Some(&request)).await?;
    ensure!(unkeyed.status() == 404, "the rows are gone: {}", unkeyed.status());
    let again = bench.post("/v1/deletion-requests", "k", &request).await?;
    ensure!(
        again.status == 202 && again.header("idempotent-replayed") == "true",
        "{} {}",
        again.status,
        again.body
    );
    ensure!(again.json()["id"] == first.json()["id"], "{}", again.body);
    ensure!(again.header("location") == first.header("location"), "{again:?}");
    let mint = json!({ "end_user": "u-1" });
    let token = |answer: Answer| answer.json()["token"].as_str().map(str::to_owned);
    let minted = token(bench.post("/v1/frontend-tokens", "t", &mint).await?);
    bench.world.skip(SignedDuration::from_hours(23));
    ensure!(token(bench.post("/v1/frontend-tokens", "t", &mint).await?) == minted, "within a day");
    bench.world.skip(SignedDuration::from_hours(1));
    ensure!(token(bench.post("/v1/frontend-tokens", "t", &mint).await?) != minted, "after a day");
    Ok(())
}

/// An activation that dies anywhere is sent again with its key: the API answers what got through, and nothing happens
/// twice.
#[tokio::test]
async fn an_activation_that_died_is_answered_when_it_got_through() -> Result<()> {
    let bench = Bench::open().await?;
    let rig = Rig::before(&bench.world, 1).await?;
    let bearer = format!("Bearer {}", bench.key);
    let (mut died, mut got_through) = (0, 0);
    for mode in Mode::CRASHES {
        for call in 1.. {
            let (path, body) = bench.pending(&format!("u-{call}")).await?;
            let key = format!("{mode:?}-{call}");
            let headers = [
                ("authorization", bearer.as_str()),
                ("content-type", "application/json"),
                ("idempotency-key", key.as_str()),
            ];
            let run = async |functions: &mooring_tests_journeys::rig::Functions| {
                functions.http(&Method::POST, &path, &headers, Some(body.to_string())).await
            };
            let trial = rig.broken((mode, call), run).await?;
            if trial.hit().is_none() {
                ensure!(trial.answered.is_some_and(|answer| answer.status == 200));
                break;
            }
            died += 1;
            let id = path.split('/').nth(3).context("an id")?;
            let state = bench.world.product.get(&format!("/v1/connections/{id}")).await?["state"].clone();
            bench.world.skip(SignedDuration::from_secs(31));
            let again = bench.post(&path, &key, &body).await?;
            let code_used = trial.log.iter().any(|call| call.operation == "DeleteItem");
            match again.status.as_u16() {
                200 => got_through += usize::from(state == "active"),
                400 => ensure!(code_used && state == "pending", "{}: {state} {}", trial.name(), again.body),
                other => anyhow::bail!("{}: {other} {}", trial.name(), again.body),
            }
            if again.status == 200 {
                // Each connection that holds the account would cost the next activation a read.
                bench.world.product.call(Method::DELETE, &format!("/v1/connections/{id}"), None).await?;
            }
        }
    }
    ensure!(got_through > 0, "no crash came after the effect");
    say(&format!("{died} crashes, {got_through} after the effect"));
    Ok(())
}
