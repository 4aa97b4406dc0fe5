//! Completes the callback from the platform. Every check fails closed, with one answer whatever was wrong; after all
//! checks the code is redeemed, once.
//!
//! Whatever happens after the checks, the person goes back to the product with the word of the end. The same browser
//! goes the same way when it opens the callback again.
//!
//! If anything fails after the exchange, Mooring asks the platform to end the grant, so that no grant stays behind
//! that nobody knows of. That is one best-effort call: a process that dies in between leaves a grant without a token
//! in Mooring, which the person can end in the platform's settings. From the moment the connection's row exists, the
//! connection's own deletion revokes.

mod granted_access;
mod store;
#[cfg(test)]
mod tests;
mod validate;

use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

use self::granted_access::LeftOut;
use crate::base::error::{Error, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::secret::{Confidential, Digest};
use crate::connect::binding::unusable;
use crate::connect::end::End;
use crate::connect::ports::{ConnectionCreate, ConnectionRead, TransientPut, TransientRead, TransientTake};
use crate::connect::session::{AuthTransaction, ConnectSession, SESSION_MINUTES};
use crate::connect::way::{Onward, Stage, WayBack, asking_token};
use crate::deletion::ports::DeletionBegin;
use crate::people::ports::CallerRead;
use crate::platform::capabilities::Connectors;
use crate::platform::profile::Profile;
use crate::vault::ports::{KeyGenerate, KeyOpen, VaultRead};

rows!(
    CallerRead,
    TransientTake,
    TransientRead,
    TransientPut,
    ConnectionRead,
    ConnectionCreate,
    DeletionBegin,
    VaultRead
);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// Opens the app's keys; never a connection's.
    pub keys: Arc<dyn KeyOpen>,
    /// Generates the connection's keys.
    pub new_keys: Arc<dyn KeyGenerate>,
    /// The platforms' connectors.
    pub connectors: Arc<dyn Connectors>,
    /// The product's profile.
    pub profile: Arc<Profile>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes digests, ids and the ticket.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
}

/// The parameters and the cookie of the request; every parameter at most once and of bounded size.
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
    /// The issuer, where the platform names it (RFC 9207).
    pub issuer: Option<String>,
    /// The browser-binding cookie of this state.
    pub cookie: Option<Confidential>,
}

/// Where the person goes on.
#[derive(Debug)]
pub enum CallbackOutcome {
    /// A flow that goes well leads there, or led there before.
    Onward(Onward),
    /// The person left a needed permission out, and another connect page asks again.
    Ask {
        /// The page's token.
        token: Confidential,
        /// The error that led there, for the log.
        error: Error,
    },
    /// The person goes back to the product, because the flow ended.
    Ended {
        /// The registered URL to return to, with the word of the end.
        url: Url,
        /// The error that ended the flow, for the log.
        error: Error,
    },
}

/// How long a callback may be at work before a browser that opens it again is told that it failed.
const AT_WORK: SignedDuration = SignedDuration::from_secs(30);

/// Runs the callback. A callback that this browser opened before leads where it led then; no code is redeemed twice.
pub async fn run(ports: &Ports, input: &Input) -> Result<CallbackOutcome> {
    let key = ports.entropy.digest(input.state.text().as_bytes());
    let Some(transaction) = ports.rows.take_transaction(&key, ports.clock.now()).await? else {
        return again(ports, input, &key).await.map(CallbackOutcome::Onward);
    };
    let way = |stage| WayBack {
        return_url: transaction.session.return_url.clone(),
        cookie: Some(transaction.cookie),
        stage,
        until: ports.clock.now() + AT_WORK,
    };
    if let Err(error) = validate::run(ports, input, &transaction).await {
        record(ports, &key, &way(Stage::Ended(End::Failed))).await;
        return Err(error);
    }
    record(ports, &key, &way(Stage::Arriving)).await;
    match take_in(ports, input, &transaction).await {
        Ok((stage, onward)) => {
            record(ports, &key, &way(stage)).await;
            Ok(CallbackOutcome::Onward(onward))
        }
        Err(error) => {
            if let Some(token) = ask_again(ports, input, &transaction, &error).await {
                record(ports, &key, &way(Stage::Asking)).await;
                return Ok(CallbackOutcome::Ask { token, error });
            }
            let ended = way(Stage::Ended(End::of(&error)));
            record(ports, &key, &ended).await;
            Ok(CallbackOutcome::Ended { url: ended.ended(End::of(&error))?, error })
        }
    }
}

/// Opens another session for a person who left a needed permission out, so that a page can name it and ask again. The
/// page's token comes from the cookie of this browser. Without such an error, or when the session cannot be stored, the
/// flow ends.
async fn ask_again(
    ports: &Ports,
    input: &Input,
    transaction: &AuthTransaction,
    error: &Error,
) -> Option<Confidential> {
    let LeftOut(left_out) = error.source.as_deref()?.downcast_ref()?;
    let token = asking_token(ports.entropy.as_ref(), input.cookie.as_ref()?.text());
    let session = ConnectSession {
        left_out: left_out.clone(),
        expires_at: ports.clock.now() + SignedDuration::from_mins(SESSION_MINUTES),
        ..transaction.session.clone()
    };
    let key = ports.entropy.digest(token.text().as_bytes());
    ports.rows.put_session(&key, &session).await.ok()?;
    Some(token)
}

/// Stores how far the flow came. Only a browser that comes again reads this, so that a failed write costs only that
/// browser its way on.
async fn record(ports: &Ports, key: &Digest, way: &WayBack) {
    drop(ports.rows.put_way(key, way).await);
}

async fn again(ports: &Ports, input: &Input, key: &Digest) -> Result<Onward> {
    let now = ports.clock.now();
    let way = ports.rows.way(key, now).await?.ok_or_else(unusable)?;
    let cookie = input.cookie.as_ref().map_or("", Confidential::text);
    way.leads(ports.entropy.as_ref(), cookie, now)?.ok_or_else(unusable)
}

async fn take_in(ports: &Ports, input: &Input, transaction: &AuthTransaction) -> Result<(Stage, Onward)> {
    let connector = ports.connectors.find(&transaction.session.platform).ok_or_else(unusable)?;
    let platform = ports.profile.platform(&transaction.session.platform).ok_or_else(unusable)?;
    let granted = granted_access::exchange(ports, input, transaction, (connector, platform)).await?;
    match store::run(ports, input, transaction, &granted).await {
        Ok(arrival) => Ok(arrival),
        Err(error) => {
            granted.revoke().await;
            Err(error)
        }
    }
}
