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
use crate::connect::ports::{ConnectionRead, TransientPut};
use crate::connect::session::{ConnectSession, SESSION_MINUTES};
use crate::guard::idempotency::Attempt;
use crate::people::caller::{Caller, Scope};
use crate::people::ports::CallerRead;
use crate::platform::credentials::{INDEX_APP, mail_fingerprint};
use crate::platform::profile::Profile;
use crate::platform::steps::app_secrets::app_key;
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
    check_return_url(ports, caller, &input.return_url).await?;
    check_reauthorise(ports, caller, &input).await?;
    let mail = fingerprint(ports, input.mail.as_ref()).await?;
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

async fn check_return_url(ports: &Ports, caller: &Caller, url: &str) -> Result<()> {
    let tenant = ports.rows.tenant(&caller.tenant).await?;
    if tenant.is_some_and(|tenant| tenant.return_urls.iter().any(|known| known == url)) {
        return Ok(());
    }
    let message = "`return_url` has to be exactly one of the URLs that are registered for the tenant.";
    Err(Error::invalid("unknown_return_url", message))
}

async fn check_reauthorise(ports: &Ports, caller: &Caller, input: &Input) -> Result<()> {
    let Some(id) = &input.reauthorise else { return Ok(()) };
    let found = ports.rows.connection(&caller.tenant, id).await?;
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

async fn fingerprint(ports: &Ports, mail: Option<&Confidential>) -> Result<Option<Fingerprint>> {
    let Some(mail) = mail.map(Confidential::text) else { return Ok(None) };
    let mail = MailAddress::parse(mail)
        .map_err(|error| Error::invalid(error.code, format!("`end_user_email`: {}", error.message)))?;
    let index = app_key(ports.rows.as_ref(), ports.keys.as_ref(), INDEX_APP).await?;
    Ok(Some(mail_fingerprint(index.as_ref(), &mail)))
}
