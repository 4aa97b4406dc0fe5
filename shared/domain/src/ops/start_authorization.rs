//! The connect page: [`show`] says who asks for what and why, and changes nothing, because a reload or a link preview
//! must not burn the link; [`run`] uses the session up and sends the person to the platform.
//!
//! Everything that binds the flow to the browser comes from one cookie that the page leaves, so that a second press of
//! the button, or the way back from the platform, leads to the same place. A link that is over leads back to the product.

use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

use crate::app;
use crate::connect::binding::{cookie_name, redirect_uri, return_to, unusable, verifier, visit_cookie};
use crate::connect::end::End;
use crate::connect::way::{Onward, Stage};
use crate::connect::{AuthTransaction, BROWSER_MINUTES, ConnectSession, TRANSACTION_MINUTES};
use crate::connector::{AppCredentials, AuthorizeRequest, Connector, Connectors};
use crate::error::{Error, Result};
use crate::ports::{CallerRead, Clock, Entropy, KeyOpen, TransientRead, TransientTake, VaultRead};
use crate::profile::{PlatformProfile, Profile, ScopePurpose};
use crate::random::{self, SECRET_LENGTH, derived_text};
use crate::secret::{Confidential, Digest};

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The tenant's name.
    pub callers: &'a dyn CallerRead,
    /// Looks at sessions.
    pub read: &'a dyn TransientRead,
    /// Uses sessions up for transactions.
    pub take: &'a dyn TransientTake,
    /// The app's sealed credentials.
    pub vault: &'a dyn VaultRead,
    /// Opens them.
    pub keys: &'a dyn KeyOpen,
    /// The platforms.
    pub connectors: &'a dyn Connectors,
    /// The product.
    pub profile: &'a Profile,
    /// Time.
    pub clock: &'a dyn Clock,
    /// State and cookie.
    pub entropy: &'a dyn Entropy,
}

/// What the connect page says.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Who asks.
    pub tenant: String,
    /// With which product.
    pub product: String,
    /// Where its privacy policy is.
    pub privacy_url: String,
    /// Where people write to.
    pub contact: String,
    /// The platform's name.
    pub platform: String,
    /// Where the person can end the grant at the platform itself.
    pub settings_url: String,
    /// What is read or done, and what for.
    pub scopes: Vec<ScopePurpose>,
    /// How many days figures are kept while the connection lives.
    pub retention_days: Option<u16>,
    /// True when a connection that exists is authorised again.
    pub again: bool,
    /// The origin that the form's answer leads to.
    pub authorize_origin: String,
    /// The origin that it leads to when the flow is over.
    pub return_origin: String,
}

/// Where the person goes, and the cookie that binds the transaction to this browser.
#[derive(Debug, Clone)]
pub struct Departure {
    /// The platform's authorisation page.
    pub url: Url,
    /// The cookie's name.
    pub cookie_name: String,
    /// The cookie's value.
    pub cookie: Confidential,
    /// How long the browser keeps it.
    pub max_age: SignedDuration,
    /// The key of the transaction.
    state: Digest,
}

/// What the connect page does.
#[derive(Debug, Clone)]
pub enum Page {
    /// It asks; the browser keeps the cookie.
    Invite(Invitation, Visit),
    /// It leads on: the link is over, or this browser is further already.
    Elsewhere(Onward),
}

/// The cookie that the page leaves.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Confidential,
}

/// Where the button leads.
#[derive(Debug)]
pub enum Left {
    /// To the platform.
    Departure(Departure),
    /// Elsewhere: the link is over, or this browser is further already.
    Elsewhere(Onward),
    /// Back to the product, because its registration at the platform is not in order. The link stays good.
    Ended {
        /// The return URL with the word.
        url: Url,
        /// What is wrong, for the log.
        error: Error,
    },
}

/// What a browser presents: the token of the link, and the cookie of the page if it has one.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The token.
    pub token: &'a str,
    /// The page's cookie.
    pub visit: Option<&'a str>,
}

/// Looks at a session and says what it is about.
pub async fn show(ports: &Ports<'_>, presented: Presented<'_>, api_origin: &str) -> Result<Page> {
    let key = ports.entropy.digest(presented.token.as_bytes());
    let session = match ports.read.session(&key, ports.clock.now()).await? {
        Some(session) => session,
        None => match resume(ports, &key, presented.visit).await? {
            Resumed::Departed(transaction, _) => transaction.session.clone(),
            Resumed::Elsewhere(onward) => return Ok(Page::Elsewhere(onward)),
        },
    };
    let visit = Visit { name: visit_cookie(&key), value: visit(ports, presented.visit) };
    Ok(Page::Invite(invitation(ports, &session, api_origin).await?, visit))
}

async fn invitation(ports: &Ports<'_>, session: &ConnectSession, api_origin: &str) -> Result<Invitation> {
    let (connector, platform) = find(ports, &session.platform)?;
    let tenant = ports.callers.tenant(&session.tenant).await?.filter(|tenant| tenant.active);
    let tenant = tenant.ok_or_else(unusable)?;
    let manifest = connector.manifest();
    Ok(Invitation {
        tenant: tenant.name,
        product: ports.profile.product.clone(),
        privacy_url: ports.profile.privacy_url.clone(),
        contact: ports.profile.contact_email.clone(),
        platform: manifest.title.to_owned(),
        settings_url: manifest.settings_url.to_owned(),
        scopes: platform.scopes.clone(),
        retention_days: ports.profile.retention_days,
        again: session.reauthorise.is_some(),
        authorize_origin: authorize_origin(connector, api_origin)?,
        return_origin: return_to(&session.return_url, &[])?.origin().ascii_serialization(),
    })
}

/// Uses a session up and starts the transaction.
pub async fn run(ports: &Ports<'_>, presented: Presented<'_>, api_origin: &str) -> Result<Left> {
    let key = ports.entropy.digest(presented.token.as_bytes());
    let Some(session) = ports.read.session(&key, ports.clock.now()).await? else {
        return again(ports, &key, presented.visit).await;
    };
    let tenant = ports.callers.tenant(&session.tenant).await?.filter(|tenant| tenant.active);
    tenant.ok_or_else(unusable)?;
    let binding = Binding::of(ports.entropy, &key, &visit(ports, presented.visit));
    let scopes = find(ports, &session.platform)?.1.scopes.iter().map(|entry| entry.scope.clone()).collect();
    let transaction = AuthTransaction {
        context: ports.profile.name.clone(),
        redirect_uri: redirect_uri(api_origin, &session.platform, &ports.profile.name),
        scopes,
        cookie: ports.entropy.digest(binding.cookie.text().as_bytes()),
        expires_at: ports.clock.now() + SignedDuration::from_mins(TRANSACTION_MINUTES),
        session,
    };
    // Made before the session is used up: if KMS is away, the link still works a minute later.
    let departure = match depart(ports, &transaction, binding).await {
        Ok(departure) => departure,
        Err(error) if End::of(&error) == End::Setup => {
            let url = return_to(&transaction.session.return_url, &[("error", End::Setup.as_str())])?;
            return Ok(Left::Ended { url, error });
        }
        Err(error) => return Err(error),
    };
    let state = departure.state;
    if ports.take.depart(&key, (&state, &transaction)).await? {
        return Ok(Left::Departure(departure));
    }
    // Another press of the same button was faster.
    again(ports, &key, presented.visit).await
}

/// A link that was used: the same browser goes where it went before.
async fn again(ports: &Ports<'_>, key: &Digest, visit: Option<&str>) -> Result<Left> {
    match resume(ports, key, visit).await? {
        Resumed::Departed(transaction, binding) => {
            Ok(Left::Departure(depart(ports, &transaction, binding).await?))
        }
        Resumed::Elsewhere(onward) => Ok(Left::Elsewhere(onward)),
    }
}

/// What binds a flow to its browser; all of it comes from the cookie of the page.
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

/// The cookie that the browser has, if it can be one of ours, or a new one.
fn visit(ports: &Ports<'_>, presented: Option<&str>) -> Confidential {
    let own = presented.filter(|text| text.len() == SECRET_LENGTH);
    Confidential::new(own.map_or_else(|| random::secret_text(ports.entropy), str::to_owned))
}

/// What became of a link that is no longer open.
enum Resumed {
    /// This browser is on its way to the platform.
    Departed(Box<AuthTransaction>, Binding),
    /// The link is over, or this browser is further already.
    Elsewhere(Onward),
}

async fn resume(ports: &Ports<'_>, key: &Digest, visit: Option<&str>) -> Result<Resumed> {
    let now = ports.clock.now();
    let link = ports.read.way(key, now).await?.ok_or_else(unusable)?;
    let Stage::Departed(state) = link.stage else {
        return Ok(Resumed::Elsewhere(Onward::Back(link.ended(End::Expired)?)));
    };
    let used = || Ok(Resumed::Elsewhere(Onward::Back(link.ended(End::Used)?)));
    let Some(visit) = visit else { return used() };
    let binding = Binding::of(ports.entropy, key, &Confidential::new(visit));
    if !ports.entropy.same(&ports.entropy.digest(binding.state.as_bytes()).0, &state.0) {
        return used();
    }
    if let Some(transaction) = ports.read.transaction(&state, now).await? {
        return Ok(Resumed::Departed(Box::new(transaction), binding));
    }
    let way = ports.read.way(&state, now).await?;
    let onward = way.map(|way| way.leads(ports.entropy, binding.cookie.text(), now)).transpose()?.flatten();
    onward.map_or_else(used, |onward| Ok(Resumed::Elsewhere(onward)))
}

/// Where a transaction leads, the same every time.
async fn depart(ports: &Ports<'_>, transaction: &AuthTransaction, binding: Binding) -> Result<Departure> {
    let (connector, _) = find(ports, &transaction.session.platform)?;
    let app = app::credentials(ports.vault, ports.keys, connector.manifest().platform).await?;
    let Binding { state, cookie } = binding;
    let verifier = verifier(ports.entropy, cookie.text());
    let request = AuthorizeRequest {
        state: &state,
        redirect_uri: &transaction.redirect_uri,
        scopes: &transaction.scopes,
        verifier: &verifier,
    };
    let url = connector.oauth().authorize_url(&app, &request)?;
    let state = ports.entropy.digest(state.as_bytes());
    let max_age = SignedDuration::from_mins(BROWSER_MINUTES);
    Ok(Departure { url, cookie_name: cookie_name(&state), cookie, max_age, state })
}

fn find<'a>(ports: &Ports<'a>, platform: &str) -> Result<(&'a dyn Connector, &'a PlatformProfile)> {
    let connector = ports.connectors.find(platform).ok_or_else(unusable)?;
    Ok((connector, ports.profile.platform(platform).ok_or_else(unusable)?))
}

/// Asks the connector where its authorisation page is; the deployment may have another one than the manifest.
fn authorize_origin(connector: &dyn Connector, api_origin: &str) -> Result<String> {
    let nobody = AppCredentials { id: "-".to_owned(), secret: "-".into() };
    let verifier = SecretString::from("-");
    let request = AuthorizeRequest { state: "-", redirect_uri: api_origin, scopes: &[], verifier: &verifier };
    Ok(connector.oauth().authorize_url(&nobody, &request)?.origin().ascii_serialization())
}
