//! People without a credential: the form, the mailed link, what it shows and does.

use lambda_http::http::Method;
use lambda_http::{Request, RequestExt};
use mooring_domain::ops::request_deletion::by_link::{self, LookPorts};
use mooring_domain::ops::request_deletion::by_mail;
use mooring_domain::{Error, Result};
use mooring_edge::openapi::Api;
use mooring_edge::views::deletion::status_url;
use mooring_edge::{
    Reply, accepted, accepted_html, form_body, form_targets, html, json_body, path, see_other, sends_json,
    wants_json,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{App, left_to_the_sweeper, page};

/// An address to write to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MailRequest {
    /// The e-mail address that the accounts were connected with.
    #[schemars(email, length(max = 254))]
    email: String,
}

/// The same answer for every address.
#[derive(Debug, Serialize, JsonSchema)]
struct MailResponse {
    /// What happens now.
    message: &'static str,
}

/// Answers a person's request.
pub(crate) async fn answer(app: &App, request: &Request) -> Result<Reply> {
    let with_link =
        request.path_parameters_ref().is_some_and(|parameters| parameters.first("link").is_some());
    match (*request.method() == Method::POST, with_link) {
        (false, false) => form_targets(html(page::form(&app.profile))?, &[]),
        (true, false) => mail(app, request).await,
        (false, true) => look(app, request).await,
        (true, true) => confirm(app, request).await,
    }
}

/// Takes an address. What is found, sent or failed behind it changes neither the answer nor its time.
async fn mail(app: &App, request: &Request) -> Result<Reply> {
    let address = address(request)?;
    let ports = mail_ports(app);
    let work = by_mail::run(&ports, &address);
    let (outcome, ()) = tokio::join!(work, tokio::time::sleep(app.answer_after));
    if let Some(error) = outcome? {
        tracing::error!(error.code = error.code, "the deletion link was not mailed: {error}");
    }
    if wants_json(request) {
        return accepted(&MailResponse { message: page::SENT }, &app.edge.url("/deletion-requests"));
    }
    accepted_html(page::sent(&app.profile))
}

fn address(request: &Request) -> Result<String> {
    if sends_json(request) {
        return Ok(json_body::<MailRequest>(request)?.email);
    }
    let fields = form_body(request)?;
    let email = fields.into_iter().find(|(name, _)| name == "email");
    email
        .map(|(_, email)| email)
        .ok_or_else(|| Error::invalid("invalid_email", "Fill in your e-mail address."))
}

async fn look(app: &App, request: &Request) -> Result<Reply> {
    let link: String = path(request, "link")?;
    let held = by_link::look(&look_ports(app), &link).await?;
    form_targets(html(page::confirm(&app.profile, &held))?, &[])
}

async fn confirm(app: &App, request: &Request) -> Result<Reply> {
    app.edge.same_origin(request)?;
    let link: String = path(request, "link")?;
    let ports = by_link::Ports { look: look_ports(app), take: app.take.as_ref(), queue: app.queue.as_ref() };
    let output = by_link::run(&ports, &link).await?;
    output.unsent.iter().for_each(left_to_the_sweeper);
    let pages: Vec<String> =
        output.deletions.iter().map(|deletion| status_url(&app.edge, deletion)).collect();
    match pages.as_slice() {
        [one] => see_other(one),
        [] => accepted_html(page::confirm(&app.profile, &[])),
        many => accepted_html(page::begun(many)),
    }
}

fn look_ports(app: &App) -> LookPorts<'_> {
    LookPorts { plan: app.plan(), links: app.read.as_ref() }
}

fn mail_ports(app: &App) -> by_mail::Ports<'_> {
    by_mail::Ports {
        clock: app.edge.clock.as_ref(),
        entropy: app.edge.entropy.as_ref(),
        vault: app.vault.as_ref(),
        keys: app.keys.as_ref(),
        index: app.index.as_ref(),
        connections: app.connections.as_ref(),
        links: app.put.as_ref(),
        mailer: app.mailer.as_ref(),
        profile: &app.profile,
        api_origin: &app.edge.api_origin,
    }
}

/// Describes the operations.
pub(crate) fn describe(api: &mut Api) {
    api.operation("showDeletionRequestForm", "Show the form for deletion by e-mail")
        .media("text/html", "The page.")
        .add();
    api.operation("requestDeletionByMail", "Ask for deletion by e-mail")
        .says(
            "As JSON or as a form. The answer is the same for every address; where accounts were connected with it, a \
             link that works once is mailed there.",
        )
        .body::<MailRequest>()
        .accepted::<MailResponse>("The request was taken; nothing is said about the address.")
        .accepted_page("The same as a page.")
        .add();
    api.operation("showDeletionLink", "Show what a mailed link deletes")
        .says("Looking uses nothing up: mail scanners open links.")
        .media("text/html", "The page.")
        .add();
    api.operation("confirmDeletionLink", "Delete what a mailed link stands for")
        .says("The page's own form. It works once; several connections answer a page with a link for each.")
        .form()
        .redirects("The status page.")
        .add();
}
