//! GET and POST /connect/{token}: shows who asks for what, then redirects to the platform.

mod page;

use std::sync::Arc;

use lambda_http::Request;
use lambda_http::http::Method;
use mooring_domain::Result;
use mooring_domain::connect::SESSION_MINUTES;
use mooring_domain::connect::binding::visit_cookie;
use mooring_domain::connector::Connectors;
use mooring_domain::ops::start_authorization::{Left, Page, Ports, Presented, run, show};
use mooring_domain::ports::{KeyOpen, TransientRead, TransientTake, VaultRead};
use mooring_domain::profile::Profile;
use mooring_edge::openapi::Api;
use mooring_edge::{Edge, Exit, Reply, ReplyExt, form_targets, html, path, see_other};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// Looks at sessions.
    pub read: Arc<dyn TransientRead>,
    /// Uses sessions up.
    pub take: Arc<dyn TransientTake>,
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
        .flow(&request, &Exit { profile: &app.profile, back: None }, async || match *request.method() {
            Method::POST => depart(app, &request).await,
            _ => invite(app, &request).await,
        })
        .await
}

async fn invite(app: &App, request: &Request) -> Result<Reply> {
    let token: String = path(request, "token")?;
    let page = show(&ports(app), presented(app, request, &token), &app.edge.api_origin).await?;
    match page {
        Page::Invite(invitation, visit) => {
            let targets = [invitation.authorize_origin.as_str(), &invitation.return_origin];
            let page = form_targets(html(page::invitation(&invitation))?, &targets)?;
            let cookie = app.edge.set_cookie(&visit.name, visit.value.text(), SESSION_MINUTES * 60);
            page.cookie_value(&cookie)
        }
        Page::Elsewhere(onward) => app.edge.onward(&onward),
    }
}

async fn depart(app: &App, request: &Request) -> Result<Reply> {
    app.edge.visit(request)?;
    app.edge.same_origin(request)?;
    let token: String = path(request, "token")?;
    let left = run(&ports(app), presented(app, request, &token), &app.edge.api_origin).await;
    let departure = match left {
        Ok(Left::Departure(departure)) => departure,
        Ok(Left::Elsewhere(onward)) => return app.edge.onward(&onward),
        Ok(Left::Ended { url, error }) => return app.edge.ended(&url, &error),
        Err(error) => return Err(error),
    };
    let age = departure.max_age.as_secs();
    let cookie = app.edge.set_cookie(&departure.cookie_name, departure.cookie.text(), age);
    see_other(departure.url.as_str())?.cookie_value(&cookie)
}

/// The link's token, and the cookie that the page left in this browser.
fn presented<'a>(app: &App, request: &'a Request, token: &'a str) -> Presented<'a> {
    let key = app.edge.entropy.digest(token.as_bytes());
    Presented { token, visit: app.edge.cookie(request, &visit_cookie(&key)) }
}

fn ports(app: &App) -> Ports<'_> {
    Ports {
        callers: app.edge.callers.as_ref(),
        read: app.read.as_ref(),
        take: app.take.as_ref(),
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
        .says("A page for people. Looking at it changes nothing. A link that was used or is too old leads back to the product.")
        .media("text/html", "The page.")
        .redirects("The return URL with `error`: the link was used or is too old.")
        .add();
    api.operation("startAuthorization", "Go on to the platform")
        .says("The page's own form. Uses the session up and binds the flow to this browser, which finds the same way when it presses the button again.")
        .form()
        .redirects("The platform's authorisation page, or the return URL with `error`.")
        .add();
}
