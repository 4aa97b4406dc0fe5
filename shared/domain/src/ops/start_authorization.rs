//! The connect page: [`show`] says who asks for what and why, and changes nothing, because a reload or a link preview
//! must not burn the link; [`run`] uses the session up and sends the person to the platform.

use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

use crate::app;
use crate::connect::binding::{cookie_name, redirect_uri, unusable, verifier};
use crate::connect::{AuthTransaction, ConnectSession, TRANSACTION_MINUTES};
use crate::connector::{AppCredentials, AuthorizeRequest, Connector, Connectors};
use crate::error::Result;
use crate::ports::{
    CallerRead, Clock, Entropy, KeyOpen, TransientPut, TransientRead, TransientTake, VaultRead,
};
use crate::profile::{PlatformProfile, Profile, ScopePurpose};
use crate::random;
use crate::secret::{Confidential, Digest};

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The tenant's name.
    pub callers: &'a dyn CallerRead,
    /// Looks at sessions.
    pub read: &'a dyn TransientRead,
    /// Uses sessions up.
    pub take: &'a dyn TransientTake,
    /// Keeps the transaction.
    pub put: &'a dyn TransientPut,
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
    /// How long both work.
    pub max_age: SignedDuration,
}

/// Looks at a session and says what it is about.
pub async fn show(ports: &Ports<'_>, token: &str, api_origin: &str) -> Result<Invitation> {
    let (_, session) = peek(ports, token).await?;
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
    })
}

/// Uses a session up and starts the transaction.
pub async fn run(ports: &Ports<'_>, token: &str, api_origin: &str) -> Result<Departure> {
    // Opened before the session is used up: if KMS is away, the link still works a minute later.
    let (key, session) = peek(ports, token).await?;
    let (connector, platform) = find(ports, &session.platform)?;
    let app = app::credentials(ports.vault, ports.keys, connector.manifest().platform).await?;
    let session = ports.take.take_session(&key, ports.clock.now()).await?.ok_or_else(unusable)?;
    let tenant = ports.callers.tenant(&session.tenant).await?.filter(|tenant| tenant.active);
    tenant.ok_or_else(unusable)?;
    depart(ports, session, (connector, platform), &app, api_origin).await
}

async fn depart(
    ports: &Ports<'_>,
    session: ConnectSession,
    (connector, platform): (&dyn Connector, &PlatformProfile),
    app: &AppCredentials,
    api_origin: &str,
) -> Result<Departure> {
    let state = random::secret_text(ports.entropy);
    let cookie = Confidential::new(random::secret_text(ports.entropy));
    let scopes: Vec<String> = platform.scopes.iter().map(|entry| entry.scope.clone()).collect();
    let redirect_uri = redirect_uri(api_origin, &platform.platform, &ports.profile.name);
    let verifier = verifier(ports.entropy, cookie.text());
    let request =
        AuthorizeRequest { state: &state, redirect_uri: &redirect_uri, scopes: &scopes, verifier: &verifier };
    let url = connector.oauth().authorize_url(app, &request)?;
    let key = ports.entropy.digest(state.as_bytes());
    let max_age = SignedDuration::from_mins(TRANSACTION_MINUTES);
    let transaction = AuthTransaction {
        session,
        context: ports.profile.name.clone(),
        redirect_uri,
        scopes,
        cookie: ports.entropy.digest(cookie.text().as_bytes()),
        expires_at: ports.clock.now() + max_age,
    };
    ports.put.put_transaction(&key, &transaction).await?;
    Ok(Departure { url, cookie_name: cookie_name(&key), cookie, max_age })
}

async fn peek(ports: &Ports<'_>, token: &str) -> Result<(Digest, ConnectSession)> {
    let key = ports.entropy.digest(token.as_bytes());
    let session = ports.read.session(&key, ports.clock.now()).await?;
    session.map(|session| (key, session)).ok_or_else(unusable)
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
