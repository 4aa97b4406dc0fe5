//! Callers read about themselves: their credential with its limits.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use anyhow::{Context as _, Result, ensure};
use http::Method;
use mooring_domain::people::caller::Scope;
use mooring_tests_journeys::{Size, World};
use serde_json::json;

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
        let left = |limit: &serde_json::Value| limit["left"].as_u64().context("nothing is left");
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
