//! The way back from the platform. Every check fails closed to one answer; only then is the code redeemed, once.
//!
//! If anything fails after the exchange, the platform is asked to end the grant, so that none stays behind that nobody
//! knows of. That is one best-effort call: a process that dies in between leaves a grant without a token of ours, which
//! the person can end in the platform's settings. From the moment the connection's row exists its own deletion revokes.

mod admit;
mod arrive;
mod landing;
#[cfg(test)]
mod tests;

use secrecy::SecretString;
use url::Url;

use crate::connect::binding::unusable;
use crate::connector::Connectors;
use crate::error::Result;
use crate::ports::{
    CallerRead, Clock, ConnectionCreate, ConnectionRead, DeletionBegin, Entropy, KeyMint, KeyOpen,
    TransientPut, TransientTake, VaultRead,
};
use crate::profile::Profile;
use crate::secret::Confidential;

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Whether the tenant still is.
    pub callers: &'a dyn CallerRead,
    /// Uses transactions up.
    pub take: &'a dyn TransientTake,
    /// Keeps the ticket.
    pub put: &'a dyn TransientPut,
    /// The connection that is authorised again.
    pub connections: &'a dyn ConnectionRead,
    /// Writes connections.
    pub create: &'a dyn ConnectionCreate,
    /// Lists the places of the deletion that waits for an abandoned connection.
    pub deletions: &'a dyn DeletionBegin,
    /// The app's sealed credentials, the newest token version.
    pub vault: &'a dyn VaultRead,
    /// Opens the app's keys; never a connection's.
    pub open: &'a dyn KeyOpen,
    /// Makes the connection's keys.
    pub mint: &'a dyn KeyMint,
    /// The platforms.
    pub connectors: &'a dyn Connectors,
    /// The product.
    pub profile: &'a Profile,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Digests, ids, the ticket.
    pub entropy: &'a dyn Entropy,
}

/// What came with the request; every parameter at most once and of bounded size.
#[derive(Debug)]
pub struct Input {
    /// The platform in the path.
    pub platform: String,
    /// The context in the path.
    pub context: String,
    /// The state.
    pub state: Confidential,
    /// The code; without one the person refused.
    pub code: Option<SecretString>,
    /// The issuer, where the platform says it (RFC 9207).
    pub issuer: Option<String>,
    /// The browser-binding cookie of this state.
    pub cookie: Option<Confidential>,
}

/// Where the person goes on.
#[derive(Debug, Clone)]
pub enum Arrival {
    /// To the choice of accounts, with a ticket for the browser.
    Choose {
        /// The ticket's text.
        ticket: Confidential,
    },
    /// Back to the product: a live connection was authorised again.
    Again {
        /// The registered URL to return to, with the connection's id.
        url: Url,
    },
}

/// Takes the person in.
pub async fn run(ports: &Ports<'_>, input: &Input) -> Result<Arrival> {
    let transaction = admit::run(ports, input).await?;
    let connector = ports.connectors.find(&transaction.session.platform).ok_or_else(unusable)?;
    let platform = ports.profile.platform(&transaction.session.platform).ok_or_else(unusable)?;
    let landing = landing::exchange(ports, input, &transaction, (connector, platform)).await?;
    match arrive::run(ports, &transaction, &landing).await {
        Ok(arrival) => Ok(arrival),
        Err(error) => {
            landing.revoke().await;
            Err(error)
        }
    }
}
