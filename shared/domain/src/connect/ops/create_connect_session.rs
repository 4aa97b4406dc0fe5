//! Opens a connect session: which end user may connect which platform, and where the flow returns to. A repeated call
//! gets the same token again, because the attempt's randomness and time are the same; the session may be used up by
//! then.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::base::address::MailAddress;
use crate::base::error::{Error, Kind, Result};
use crate::base::host::Clock as _;
use crate::base::ids::{ConnectionId, EndUser};
use crate::base::locale::Locale;
use crate::base::random;
use crate::base::secret::{Confidential, Fingerprint};
use crate::base::together::both;
use crate::connect::connection::Connection;
use crate::connect::ports::{ConnectionRead, TransientPut};
use crate::connect::session::{ConnectSession, SESSION_MINUTES};
use crate::guard::idempotency::Attempt;
use crate::people::caller::{Caller, Scope};
use crate::people::ports::CallerRead;
use crate::people::tenant::Tenant;
use crate::platform::credentials::{INDEX_APP, mail_fingerprint};
use crate::platform::profile::Profile;
use crate::platform::steps::app_secrets::wrapped_key;
use crate::vault::keys::{KeyContext, WrappedKey};
use crate::vault::ports::{KeyOpen, VaultRead};

rows!(CallerRead, ConnectionRead, TransientPut, VaultRead);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// The product's profile.
    pub profile: Arc<Profile>,
}

/// The session that the caller asks for.
#[derive(Debug, Clone)]
pub struct Input {
    /// The end user who may connect.
    pub end_user: EndUser,
    /// The platform to connect.
    pub platform: String,
    /// The address that the flow returns to; exactly one of the tenant's registered URLs.
    pub return_url: String,
    /// The person's e-mail address. Only its fingerprint outlives the call.
    pub mail: Option<Confidential>,
    /// The live connection to authorise again; `None` for a new connection.
    pub reauthorise: Option<ConnectionId>,
    /// The language in which Mooring's pages speak to the person; without it, the browser's.
    pub locale: Option<Locale>,
}

/// The session. Its token is shown this once.
#[derive(Debug, Clone)]
pub struct Output {
    /// The token in the connect page's address.
    pub token: Confidential,
    /// When the token stops working.
    pub expires_at: Timestamp,
}

/// Opens the session.
pub async fn run(ports: &Ports, attempt: &Attempt, caller: &Caller, input: Input) -> Result<Output> {
    caller.require(Scope::Connect)?;
    let expires_at = attempt.now() + SignedDuration::from_mins(SESSION_MINUTES);
    let token = random::secret_text(attempt.entropy());
    if !attempt.is_done() {
        open(ports, attempt, caller, input, (&token, expires_at)).await?;
    }
    Ok(Output { token: Confidential::new(token), expires_at })
}

async fn open(
    ports: &Ports,
    attempt: &Attempt,
    caller: &Caller,
    input: Input,
    (token, expires_at): (&str, Timestamp),
) -> Result<()> {
    check_end_user(caller, &input.end_user)?;
    ports.profile.expect(&input.platform)?;
    let mail = input.mail.as_ref().map(Confidential::text).map(MailAddress::parse);
    // Each row is named by the request alone, and none is secret to its tenant: nothing is opened, and nothing written,
    // before all of them have let the session be.
    let (tenant, (reauthorised, index)) = both(
        ports.rows.tenant(&caller.tenant),
        both(reauthorised(ports, caller, &input), index_key(ports, mail.as_ref())),
    )
    .await;
    check_return_url(tenant?, &input.return_url)?;
    check_reauthorise(caller, &input, reauthorised?)?;
    let mail = fingerprint(ports, mail, index?).await?;
    let session = ConnectSession {
        tenant: caller.tenant.clone(),
        end_user: input.end_user,
        platform: input.platform,
        return_url: input.return_url,
        reauthorise: input.reauthorise,
        mail,
        locale: input.locale,
        left_out: Vec::new(),
        expires_at,
    };
    let key = attempt.entropy().digest(token.as_bytes());
    ports.rows.put_session(&key, &session).await
}

/// Refuses a browser that asks for another end user than its own.
fn check_end_user(caller: &Caller, end_user: &EndUser) -> Result<()> {
    if caller.may_see(end_user) {
        return Ok(());
    }
    Err(Error::new(Kind::Forbidden, "other_end_user", "This frontend token belongs to another end user."))
}

fn check_return_url(tenant: Option<Tenant>, url: &str) -> Result<()> {
    if tenant.is_some_and(|tenant| tenant.return_urls.iter().any(|known| known == url)) {
        return Ok(());
    }
    let message = "`return_url` has to be exactly one of the URLs that are registered for the tenant.";
    Err(Error::invalid("unknown_return_url", message))
}

/// Reads the connection to authorise again.
async fn reauthorised(ports: &Ports, caller: &Caller, input: &Input) -> Result<Option<Connection>> {
    match &input.reauthorise {
        Some(id) => ports.rows.connection(&caller.tenant, id).await,
        None => Ok(None),
    }
}

fn check_reauthorise(caller: &Caller, input: &Input, found: Option<Connection>) -> Result<()> {
    if input.reauthorise.is_none() {
        return Ok(());
    }
    let found = found.filter(|connection| caller.may_see(&connection.end_user));
    let connection = found.ok_or_else(|| Error::not_found("connection"))?;
    if connection.end_user != input.end_user || connection.platform != input.platform {
        let message = "The connection belongs to another end user or platform.";
        return Err(Error::invalid("other_connection", message));
    }
    if !connection.state.is_readable() {
        let message = "Only a live connection can be authorised again.";
        return Err(Error::conflict("not_live", message));
    }
    Ok(())
}

/// Reads the wrapped key of the index by mailbox, if the mailbox can be one.
async fn index_key(ports: &Ports, mail: Option<&Result<MailAddress>>) -> Result<Option<WrappedKey>> {
    match mail {
        Some(Ok(_)) => wrapped_key(ports.rows.as_ref(), INDEX_APP).await.map(Some),
        _ => Ok(None),
    }
}

async fn fingerprint(
    ports: &Ports,
    mail: Option<Result<MailAddress>>,
    index: Option<WrappedKey>,
) -> Result<Option<Fingerprint>> {
    let named = |error: Error| Error::invalid(error.code, format!("`end_user_email`: {}", error.message));
    let mail = mail.transpose().map_err(named)?;
    let (Some(mail), Some(index)) = (mail, index) else { return Ok(None) };
    let index = ports.keys.open(&KeyContext::app(INDEX_APP), &index).await?;
    Ok(Some(mail_fingerprint(index.as_ref(), &mail)))
}
