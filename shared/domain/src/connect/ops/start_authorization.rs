//! Runs the connect page: [`show`] says who asks for what and why, and changes nothing, because a reload or a link
//! preview must not use the link up; [`run`] uses the session up and sends the person to the platform.
//!
//! Everything that binds the flow to the browser comes from one cookie that the page sets, so that a second press of
//! the button, or the way back from the platform, leads to the same place. A link that has ended leads back to the
//! product.

use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

use crate::base::error::{Error, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::locale::Locale;
use crate::base::random::{self, SECRET_LENGTH, derived_text};
use crate::base::secret::{Confidential, Digest};
use crate::base::together::both;
use crate::connect::binding::{cookie_name, redirect_uri, return_to, unusable, verifier, visit_cookie};
use crate::connect::end::End;
use crate::connect::ports::{TransientRead, TransientTake};
use crate::connect::session::{AuthTransaction, BROWSER_MINUTES, ConnectSession, TRANSACTION_MINUTES};
use crate::connect::way::{Onward, Stage};
use crate::people::ports::CallerRead;
use crate::platform::capabilities::{AuthorizeRequest, Connector, Connectors};
use crate::platform::credentials::AppCredentials;
use crate::platform::profile::{PlatformProfile, Profile, ScopePurpose};
use crate::platform::steps::app_secrets;
use crate::vault::ports::{KeyOpen, VaultRead};

rows!(CallerRead, TransientRead, TransientTake, VaultRead);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms' connectors.
    pub connectors: Arc<dyn Connectors>,
    /// The product's profile.
    pub profile: Arc<Profile>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes the state and the cookie.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
}

/// The contents of the connect page.
#[derive(Debug, Clone)]
pub struct ConnectPage {
    /// The tenant who asks.
    pub tenant: String,
    /// The product that the tenant uses.
    pub product: String,
    /// The address of the product's privacy policy.
    pub privacy_url: String,
    /// The address that people write to.
    pub contact: String,
    /// The platform's name.
    pub platform: String,
    /// Where the person can end the grant at the platform itself.
    pub settings_url: String,
    /// The scopes, each with what is read or done and the purpose.
    pub scopes: Vec<ScopePurpose>,
    /// How many days figures are kept while the connection lives.
    pub retention_days: Option<u16>,
    /// True when the person authorises an existing connection again.
    pub again: bool,
    /// The language of the session; without it, the browser's counts.
    pub locale: Option<Locale>,
    /// The needed scopes that the person left out a moment ago.
    pub left_out: Vec<String>,
    /// The address that the person goes back to without connecting: the return URL with the word of the end.
    pub cancel_url: String,
    /// The origin that the form's answer leads to.
    pub authorize_origin: String,
    /// The origin that the form's answer leads to when the flow has ended.
    pub return_origin: String,
}

/// The address that the person goes to, and the cookie that binds the transaction to this browser.
#[derive(Debug, Clone)]
pub struct AuthorizationRedirect {
    /// The platform's authorisation page.
    pub url: Url,
    /// The cookie's name.
    pub cookie_name: String,
    /// The cookie's value.
    pub cookie: Confidential,
    /// How long the browser keeps the cookie.
    pub max_age: SignedDuration,
    /// The key of the transaction.
    state: Digest,
}

/// The effect of the connect page.
#[derive(Debug, Clone)]
pub enum Page {
    /// The page asks; the browser keeps the cookie.
    Invite(Box<ConnectPage>, Visit),
    /// The page leads on: the link has ended, or this browser is further already.
    Elsewhere(Onward),
}

/// The cookie that the page sets.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The cookie's name.
    pub name: String,
    /// The cookie's value.
    pub value: Confidential,
}

/// The place that the button leads to.
#[derive(Debug)]
pub enum Left {
    /// To the platform.
    AuthorizationRedirect(AuthorizationRedirect),
    /// Somewhere else: the link has ended, or this browser is further already.
    Elsewhere(Onward),
    /// Back to the product, because its registration at the platform is not in order. The link stays good.
    Ended {
        /// The return URL with the word.
        url: Url,
        /// The error in the registration, for the log.
        error: Error,
    },
}

/// The token of the link, and the cookie of the page if the browser has one.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The token.
    pub token: &'a str,
    /// The page's cookie.
    pub visit: Option<&'a str>,
}

/// Reads a session and describes it for the page.
pub async fn show(ports: &Ports, presented: Presented<'_>, api_origin: &str) -> Result<Page> {
    let key = ports.entropy.digest(presented.token.as_bytes());
    let session = match ports.rows.session(&key, ports.clock.now()).await? {
        Some(session) => session,
        None => match resume(ports, &key, presented.visit).await? {
            Resumed::Departed(transaction, _) => transaction.session.clone(),
            Resumed::Elsewhere(onward) => return Ok(Page::Elsewhere(onward)),
        },
    };
    let visit = Visit { name: visit_cookie(&key), value: visit(ports, presented.visit) };
    Ok(Page::Invite(Box::new(connect_page(ports, &session, api_origin).await?), visit))
}

async fn connect_page(ports: &Ports, session: &ConnectSession, api_origin: &str) -> Result<ConnectPage> {
    let (connector, platform) = find(ports, &session.platform)?;
    let tenant = ports.rows.tenant(&session.tenant).await?.filter(|tenant| tenant.active);
    let tenant = tenant.ok_or_else(unusable)?;
    let manifest = connector.manifest();
    Ok(ConnectPage {
        tenant: tenant.name,
        product: ports.profile.product.clone(),
        privacy_url: ports.profile.privacy_url.clone(),
        contact: ports.profile.contact_email.clone(),
        platform: manifest.title.to_owned(),
        settings_url: manifest.settings_url.to_owned(),
        scopes: platform.scopes.clone(),
        retention_days: ports.profile.retention_days,
        again: session.reauthorise.is_some(),
        locale: session.locale.clone(),
        left_out: session.left_out.clone(),
        cancel_url: cancel_url(session)?,
        authorize_origin: authorize_origin(connector, api_origin)?,
        return_origin: return_to(&session.return_url, &[])?.origin().ascii_serialization(),
    })
}

/// Makes the address that leads back without connecting. Nothing is used up: the person may come back to the page.
fn cancel_url(session: &ConnectSession) -> Result<String> {
    let end = if session.left_out.is_empty() { End::Cancelled } else { End::ScopeMissing };
    Ok(return_to(&session.return_url, &[("error", end.as_str())])?.into())
}

/// Uses a session up and starts the transaction.
pub async fn run(ports: &Ports, presented: Presented<'_>, api_origin: &str) -> Result<Left> {
    let key = ports.entropy.digest(presented.token.as_bytes());
    let Some(session) = ports.rows.session(&key, ports.clock.now()).await? else {
        return again(ports, &key, presented.visit).await;
    };
    let tenant = session.tenant.clone();
    let binding = Binding::of(ports.entropy.as_ref(), &key, &visit(ports, presented.visit));
    let scopes = find(ports, &session.platform)?.1.scopes.iter().map(|entry| entry.scope.clone()).collect();
    let transaction = AuthTransaction {
        context: ports.profile.name.clone(),
        redirect_uri: redirect_uri(api_origin, &session.platform, &ports.profile.name),
        scopes,
        cookie: ports.entropy.digest(binding.cookie.text().as_bytes()),
        expires_at: ports.clock.now() + SignedDuration::from_mins(TRANSACTION_MINUTES),
        session,
    };
    // Made before the session is used up: if KMS does not answer, the link still works a minute later. The redirect is
    // made while the tenant is read, and nobody sees it unless the tenant is active.
    let (tenant, redirect) = both(ports.rows.tenant(&tenant), depart(ports, &transaction, binding)).await;
    tenant?.filter(|tenant| tenant.active).ok_or_else(unusable)?;
    let redirect = match redirect {
        Ok(redirect) => redirect,
        Err(error) if End::of(&error) == End::Setup => {
            let url = return_to(&transaction.session.return_url, &[("error", End::Setup.as_str())])?;
            return Ok(Left::Ended { url, error });
        }
        Err(error) => return Err(error),
    };
    let state = redirect.state;
    if ports.rows.depart(&key, (&state, &transaction)).await? {
        return Ok(Left::AuthorizationRedirect(redirect));
    }
    // Another press of the same button was faster.
    again(ports, &key, presented.visit).await
}

/// Continues a link that was used: the same browser goes where it went before.
async fn again(ports: &Ports, key: &Digest, visit: Option<&str>) -> Result<Left> {
    match resume(ports, key, visit).await? {
        Resumed::Departed(transaction, binding) => {
            Ok(Left::AuthorizationRedirect(depart(ports, &transaction, binding).await?))
        }
        Resumed::Elsewhere(onward) => Ok(Left::Elsewhere(onward)),
    }
}

/// The values that bind a flow to its browser; all of them come from the cookie of the page.
struct Binding {
    state: String,
    cookie: Confidential,
}

impl Binding {
    fn of(entropy: &dyn Entropy, link: &Digest, visit: &Confidential) -> Self {
        let derived = |label| derived_text(entropy, visit.text(), &format!("{label} {}", link.to_hex()));
        Self { state: derived("state"), cookie: Confidential::new(derived("browser")) }
    }
}

/// Returns the browser's cookie, if it can be one that Mooring made, or a new cookie.
fn visit(ports: &Ports, presented: Option<&str>) -> Confidential {
    let own = presented.filter(|text| text.len() == SECRET_LENGTH);
    Confidential::new(own.map_or_else(|| random::secret_text(ports.entropy.as_ref()), str::to_owned))
}

/// The state of a link that is no longer open.
enum Resumed {
    /// This browser is on its way to the platform.
    Departed(Box<AuthTransaction>, Binding),
    /// The link has ended, or this browser is further already.
    Elsewhere(Onward),
}

async fn resume(ports: &Ports, key: &Digest, visit: Option<&str>) -> Result<Resumed> {
    let now = ports.clock.now();
    let link = ports.rows.way(key, now).await?.ok_or_else(unusable)?;
    let Stage::Departed(state) = link.stage else {
        return Ok(Resumed::Elsewhere(Onward::Back(link.ended(End::Expired)?)));
    };
    let used = || Ok(Resumed::Elsewhere(Onward::Back(link.ended(End::Used)?)));
    let Some(visit) = visit else { return used() };
    let binding = Binding::of(ports.entropy.as_ref(), key, &Confidential::new(visit));
    if !ports.entropy.same(&ports.entropy.digest(binding.state.as_bytes()).0, &state.0) {
        return used();
    }
    if let Some(transaction) = ports.rows.transaction(&state, now).await? {
        return Ok(Resumed::Departed(Box::new(transaction), binding));
    }
    let way = ports.rows.way(&state, now).await?;
    let onward =
        way.map(|way| way.leads(ports.entropy.as_ref(), binding.cookie.text(), now)).transpose()?.flatten();
    onward.map_or_else(used, |onward| Ok(Resumed::Elsewhere(onward)))
}

/// Builds the redirect of a transaction, the same every time.
async fn depart(
    ports: &Ports,
    transaction: &AuthTransaction,
    binding: Binding,
) -> Result<AuthorizationRedirect> {
    let (connector, _) = find(ports, &transaction.session.platform)?;
    let app =
        app_secrets::credentials(ports.rows.as_ref(), ports.keys.as_ref(), connector.manifest().platform)
            .await?;
    let Binding { state, cookie } = binding;
    let verifier = verifier(ports.entropy.as_ref(), cookie.text());
    let request = AuthorizeRequest {
        state: &state,
        redirect_uri: &transaction.redirect_uri,
        scopes: &transaction.scopes,
        verifier: &verifier,
    };
    let url = connector.oauth().authorize_url(&app, &request)?;
    let state = ports.entropy.digest(state.as_bytes());
    let max_age = SignedDuration::from_mins(BROWSER_MINUTES);
    Ok(AuthorizationRedirect { url, cookie_name: cookie_name(&state), cookie, max_age, state })
}

fn find<'a>(ports: &'a Ports, platform: &str) -> Result<(&'a dyn Connector, &'a PlatformProfile)> {
    let connector = ports.connectors.find(platform).ok_or_else(unusable)?;
    Ok((connector, ports.profile.platform(platform).ok_or_else(unusable)?))
}

/// Asks the connector for the origin of its authorisation page; a deployment may use another origin than the manifest.
fn authorize_origin(connector: &dyn Connector, api_origin: &str) -> Result<String> {
    let nobody = AppCredentials { id: "-".to_owned(), secret: "-".into() };
    let verifier = SecretString::from("-");
    let request = AuthorizeRequest { state: "-", redirect_uri: api_origin, scopes: &[], verifier: &verifier };
    Ok(connector.oauth().authorize_url(&nobody, &request)?.origin().ascii_serialization())
}
