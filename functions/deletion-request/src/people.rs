//! Serves people without a credential: the form, the mailed link, and the page behind the link.

use lambda_http::http::Method;
use lambda_http::{Request, RequestExt};
use mooring_domain::deletion::ops::request_deletion::by_link::{self, Seen, Watched};
use mooring_domain::deletion::ops::request_deletion::by_mail;
use mooring_domain::{Error, Result};
use mooring_edge::openapi::{Api, json};
use mooring_edge::views::deletion::{refreshed, status_url};
use mooring_edge::{
    Reply, accepted, accepted_html, form_body, form_targets, html, json_body, language, path, refused_html,
    see_other, sends_json, wants_json,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{App, left_to_the_sweeper, page};

/// The e-mail address of a person.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "email": "anna@example.net" }))]
struct MailRequest {
    /// The e-mail address with which the accounts were connected.
    #[schemars(email, length(max = 254))]
    email: String,
}

/// The same answer for every address.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = json!({ "message": "If we know this address, a mail with a link comes." }))]
struct MailResponse {
    /// What happens next.
    message: String,
}

/// Answers a person's request.
pub(crate) async fn answer(app: &App, request: &Request) -> Result<Reply> {
    let with_link =
        request.path_parameters_ref().is_some_and(|parameters| parameters.first("link").is_some());
    match (*request.method() == Method::POST, with_link) {
        (false, false) => form_targets(html(page::form(language(request), &app.profile)?)?, &[]),
        (true, false) => mail(app, request).await,
        (false, true) => look(app, request).await,
        (true, true) => confirm(app, request).await,
    }
}

/// Accepts an address. Work and answer are the same for every address, so that the sender of a request does
/// not learn whether an address is known.
async fn mail(app: &App, request: &Request) -> Result<Reply> {
    if is_from_browser(request) {
        app.edge.site.same_origin(request)?;
    }
    let address = address(request)?;
    // The source is counted under a keyed fingerprint.
    let source = app.edge.front.source(request).map(|source| source.to_string());
    let language = language(request);
    let locale = language.tag.parse().ok();
    let asked = by_mail::Asked { address: &address, source: source.as_deref(), locale };
    let output = match by_mail::run(&app.mail, &asked).await {
        Err(error) if error.code == "invalid_email" && !wants_json(request) => {
            let page = page::form_again(language, &app.profile, &address)?;
            return form_targets(refused_html(&error, page), &[]);
        }
        output => output?,
    };
    taken(&output);
    if wants_json(request) {
        let message = page::sent_text(language, &app.profile).plain();
        return accepted(&MailResponse { message }, &app.edge.site.url("/deletion-requests"));
    }
    accepted_html(page::sent(language, &app.profile)?)
}

/// Logs that a request was taken. An alarm counts this line. There is no limit for the deployment as a whole, because it
/// would refuse the people who come late.
fn taken(output: &by_mail::Output) {
    tracing::info!(
        event = "deletion.mail_asked",
        delay_seconds = output.delay_seconds,
        "a mail was asked for"
    );
    if let Some(error) = &output.uncounted {
        tracing::warn!(error.code = error.code, "a source was not counted: {error}");
    }
}

/// Returns whether a browser sent the request: only browsers name the site that a request comes from. Another
/// site cannot make a program send one.
fn is_from_browser(request: &Request) -> bool {
    ["origin", "sec-fetch-site"].iter().any(|name| request.headers().contains_key(*name))
}

fn address(request: &Request) -> Result<String> {
    if sends_json(request) {
        return Ok(json_body::<MailRequest>(request)?.email);
    }
    let fields = form_body(request)?;
    let mut emails = fields.into_iter().filter(|(name, _)| name == "email").map(|(_, email)| email);
    match (emails.next(), emails.next()) {
        (Some(email), None) => Ok(email),
        _ => Err(Error::invalid("invalid_email", "Fill in your e-mail address, one at a time.")),
    }
}

async fn look(app: &App, request: &Request) -> Result<Reply> {
    let link: String = path(request, "link")?;
    let language = language(request);
    match by_link::look(&app.link, &link).await? {
        Seen::Held(held) => form_targets(html(page::confirm(language, &app.profile, &held)?)?, &[]),
        Seen::Begun(begun) => {
            let address = |watched: &Watched| status_url(&app.edge.site, &watched.deletion);
            let reply = html(page::begun(language, &app.profile, &begun, address)?)?;
            refreshed(reply, begun.iter().map(|one| &one.deletion), app.edge.clock.now())
        }
    }
}

/// Begins the deletions, and leads to the page under the same address, which shows how far they are.
async fn confirm(app: &App, request: &Request) -> Result<Reply> {
    app.edge.site.same_origin(request)?;
    let link: String = path(request, "link")?;
    let output = by_link::run(&app.link, &link).await?;
    output.unsent.iter().for_each(left_to_the_sweeper);
    see_other(&app.edge.site.url(&format!("/deletion-requests/{link}")))
}

/// The link's secret in examples.
const EXAMPLE: &str = "Jm2R7cP0sVxL5nQe8TtB1kYw3HgZ6uDf9aKoN4iXqCr";

/// Describes the operations for OpenAPI.
pub(crate) fn describe(api: &mut Api) {
    api.operation("showDeletionRequestForm", "Show the form for deletion by e-mail")
        .says("A page for people who have no account with the product any more.")
        .media("text/html", "The page.")
        .add();
    api.operation("requestDeletionByMail", "Ask for deletion by e-mail")
        .says(
            "As JSON or as a form. The answer is the same for every address; where accounts were connected with it, a \
             link is mailed there, in the language in which it was asked for. Whoever asks often waits for the next mail, and no request is lost. Using one link \
             ends every other link that was mailed to the address. A browser may ask from our own page only.",
        )
        .body::<MailRequest>()
        .accepted::<MailResponse>("The request was taken; nothing is said about the address.")
        .accepted_page("The same as a page.")
        .add();
    api.operation("showDeletionLink", "Show what a mailed link deletes")
        .says("Looking uses nothing up: mail scanners open links. Once it was confirmed, the same address shows how far the deletions are.")
        .meaning("link", "The secret of the mailed link.")
        .example("link", json!(EXAMPLE))
        .media("text/html", "The page.")
        .add();
    api.operation("confirmDeletionLink", "Delete what a mailed link stands for")
        .meaning("link", "The secret of the mailed link.")
        .example("link", json!(EXAMPLE))
        .says("The page's own form. It deletes once; sent again, it leads to the same page.")
        .form()
        .redirects("The page under the same address, which now shows how far the deletions are.")
        .add();
}
