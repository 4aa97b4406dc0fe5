//! GET and POST /connect/confirm: the choice of accounts.

mod page;

use std::sync::Arc;

use lambda_http::Request;
use lambda_http::http::Method;
use mooring_domain::connect::binding::{TICKET_COOKIE, unusable};
use mooring_domain::ops::confirm_accounts::{Decision, Ports, run, show};
use mooring_domain::ports::{
    ConnectionConfirm, ConnectionRead, KeyMint, KeyOpen, TransientRead, TransientTake, VaultRead,
};
use mooring_domain::profile::Profile;
use mooring_domain::{Error, Result};
use mooring_edge::openapi::Api;
use mooring_edge::{Edge, Reply, ReplyExt, form_body, form_targets, html, see_other};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// Looks at tickets.
    pub read: Arc<dyn TransientRead>,
    /// Uses tickets up.
    pub take: Arc<dyn TransientTake>,
    /// The pending connection and its candidates.
    pub connections: Arc<dyn ConnectionRead>,
    /// Writes the choice.
    pub confirm: Arc<dyn ConnectionConfirm>,
    /// The connection's wrapped data key.
    pub vault: Arc<dyn VaultRead>,
    /// Opens it.
    pub open: Arc<dyn KeyOpen>,
    /// Makes the accounts' data keys.
    pub mint: Arc<dyn KeyMint>,
    /// The product.
    pub profile: Arc<Profile>,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge
        .page(&request, async || match *request.method() {
            Method::POST => decide(app, &request).await,
            _ => offer(app, &request).await,
        })
        .await
}

async fn offer(app: &App, request: &Request) -> Result<Reply> {
    let ticket = app.edge.cookie(request, TICKET_COOKIE).ok_or_else(unusable)?;
    let offer = show(&ports(app), ticket).await?;
    form_targets(html(page::offer(&offer))?, &[&offer.return_origin])
}

async fn decide(app: &App, request: &Request) -> Result<Reply> {
    app.edge.same_origin(request)?;
    let ticket = app.edge.cookie(request, TICKET_COOKIE).ok_or_else(unusable)?;
    let url = run(&ports(app), ticket, &decision(request)?).await?;
    see_other(url.as_str())?.cookie_value(&app.edge.set_cookie(TICKET_COOKIE, "", 0))
}

/// Reads the form: places in the list as `account`, and which button was pressed as `decision`.
fn decision(request: &Request) -> Result<Decision> {
    let (mut choices, mut cancel) = (Vec::new(), false);
    for (name, value) in form_body(request)? {
        match name.as_str() {
            "account" => choices.push(value.parse().map_err(|_| unknown())?),
            "decision" => cancel = value == "cancel",
            _ => return Err(unknown()),
        }
    }
    Ok(if cancel { Decision::Cancel } else { Decision::Connect(choices) })
}

fn unknown() -> Error {
    Error::invalid("invalid_form", "The form has something in it that is not ours.")
}

fn ports(app: &App) -> Ports<'_> {
    Ports {
        callers: app.edge.callers.as_ref(),
        read: app.read.as_ref(),
        take: app.take.as_ref(),
        connections: app.connections.as_ref(),
        confirm: app.confirm.as_ref(),
        vault: app.vault.as_ref(),
        open: app.open.as_ref(),
        mint: app.mint.as_ref(),
        profile: &app.profile,
        clock: app.edge.clock.as_ref(),
        entropy: app.edge.entropy.as_ref(),
    }
}

/// Describes the operations.
pub fn describe(api: &mut Api) {
    api.operation("showConfirmPage", "Show the accounts to choose from")
        .says("A page for people; only the browser that came back from the platform can see it.")
        .media("text/html", "The page.")
        .add();
    api.operation("confirmAccounts", "Choose accounts, or cancel")
        .says("The page's own form: `account` once per chosen account, `decision` as `connect` or `cancel`.")
        .form()
        .redirects("The return URL with `connection_id` and a one-time `code`, or with `error=cancelled`.")
        .add();
}
