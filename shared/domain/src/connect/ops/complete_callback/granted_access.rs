//! Exchanges the code, and checks what the grant gives access to.

use std::time::Duration;

use super::{Input, Ports};
use crate::base::error::{Error, Kind, Result};
use crate::base::secret::Confidential;
use crate::connect::binding::verifier;
use crate::connect::session::AuthTransaction;
use crate::platform::account::AccountList;
use crate::platform::capabilities::{Allowance, CallContext, CodeExchange, Connector, Grant, Identity};
use crate::platform::credentials::AppCredentials;
use crate::platform::profile::{PlatformProfile, ScopePurpose};
use crate::platform::steps::app_secrets;

/// A grant in hand: from here on a failure makes Mooring ask the platform to end it.
pub(super) struct GrantedAccess<'a> {
    /// The platform's connector.
    pub(super) connector: &'a dyn Connector,
    /// The profile of the platform.
    pub(super) platform: &'a PlatformProfile,
    /// The app's credentials.
    app: AppCredentials,
    /// The grant: its tokens and scopes.
    pub(super) grant: Grant,
    /// The time that is left of [`READING`].
    gate: Allowance,
}

/// Redeems the code, and never retries: codes are single-use, and a second try can end the grant of the first.
pub(super) async fn exchange<'a>(
    ports: &Ports,
    input: &Input,
    transaction: &AuthTransaction,
    (connector, platform): (&'a dyn Connector, &'a PlatformProfile),
) -> Result<GrantedAccess<'a>> {
    let code = input.code.as_ref().ok_or_else(declined)?;
    let app =
        app_secrets::credentials(ports.rows.as_ref(), ports.keys.as_ref(), connector.manifest().platform)
            .await?;
    let cookie = input.cookie.as_ref().map_or("", Confidential::text);
    let verifier = verifier(ports.entropy.as_ref(), cookie);
    let gate = Allowance::of(READING);
    let request =
        CodeExchange { code, redirect_uri: &transaction.redirect_uri, verifier: &verifier, gate: &gate };
    let grant = connector.oauth().exchange(&app, &request).await?;
    Ok(GrantedAccess { connector, platform, app, grant, gate })
}

/// How long the exchange and the questions after it may take altogether: a person waits, and a function is held.
const READING: Duration = Duration::from_millis(7_500);

/// How long Mooring may then take to give the grant back. With [`READING`] this makes the ten seconds of a callback.
const ENDING: Duration = Duration::from_millis(2_500);

impl GrantedAccess<'_> {
    fn context<'a>(&'a self, gate: &'a Allowance) -> CallContext<'a> {
        CallContext {
            token: &self.grant.access,
            app: &self.app,
            profile: self.platform,
            patience: READING,
            gate,
        }
    }

    /// Refuses a grant that lacks a required scope, and names the scope; refuses more scopes than a connection's row and a
    /// page of connections have room for.
    pub(super) fn check_scopes(&self) -> Result<()> {
        self.grant.check_bounds()?;
        let missing = self.platform.missing(&self.grant.scopes);
        if missing.is_empty() { Ok(()) } else { Err(left_out(&missing)) }
    }

    /// Asks the platform who granted.
    pub(super) async fn identity(&self) -> Result<Identity> {
        self.connector.oauth().identity(&self.context(&self.gate)).await
    }

    /// Asks the platform which accounts the grant reaches. A list with no account that can be chosen is refused.
    pub(super) async fn accounts(&self) -> Result<AccountList> {
        let Some(accounts) = self.connector.accounts() else { return Err(nothing_reached()) };
        let found = accounts.list(&self.context(&self.gate)).await?;
        if found.usable.is_empty() { Err(nothing_reached()) } else { Ok(found) }
    }

    /// Asks the platform to end the grant. The outcome changes nothing, because Mooring uses no token that it did not
    /// store.
    pub(super) async fn revoke(&self) {
        let gate = Allowance::of(ENDING);
        drop(self.connector.oauth().revoke(&self.context(&gate)).await);
    }
}

fn declined() -> Error {
    let message = "The platform did not give access, so nothing was connected and nothing was kept.";
    Error::new(Kind::NotPermitted, "declined", message)
}

/// The needed scopes that a person left out.
#[derive(Debug, thiserror::Error)]
#[error("left out: {0:?}")]
pub(super) struct LeftOut(pub(super) Vec<String>);

fn left_out(missing: &[&ScopePurpose]) -> Error {
    let what: Vec<&str> = missing.iter().map(|scope| scope.what.as_str()).collect();
    let message = format!(
        "A permission that is needed was left out: {} Nothing was connected and nothing was kept. \
         To connect, start again and leave all needed permissions ticked.",
        what.join(" ")
    );
    let scopes = missing.iter().map(|scope| scope.scope.clone()).collect();
    Error::new(Kind::NotPermitted, "scope_missing", message).because(LeftOut(scopes))
}

fn nothing_reached() -> Error {
    let message = "The grant reaches no account, so nothing was connected and nothing was kept.";
    Error::new(Kind::NotPermitted, "no_accounts", message)
}
