//! GET and POST /connect/confirm: the choice of accounts.

mod form;
mod page;

use std::sync::Arc;

use lambda_http::Request;
use lambda_http::http::Method;
use mooring_domain::Result;
use mooring_domain::connect::binding::{foreign_list, is_handle, ticket_cookie};
use mooring_domain::ops::confirm_accounts::{Ports, Presented, Shown, run, show};
use mooring_domain::ports::{
    ConnectionConfirm, ConnectionRead, HeldAccounts, KeyMint, KeyOpen, TransientRead, TransientTake,
    VaultRead,
};
use mooring_domain::profile::Profile;
use mooring_edge::openapi::Api;
use mooring_edge::{Edge, Exit, Query, Reply, form_targets, html, see_other};

use crate::form::ChoiceForm;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// Looks at tickets.
    pub read: Arc<dyn TransientRead>,
    /// Decides with tickets.
    pub take: Arc<dyn TransientTake>,
    /// The pending connection and its candidates.
    pub connections: Arc<dyn ConnectionRead>,
    /// Finds what is connected already.
    pub held: Arc<dyn HeldAccounts>,
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
    let back = form::handle(&request).map(|handle| format!("/connect/confirm?ticket={handle}"));
    app.edge
        .flow(&request, &Exit { profile: &app.profile, back }, async || match *request.method() {
            Method::POST => decide(app, &request).await,
            _ => offer(app, &request).await,
        })
        .await
}

async fn offer(app: &App, request: &Request) -> Result<Reply> {
    let handle = Query::of(request)?.take("ticket").ok_or_else(foreign_list)?;
    let presented = presented(app, request, &handle)?;
    match show(&ports(app), presented).await? {
        Shown::Offer(offer) => {
            if let Some(error) = &offer.unseen {
                mooring_edge::note(error, "the page does not say which accounts are connected already");
            }
            form_targets(html(page::offer(&offer))?, &[&offer.return_origin])
        }
        Shown::Decided(url) => see_other(url.as_str()),
    }
}

async fn decide(app: &App, request: &Request) -> Result<Reply> {
    app.edge.visit(request)?;
    app.edge.same_origin(request)?;
    let form = ChoiceForm::read(request)?;
    let presented = presented(app, request, &form.handle)?;
    see_other(run(&ports(app), presented, &form.decision).await?.as_str())
}

/// The ticket that the browser has for a handle. It stays in the browser: a choice that is sent twice finds its way on.
fn presented<'a>(app: &App, request: &'a Request, handle: &'a str) -> Result<Presented<'a>> {
    let known = Some(handle).filter(|handle| is_handle(handle));
    let ticket = known.and_then(|handle| app.edge.cookie(request, &ticket_cookie(handle)));
    Ok(Presented { ticket: ticket.ok_or_else(foreign_list)?, handle })
}

fn ports(app: &App) -> Ports<'_> {
    Ports {
        callers: app.edge.callers.as_ref(),
        read: app.read.as_ref(),
        take: app.take.as_ref(),
        connections: app.connections.as_ref(),
        held: app.held.as_ref(),
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
        .says("A page for people; only the browser that came back from the platform can see it. Once the choice was made, it leads on to the return URL.")
        .query("ticket", "string", false, "The handle of the flow, as the callback's redirect has it.")
        .media("text/html", "The page.")
        .redirects("The return URL: the choice was made.")
        .add();
    api.operation("confirmAccounts", "Choose accounts, or cancel")
        .says("The page's own form: `ticket` and `decision` (`connect` or `cancel`) once each, `account` once per chosen account, by the ids of this very page. What does not fit uses nothing up; the same choice again leads to the same end.")
        .form()
        .redirects("The return URL with `connection_id` and a one-time `code`, or with `error=cancelled`.")
        .add();
}
