//! The played platform, asked directly: its figures of days, and its living grants.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use mooring_local::Person;
use mooring_sandbox::SandboxConfig;
use mooring_tests_journeys::Platform;
use serde_json::{Value, json};
use url::Url;

use super::cloud::{Cloud, text};

impl Cloud {
    /// Connects to the platform as a client of its own: a person consents, and the code is redeemed.
    pub(crate) async fn platform(&self) -> Result<Platform> {
        let SandboxConfig { app_id, secret, .. } = SandboxConfig::default();
        let redirect = format!("{}/oauth/callback/tiktok_ads/statasphere", self.api_origin);
        let question = [("app_id", app_id.as_str()), ("state", "e2e"), ("redirect_uri", &redirect)];
        let mut person = Person::new()?;
        let consent = person
            .get(&Url::parse_with_params(&format!("{}/portal/auth", self.platform_origin), question)?)
            .await?;
        let form = consent.form("advertiser")?;
        let answer = person.submit(&form, |name, value| name != "decision" || value == "allow").await?;
        let parameters: BTreeMap<_, _> = answer.follow()?.query_pairs().into_owned().collect();
        let code = parameters.get("auth_code").context("the platform gave no code")?;
        let body = json!({ "app_id": app_id, "secret": secret, "auth_code": code }).to_string();
        let exchange = format!("{}/open_api/v1.3/oauth2/access_token/", self.platform_origin);
        let request = self.client.post(exchange).header("content-type", "application/json").body(body);
        let granted: Value = serde_json::from_str(&request.send().await?.text().await?)?;
        ensure!(granted["code"] == 0, "the platform refused its own code: {granted}");
        Platform::new(&self.platform_origin, text(&granted, "/data/access_token")?.to_owned())
    }

    /// Reads the sandbox's own state.
    async fn sandbox_state(&self) -> Result<Value> {
        let url = format!("{}/_sandbox/state", self.platform_origin);
        Ok(serde_json::from_str(&self.client.get(url).send().await?.text().await?)?)
    }

    /// Counts the tokens that work at the platform.
    pub(crate) async fn living_tokens(&self) -> Result<u64> {
        self.sandbox_state().await?["tokens"]["living"].as_u64().context("the sandbox does not count tokens")
    }

    /// Lists the platform's advertisers.
    pub(crate) async fn advertisers(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.sandbox_state().await?["advertisers"].take())?)
    }
}
