//! The whole way with the rights of template.yaml and no others: what the product does, its roles allow.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_local::{Connected, Person};
use mooring_tests_journeys::guarded::Right;
use mooring_tests_journeys::{Receiver, Size, Wire, World, say};
use mooring_tests_tidy::decide::rights;
use mooring_tests_tidy::grants::grants;
use mooring_tests_tidy::template::Template;
use serde_json::{Value, json};

const ENDPOINTS: &str = "/v1/webhook-endpoints";
const MAIL: &str = "anna@example.net";

fn text(value: &Value, field: &str) -> Result<String> {
    value[field].as_str().map(str::to_owned).with_context(|| format!("no {field}"))
}

/// Everything that a product does with webhook endpoints.
async fn hooks(world: &World, receiver: &Receiver) -> Result<()> {
    let product = &world.product;
    let made = product.call(Method::POST, ENDPOINTS, Some(&json!({ "url": receiver.origin() }))).await?;
    let path = format!("{ENDPOINTS}/{}", text(&made, "id")?);
    product.get(ENDPOINTS).await?;
    product.get(&path).await?;
    product.call(Method::PATCH, &path, Some(&json!({ "description": "ours" }))).await.ok();
    product.call(Method::POST, &format!("{path}/rotate-secret"), None).await?;
    let delivery = product.call(Method::POST, &format!("{path}/test"), None).await?;
    world.stack.drain().await?;
    let delivery = format!("{path}/deliveries/{}", text(&delivery, "id")?);
    product.get(&format!("{path}/deliveries")).await?;
    product.get(&delivery).await?;
    product.call(Method::POST, &format!("{delivery}/replay"), None).await?;
    world.stack.drain().await?;
    let other = product.call(Method::POST, ENDPOINTS, Some(&json!({ "url": receiver.origin() }))).await?;
    product.send(Method::DELETE, &format!("{ENDPOINTS}/{}", text(&other, "id")?), None).await?;
    Ok(())
}

/// Reads what a connection gives.
async fn reads(world: &World, connected: &Connected) -> Result<()> {
    world.product.call(Method::POST, "/v1/frontend-tokens", Some(&json!({ "end_user": "rights" }))).await?;
    world.product.get("/v1/connections").await?;
    for level in ["account", "campaign", "ad_group", "ad"] {
        let rest = format!("level={level}&from=2026-11-16&to=2026-11-21&metrics=spend&limit=5");
        world.report(connected, &connected.accounts[0], &rest).await?;
    }
    Ok(())
}

/// Ends an account and its connection, with everything that can be read about it.
async fn ends(world: &World, connected: &Connected) -> Result<()> {
    let path = format!("/v1/connections/{}/accounts/{}", connected.id, connected.accounts[0]);
    let account = world.product.call(Method::DELETE, &path, None).await?;
    world.finish(&text(&account, "id")?, 8).await?;
    let deletion = world.disconnect(&connected.id).await?;
    let id = text(&deletion, "id")?;
    world.finish(&id, 8).await?;
    world.product.get("/v1/deletions").await?;
    world.product.get(&format!("/v1/deletions/{id}/receipt")).await?;
    let status = url::Url::parse(&text(&deletion, "status_url")?)?;
    ensure!(Person::new()?.get(&status).await?.status == 200, "no status page");
    Ok(())
}

/// Ends a connection by mail, and the tenant with what is left.
async fn ends_from_outside(world: &World) -> Result<()> {
    let mut person = Person::new()?;
    world.product.connect(&mut person, "rights-mail", Some(MAIL)).await?;
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let headers = [("content-type", "application/json"), ("accept", "application/json")];
    let body = json!({ "email": MAIL }).to_string();
    wire.send(&Method::POST, "/deletion-requests", &headers, Some(body.as_bytes())).await?;
    world.pass(SignedDuration::from_mins(6)).await?;
    let mails = world.stack.aws().mails();
    let mut words = mails.iter().flat_map(|mail| mail.text.split_whitespace());
    let link = words.find(|word| word.contains("/deletion-requests/")).context("no mail came")?;
    let page = person.get(&url::Url::parse(link)?).await?;
    person.submit(&page.form("<button")?, |_, _| true).await?;
    world.pass(SignedDuration::from_mins(30)).await?;
    let body = json!({ "tenant": true });
    world.product.call(Method::POST, "/v1/deletion-requests", Some(&body)).await?;
    for minutes in [1, 21, 24 * 60, 6] {
        world.pass(SignedDuration::from_mins(minutes)).await?;
    }
    Ok(())
}

async fn whole_way(world: &World) -> Result<()> {
    let receiver = Receiver::start().await?;
    hooks(world, &receiver).await?;
    let connected = world.connect_and_sync("rights").await?;
    world.an_hour().await?;
    reads(world, &connected).await?;
    ends(world, &connected).await?;
    // A connection that nobody takes up ends by itself.
    world.product.connect_until_return(&mut Person::new()?, "rights-lost", None).await?;
    world.pass(SignedDuration::from_mins(16)).await?;
    ends_from_outside(world).await
}

#[tokio::test]
async fn the_whole_way_needs_no_right_that_the_roles_do_not_have() -> Result<()> {
    let template = Template::read()?;
    let (world, guard) = World::guarded(Size::PAIR, &template).await?;
    let went = whole_way(&world).await;
    let seen = guard.seen();
    ensure!(seen.denied.is_empty(), "denied: {:#?}", seen.denied);
    went?;
    ensure!(seen.calls > 500, "{} calls are not the whole way", seen.calls);
    // Lambda writes the log and takes the messages, not the function's own clients.
    let own =
        |right: &&Right| !(right.1 == "Logs" || right.1.starts_with("Take") || seen.used.contains(*right));
    let all = rights(&grants(&template));
    let unused: BTreeSet<&Right> = all.iter().filter(own).collect();
    for (function, sid, action) in &unused {
        say(&format!("not needed on this way: {function} {sid} {action}"));
    }
    say(&format!("{} calls, 0 denied, {} rights needed, {} not", seen.calls, seen.used.len(), unused.len()));
    Ok(())
}

/// The broken run of the test above, kept: a statement less is a call denied.
#[tokio::test]
async fn a_statement_that_is_missing_is_seen() -> Result<()> {
    let mut template = Template::read()?;
    let place = "/Resources/ConnectionsReadRole/Properties/Policies/0/PolicyDocument/Statement";
    let statements = template.0.pointer_mut(place).and_then(Value::as_array_mut).context("no statements")?;
    statements.retain(|statement| statement["Sid"] != "Connections");
    let (world, guard) = World::guarded(Size::SMALL, &template).await?;
    ensure!(world.product.get("/v1/connections").await.is_err(), "it was read without a right");
    let denied = guard.seen().denied;
    ensure!(denied.iter().all(|call| call.starts_with("connections-read dynamodb:")), "{denied:?}");
    ensure!(!denied.is_empty(), "nothing was denied");
    Ok(())
}
