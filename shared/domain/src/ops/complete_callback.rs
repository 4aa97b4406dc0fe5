//! The way back from the platform. Every check fails closed to one answer; only then is the code redeemed, once.
//!
//! Whatever happens after the checks, the person goes back to the product with the word of the end; the same browser finds
//! the same way when it opens the callback again.
//!
//! If anything fails after the exchange, the platform is asked to end the grant, so that none stays behind that nobody
//! knows of. That is one best-effort call: a process that dies in between leaves a grant without a token of ours, which
//! the person can end in the platform's settings. From the moment the connection's row exists its own deletion revokes.

mod admit;
mod arrive;
mod landing;
#[cfg(test)]
mod tests;

use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

use crate::connect::AuthTransaction;
use crate::connect::binding::unusable;
use crate::connect::end::End;
use crate::connect::way::{Onward, Stage, WayBack};
use crate::connector::Connectors;
use crate::error::{Error, Result};
use crate::ports::{
    CallerRead, Clock, ConnectionCreate, ConnectionRead, DeletionBegin, Entropy, KeyMint, KeyOpen,
    TransientPut, TransientRead, TransientTake, VaultRead,
};
use crate::profile::Profile;
use crate::secret::{Confidential, Digest};

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Whether the tenant still is.
    pub callers: &'a dyn CallerRead,
    /// Uses transactions up.
    pub take: &'a dyn TransientTake,
    /// Looks where a flow came to.
    pub read: &'a dyn TransientRead,
    /// Keeps the ticket, and how far the flow came.
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
#[derive(Debug)]
pub enum Arrival {
    /// Where a flow that goes well leads, or led before.
    Onward(Onward),
    /// Back to the product: the flow ended.
    Ended {
        /// The registered URL to return to, with the word of the end.
        url: Url,
        /// What happened, for the log.
        error: Error,
    },
}

/// How long a callback may be at work before whoever opens it again is told that it failed.
const AT_WORK: SignedDuration = SignedDuration::from_secs(30);

/// Takes the person in. A callback that this browser opened before leads to where it led then; nothing is redeemed twice.
pub async fn run(ports: &Ports<'_>, input: &Input) -> Result<Arrival> {
    let key = ports.entropy.digest(input.state.text().as_bytes());
    let Some(transaction) = ports.take.take_transaction(&key, ports.clock.now()).await? else {
        return again(ports, input, &key).await.map(Arrival::Onward);
    };
    let way = |stage| WayBack {
        return_url: transaction.session.return_url.clone(),
        cookie: Some(transaction.cookie),
        stage,
        until: ports.clock.now() + AT_WORK,
    };
    if let Err(error) = admit::run(ports, input, &transaction).await {
        record(ports, &key, &way(Stage::Ended(End::Failed))).await;
        return Err(error);
    }
    record(ports, &key, &way(Stage::Arriving)).await;
    match take_in(ports, input, &transaction).await {
        Ok((stage, onward)) => {
            record(ports, &key, &way(stage)).await;
            Ok(Arrival::Onward(onward))
        }
        Err(error) => {
            let ended = way(Stage::Ended(End::of(&error)));
            record(ports, &key, &ended).await;
            Ok(Arrival::Ended { url: ended.ended(End::of(&error))?, error })
        }
    }
}

/// Writes down how far the flow came. Only whoever comes again reads it, so that a failure costs no more than their way on.
async fn record(ports: &Ports<'_>, key: &Digest, way: &WayBack) {
    drop(ports.put.put_way(key, way).await);
}

async fn again(ports: &Ports<'_>, input: &Input, key: &Digest) -> Result<Onward> {
    let now = ports.clock.now();
    let way = ports.read.way(key, now).await?.ok_or_else(unusable)?;
    let cookie = input.cookie.as_ref().map_or("", Confidential::text);
    way.leads(ports.entropy, cookie, now)?.ok_or_else(unusable)
}

async fn take_in(ports: &Ports<'_>, input: &Input, transaction: &AuthTransaction) -> Result<(Stage, Onward)> {
    let connector = ports.connectors.find(&transaction.session.platform).ok_or_else(unusable)?;
    let platform = ports.profile.platform(&transaction.session.platform).ok_or_else(unusable)?;
    let landing = landing::exchange(ports, input, transaction, (connector, platform)).await?;
    match arrive::run(ports, input, transaction, &landing).await {
        Ok(arrival) => Ok(arrival),
        Err(error) => {
            landing.revoke().await;
            Err(error)
        }
    }
}
