//! GET and POST /connect/{token}: shows who asks for what, then redirects to the platform.

mod page;

use std::sync::Arc;

use lambda_http::Request;
use lambda_http::http::Method;
use mooring_domain::Result;
use mooring_domain::connector::Connectors;
use mooring_domain::ops::start_authorization::{Ports, run, show};
use mooring_domain::ports::{KeyOpen, TransientPut, TransientRead, TransientTake, VaultRead};
use mooring_domain::profile::Profile;
use mooring_edge::openapi::Api;
use mooring_edge::{Edge, Reply, ReplyExt, form_targets, html, path, see_other};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// Looks at sessions.
    pub read: Arc<dyn TransientRead>,
    /// Uses sessions up.
    pub take: Arc<dyn TransientTake>,
    /// Keeps the transaction.
    pub put: Arc<dyn TransientPut>,
    /// The app's sealed credentials.
    pub vault: Arc<dyn VaultRead>,
    /// Opens them.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms.
    pub connectors: Arc<dyn Connectors>,
    /// The product.
    pub profile: Arc<Profile>,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge
        .page(&request, async || match *request.method() {
            Method::POST => depart(app, &request).await,
            _ => invite(app, &request).await,
        })
        .await
}

async fn invite(app: &App, request: &Request) -> Result<Reply> {
    let token: String = path(request, "token")?;
    let invitation = show(&ports(app), &token, &app.edge.api_origin).await?;
    form_targets(html(page::invitation(&invitation))?, &[&invitation.authorize_origin])
}

async fn depart(app: &App, request: &Request) -> Result<Reply> {
    app.edge.same_origin(request)?;
    let token: String = path(request, "token")?;
    let departure = run(&ports(app), &token, &app.edge.api_origin).await?;
    let age = departure.max_age.as_secs();
    let cookie = app.edge.set_cookie(&departure.cookie_name, departure.cookie.text(), age);
    see_other(departure.url.as_str())?.cookie_value(&cookie)
}

fn ports(app: &App) -> Ports<'_> {
    Ports {
        callers: app.edge.callers.as_ref(),
        read: app.read.as_ref(),
        take: app.take.as_ref(),
        put: app.put.as_ref(),
        vault: app.vault.as_ref(),
        keys: app.keys.as_ref(),
        connectors: app.connectors.as_ref(),
        profile: &app.profile,
        clock: app.edge.clock.as_ref(),
        entropy: app.edge.entropy.as_ref(),
    }
}

/// Describes the operations.
pub fn describe(api: &mut Api) {
    api.operation("showConnectPage", "Show who asks for what and why")
        .says("A page for people. Looking at it changes nothing.")
        .media("text/html", "The page.")
        .add();
    api.operation("startAuthorization", "Go on to the platform")
        .says("The page's own form. Uses the session up and binds the flow to this browser.")
        .form()
        .redirects("The platform's authorisation page.")
        .add();
}
