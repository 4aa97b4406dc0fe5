//! Syncs as a product sees them: their state, a sync that is asked for, and the events that tell their ends.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_local::Connected;
use mooring_sandbox::Faults;
use mooring_tests_journeys::{Answer, Receiver, Size, Wire, World};
use serde_json::{Value, json};

const ENDPOINTS: &str = "/v1/webhook-endpoints";

async fn minute(world: &World) -> Result<()> {
    world.pass(SignedDuration::from_secs(61)).await
}

/// Reads how the syncs of the only account go.
async fn sync(world: &World, connected: &Connected) -> Result<Value> {
    let view = world.product.get(&format!("/v1/connections/{}", connected.id)).await?;
    Ok(view["accounts"][0]["sync"].clone())
}

/// Asks for a sync of the only account, with an `Idempotency-Key`.
async fn ask(world: &World, connected: &Connected, key: &str) -> Result<Answer> {
    let account = connected.accounts.first().context("no account")?;
    let path = format!("/v1/connections/{}/accounts/{account}/sync", connected.id);
    let bearer = format!("Bearer {}", world.stack.seeded().api_key);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    Wire::to(&world.stack.wiring().api_origin)?.send(&Method::POST, &path, &headers, None).await
}

/// Returns the reasons of the events of a type that came, in order, once each.
fn reasons(receiver: &Receiver, kind: &str, connected: &Connected) -> Result<Vec<String>> {
    let mut reasons = Vec::new();
    for heard in receiver.of_type(kind) {
        let body = heard.json();
        let data = &body["data"];
        ensure!(data["connection_id"] == connected.id.as_str(), "{body}");
        ensure!(data["account_id"] == connected.accounts[0].as_str(), "{body}");
        ensure!(data["window"]["from"].is_string() && data["window"]["to"].is_string(), "{body}");
        reasons.push(data["reason"].as_str().context("no reason")?.to_owned());
    }
    reasons.sort_unstable();
    Ok(reasons)
}

#[tokio::test]
async fn a_product_sees_how_syncs_go_asks_for_one_and_hears_its_end() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let receiver = Receiver::start().await?;
    let hears = json!({ "url": receiver.origin(), "event_types": ["sync.completed", "sync.failed"] });
    world.product.call(Method::POST, ENDPOINTS, Some(&hears)).await?;
    let connected = world.connect("u-sync").await?;
    let waiting = sync(&world, &connected).await?;
    ensure!(waiting["state"] == "waiting" && waiting["last_attempt"].is_null(), "{waiting}");
    let early = ask(&world, &connected, "early").await?;
    ensure!(early.status == 202 && early.json()["outcome"] == "under_way", "{}", early.body);

    world.stack.drain().await?;
    minute(&world).await?;
    let current = sync(&world, &connected).await?;
    ensure!(current["state"] == "current" && current["progress"].is_null(), "{current}");
    ensure!(current["last_success"].is_string() && current["last_error"].is_null(), "{current}");
    let wait = world.now().duration_until(current["next_at"].as_str().context("no next")?.parse()?);
    ensure!(wait > SignedDuration::ZERO && wait <= SignedDuration::from_hours(1), "{current}");
    ensure!(reasons(&receiver, "sync.completed", &connected)? == ["backfill", "first"]);

    // Past the quarter of an hour in which the planner's own job counts as running.
    while wait_for_slot(&world, &connected).await? < SignedDuration::from_mins(20) {
        world.pass(SignedDuration::from_mins(5)).await?;
    }
    let asked = ask(&world, &connected, "one").await?;
    ensure!(asked.status == 202 && asked.json()["outcome"] == "sent", "{}", asked.body);
    ensure!(asked.header("location").ends_with(&format!("/v1/connections/{}", connected.id)), "{asked:?}");
    let again = ask(&world, &connected, "one").await?;
    ensure!(again.status == 202 && again.header("idempotent-replayed") == "true", "{}", again.body);
    let soon = ask(&world, &connected, "two").await?;
    ensure!(soon.status == 429 && soon.json()["code"] == "sync_too_soon", "{}", soon.body);
    ensure!(soon.header("retry-after") == "900" && soon.is_problem(), "{soon:?}");
    world.stack.drain().await?;
    minute(&world).await?;
    ensure!(reasons(&receiver, "sync.completed", &connected)? == ["backfill", "first", "requested"]);

    world.stack.sandbox().set_faults(Faults { wrong_json: 10_000, ..Faults::default() });
    for _ in 0..2 {
        world.an_hour().await?;
        let failing = sync(&world, &connected).await?;
        ensure!(failing["state"] == "failing", "{failing}");
        ensure!(failing["last_error"]["code"] == "platform_changed", "{failing}");
        ensure!(failing["last_error"]["since"].is_string(), "{failing}");
        ensure!(reasons(&receiver, "sync.failed", &connected)? == ["platform_changed"], "told once");
    }
    world.stack.sandbox().set_faults(Faults::default());
    world.an_hour().await?;
    world.an_hour().await?;
    ensure!(sync(&world, &connected).await?["state"] == "current");
    let told = reasons(&receiver, "sync.completed", &connected)?;
    ensure!(told == ["backfill", "first", "recovered", "requested"], "{told:?}");
    Ok(())
}

/// Returns the wait for the next sync by itself; zero while the last one may still count as running.
async fn wait_for_slot(world: &World, connected: &Connected) -> Result<SignedDuration> {
    let next = sync(world, connected).await?["next_at"].as_str().context("no next")?.parse()?;
    let wait = world.now().duration_until(next);
    Ok(if wait > SignedDuration::from_mins(44) { SignedDuration::ZERO } else { wait })
}

/// Deliveries are made up to a minute after their event: an endpoint that was not there then, or was off, hears nothing.
#[tokio::test]
async fn an_endpoint_hears_nothing_from_before_it_was_made_or_switched_on() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let receiver = Receiver::start().await?;
    let first = world.connect("before").await?;
    world.skip(SignedDuration::from_secs(1));
    let endpoint = json!({ "url": receiver.origin() });
    let made = world.product.call(Method::POST, ENDPOINTS, Some(&endpoint)).await?;
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().context("no id")?);
    minute(&world).await?;
    ensure!(receiver.of_type("connection.activated").is_empty(), "it heard of the time before it was made");
    let switch = async |on: bool| {
        world.skip(SignedDuration::from_secs(1));
        world.product.call(Method::PATCH, &path, Some(&json!({ "enabled": on }))).await
    };
    switch(false).await?;
    world.disconnect(&first.id).await?;
    switch(true).await?;
    world.connect("after").await?;
    // Switching on what is on changes nothing: what waits to be sent is still sent.
    switch(true).await?;
    minute(&world).await?;
    ensure!(
        receiver.of_type("connection.disconnected").is_empty(),
        "it heard of the time in which it was off"
    );
    ensure!(receiver.of_type("connection.activated").len() == 1, "{:?}", receiver.heard());
    Ok(())
}
