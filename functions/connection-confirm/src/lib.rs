//! GET and POST /connect/confirm: the person chooses accounts.

mod form;
mod page;

use lambda_http::Request;
use lambda_http::http::Method;
use mooring_domain::connect::binding::{foreign_list, is_handle, ticket_cookie};
pub use mooring_domain::connect::ops::confirm_accounts::Ports;
use mooring_domain::connect::ops::confirm_accounts::{
    Decision, Offer, Outcome, Presented, Shown, decide_on, show,
};
use mooring_domain::{Error, Result};
use mooring_edge::flow::{self, Back, Exit};
use mooring_edge::openapi::Api;
use mooring_edge::{Edge, Query, Reply, html, refused_html, scripted_form, see_other, spoken};

use crate::form::ChoiceForm;
use crate::page::SCRIPT_DIGEST;

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
    let path = form::handle(&request).map(|handle| format!("/connect/confirm?ticket={handle}"));
    let back = path.map(|path| Back { path, says: "common.back_to_list" });
    flow::run(&app.edge, &request, &Exit { profile: &app.ports.profile, back }, async || {
        match *request.method() {
            Method::POST => decide(app, &request).await,
            _ => offer(app, &request).await,
        }
    })
    .await
}

async fn offer(app: &App, request: &Request) -> Result<Reply> {
    let handle = Query::of(request)?.take("ticket").ok_or_else(foreign_list)?;
    let presented = presented(app, request, &handle)?;
    match show(&app.ports, presented).await? {
        Shown::Offer(offer) => {
            if let Some(error) = &offer.unseen {
                mooring_edge::log_suppressed(
                    error,
                    "the page does not say which accounts are connected already",
                );
            }
            let language = spoken(request, offer.locale.as_ref());
            scripted_form(html(page::offer(language, &offer)?)?, &[&offer.return_origin], SCRIPT_DIGEST)
        }
        Shown::Decided(url) => see_other(url.as_str()),
    }
}

async fn decide(app: &App, request: &Request) -> Result<Reply> {
    flow::visit(request)?;
    app.edge.site.same_origin(request)?;
    let form = ChoiceForm::read(request)?;
    let presented = presented(app, request, &form.handle)?;
    match decide_on(&app.ports, presented, &form.decision).await? {
        Outcome::Back(url) => see_other(url.as_str()),
        Outcome::Again(offer, error) => again(request, &offer, &error, &form.decision),
    }
}

/// Answers an impossible choice with the list, as the person sent it.
fn again(request: &Request, offer: &Offer, error: &Error, decision: &Decision) -> Result<Reply> {
    let ticked = match decision {
        Decision::Connect(ids) => ids.as_slice(),
        Decision::Cancel => &[],
    };
    let page = page::again(spoken(request, offer.locale.as_ref()), offer, error, ticked)?;
    scripted_form(refused_html(error, page), &[&offer.return_origin], SCRIPT_DIGEST)
}

/// Takes the ticket that the browser has for a handle. The ticket stays in the browser, so that a choice that
/// is sent twice leads to the same end.
fn presented<'a>(app: &App, request: &'a Request, handle: &'a str) -> Result<Presented<'a>> {
    let known = Some(handle).filter(|handle| is_handle(handle));
    let ticket = known.and_then(|handle| app.edge.site.cookie(request, &ticket_cookie(handle)));
    Ok(Presented { ticket: ticket.ok_or_else(foreign_list)?, handle })
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("showConfirmPage", "Show the accounts to choose from")
        .says("A page for people; only the browser that came back from the platform can see it. Once the choice was made, it leads on to the return URL.")
        .query("ticket", "string", false, "The handle of the flow, as the callback's redirect has it.")
        .media("text/html", "The page.")
        .redirects("The return URL: the choice was made.")
        .add();
    api.operation("confirmAccounts", "Choose accounts, or cancel")
        .says("The page's own form: `ticket` and `decision` (`connect` or `cancel`) once each, `account` once per chosen account, by the ids of this very page. What does not fit uses nothing up and is answered with the page, as the person filled it in, with the status 400; the same choice again leads to the same end.")
        .form()
        .redirects("The return URL with `connection_id` and a one-time `code`, or with `error=cancelled`.")
        .add();
}
