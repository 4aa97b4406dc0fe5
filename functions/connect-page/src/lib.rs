//! GET and POST /connect/{token}: shows who asks for which access and why, then redirects to the platform.

mod page;

use lambda_http::Request;
use lambda_http::http::Method;
use mooring_domain::Result;
use mooring_domain::connect::binding::visit_cookie;
pub use mooring_domain::connect::ops::start_authorization::Ports;
use mooring_domain::connect::ops::start_authorization::{Left, Page, Presented, run, show};
use mooring_domain::connect::session::SESSION_MINUTES;
use mooring_edge::flow::{self, Exit};
use mooring_edge::openapi::{Api, json};
use mooring_edge::{
    Edge, Reply, ReplyExt, form_targets, html, keep_language, language, path, see_other, spoken,
};

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    flow::run(&app.edge, &request, &Exit { profile: &app.ports.profile, back: None }, async || match *request
        .method()
    {
        Method::POST => depart(app, &request).await,
        _ => invite(app, &request).await,
    })
    .await
}

async fn invite(app: &App, request: &Request) -> Result<Reply> {
    let token: String = path(request, "token")?;
    let page = show(&app.ports, presented(app, request, &token), app.edge.site.origin()).await?;
    match page {
        Page::Invite(invitation, visit) => {
            let targets = [invitation.authorize_origin.as_str(), &invitation.return_origin];
            let language = spoken(request, invitation.locale.as_ref());
            let page = form_targets(html(page::invitation(language, &invitation)?)?, &targets)?;
            let cookie = app.edge.site.set_cookie(&visit.name, visit.value.text(), SESSION_MINUTES * 60);
            keep_language(&app.edge.site, request, invitation.locale.as_ref(), page.cookie_value(&cookie)?)
        }
        Page::Elsewhere(onward) => flow::onward(&app.edge.site, language(request), &onward),
    }
}

async fn depart(app: &App, request: &Request) -> Result<Reply> {
    flow::visit(request)?;
    app.edge.site.same_origin(request)?;
    let token: String = path(request, "token")?;
    let left = run(&app.ports, presented(app, request, &token), app.edge.site.origin()).await;
    let departure = match left {
        Ok(Left::AuthorizationRedirect(departure)) => departure,
        Ok(Left::Elsewhere(onward)) => return flow::onward(&app.edge.site, language(request), &onward),
        Ok(Left::Ended { url, error }) => return flow::ended(&url, &error),
        Err(error) => return Err(error),
    };
    let age = departure.max_age.as_secs();
    let cookie = app.edge.site.set_cookie(&departure.cookie_name, departure.cookie.text(), age);
    see_other(departure.url.as_str())?.cookie_value(&cookie)
}

/// Takes the link's token, and the cookie that the page left in this browser.
fn presented<'a>(app: &App, request: &'a Request, token: &'a str) -> Presented<'a> {
    let key = app.edge.entropy.digest(token.as_bytes());
    Presented { token, visit: app.edge.site.cookie(request, &visit_cookie(&key)) }
}

/// The token of examples.
const EXAMPLE: &str = "hBTy5T4DzNXooYHc3Zq5I2Ll1NhGXPie6bWitMF2YWq";

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("showConnectPage", "Show who asks for what and why")
        .says("A page for people, in their language: the session's `locale`, else `Accept-Language`. Looking at it changes nothing, and \
             its way back leads to the return URL with `error=cancelled`. The browser that went on to the platform sees the \
             page again. A link that was used by another or is too old leads back to the product.")
        .meaning("token", "The token of the connect session, from its `url`.")
        .example("token", json!(EXAMPLE))
        .media("text/html", "The page.")
        .redirects("The return URL with `error`: the link was used or is too old.")
        .add();
    api.operation("startAuthorization", "Go on to the platform")
        .says("The page's own form. Uses the session up and binds the flow to this browser, which finds the same way when it presses the button again.")
        .meaning("token", "The token of the connect session, from its `url`.")
        .example("token", json!(EXAMPLE))
        .form()
        .redirects("The platform's authorisation page, or the return URL with `error`.")
        .add();
}
