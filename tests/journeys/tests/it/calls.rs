//! Callers read about themselves: their credential with its limits, the log of their calls, and how many there were.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_domain::people::caller::Scope;
use mooring_tests_journeys::{Size, World};
use serde_json::{Value, json};

/// Reading what is left costs the one call that it is, and each kind of credential reads about itself.
#[tokio::test]
async fn a_credential_says_whose_it_is_and_what_is_left() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let seeded = world.stack.seeded();
    let first = world.product.get("/v1/credential").await?;
    let again = world.product.get("/v1/credential").await?;
    ensure!(first["kind"] == "api_key" && first["tenant"]["id"] == seeded.tenant.as_str(), "{first}");
    ensure!(first["name"].is_string() && first["end_user"].is_null(), "{first}");
    ensure!(first["scopes"] == json!(Scope::ALL.map(Scope::as_str)), "{first}");
    for (at, name) in ["key", "tenant"].into_iter().enumerate() {
        let (limit, later) = (&first["limits"][at], &again["limits"][at]);
        ensure!(limit["name"] == name && limit["full_at"].is_string(), "{limit}");
        let left = |limit: &Value| limit["left"].as_u64().context("nothing is left");
        ensure!(left(limit)? < limit["at_once"].as_u64().context("no burst")?, "{limit}");
        ensure!(left(limit)? == left(later)? + 1, "{limit} then {later}");
    }
    let asked = json!({ "end_user": "u-7", "scopes": ["reports.read"] });
    let minted = world.product.call(Method::POST, "/v1/frontend-tokens", Some(&asked)).await?;
    let browser = world.product.with_credential(minted["token"].as_str().context("no token")?);
    let token = browser.get("/v1/credential").await?;
    ensure!(token["kind"] == "frontend_token" && token["end_user"] == "u-7", "{token}");
    ensure!(token["minted_by"] == first["id"] && token["expires_at"] == minted["expires_at"], "{token}");
    ensure!(token["scopes"] == json!(["reports.read"]), "{token}");
    Ok(())
}

/// Reads all pages of the access log, of two calls each.
async fn log(world: &World, filter: &str) -> Result<Vec<Value>> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.product.get(&format!("/v1/access-log?limit=2{filter}{cursor}")).await?;
        all.extend(page["accesses"].as_array().context("no list")?.iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return Ok(all) };
        cursor = format!("&cursor={next}");
    }
}

/// Who read what is there to be read, under pseudonyms alone; whoever reads it is there too; and days count it.
#[tokio::test]
async fn the_log_says_who_called_what_and_usage_counts_it() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let asked = json!({ "end_user": "u-canary" });
    let minted = world.product.call(Method::POST, "/v1/frontend-tokens", Some(&asked)).await?;
    let browser = world.product.with_credential(minted["token"].as_str().context("no token")?);
    let missing = "con_00000000000000000000000009";
    // Calls of one moment are in the log in any order.
    world.skip(SignedDuration::from_secs(1));
    for path in ["/v1/connections", &format!("/v1/connections/{missing}")] {
        browser.send(Method::GET, path, None).await?;
        world.skip(SignedDuration::from_secs(1));
        world.product.send(Method::GET, path, None).await?;
        world.skip(SignedDuration::from_secs(1));
    }
    let all = log(&world, "").await?;
    let calls: Vec<_> = all.iter().rev().skip(1).take(4).collect();
    for (call, (kind, operation, outcome)) in calls.iter().zip([
        ("frontend_token", "listConnections", "succeeded"),
        ("api_key", "listConnections", "succeeded"),
        ("frontend_token", "getConnection", "refused"),
        ("api_key", "getConnection", "refused"),
    ]) {
        ensure!(
            call["actor"]["kind"] == kind && call["actor"]["person"].is_string() == (kind != "api_key"),
            "{call}"
        );
        ensure!(call["operation"] == operation && call["outcome"] == outcome, "{call}");
        let subjects = if operation == "getConnection" { json!([missing]) } else { json!([]) };
        ensure!(call["subject_ids"] == subjects && call["request_id"].is_string(), "{call}");
    }
    world.skip(SignedDuration::from_secs(1));
    let readers = log(&world, "").await?.iter().filter(|call| call["operation"] == "listAccesses").count();
    ensure!(readers >= 3, "who reads the log is in the log: {readers}");
    let person = calls[0]["actor"]["person"].as_str().context("no person")?;
    let id = calls[1]["actor"]["id"].as_str().context("no id")?;
    for (filter, number) in [
        ("&end_user=u-canary".to_owned(), 2),
        (format!("&actor={person}"), 2),
        (format!("&actor={person}&end_user=somebody-else"), 0),
        (format!("&actor={id}&subject={missing}"), 1),
        (format!("&subject={missing}"), 2),
    ] {
        let mut found = log(&world, &filter).await?;
        // Whoever asked for the calls about a thing named it too.
        found.retain(|call| call["operation"] != "listAccesses");
        ensure!(found.len() == number, "{filter}: {found:?}");
        ensure!(!format!("{found:?}").contains("canary"), "{found:?}");
    }
    let today = world.now().to_string().chars().take(10).collect::<String>();
    let usage = world.product.get("/v1/usage").await?;
    let days = usage["days"].as_array().context("no days")?;
    ensure!(days.len() == 7 && days[0]["day"] == today.as_str() && usage["next_cursor"].is_null(), "{usage}");
    let calls = &days[0]["calls"];
    ensure!(calls["with_frontend_token"] == 2 && calls["refused"] == 2 && calls["failed"] == 0, "{usage}");
    let counted = log(&world, "").await?.iter().filter(|call| call["operation"] != "listAccesses").count();
    // The log knows the call of the usage too.
    ensure!(counted == 6, "{counted} calls");
    for path in ["/v1/access-log", "/v1/usage"] {
        let answer = browser.send(Method::GET, path, None).await?;
        ensure!(answer.status() == 403, "{path} answers a browser {}", answer.status());
    }
    Ok(())
}
