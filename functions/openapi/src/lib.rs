//! GET /, /docs, /llms.txt, /health and /openapi.json: what anybody may read without a credential, and without a table.
//! As `$default` the function also answers requests that the description does not have.

mod docs;

use askama::Template;
use docs::Document;
use lambda_http::Request;
use lambda_http::http::header::{HeaderValue, VARY};
use mooring_edge::openapi::Api;
use mooring_edge::routes::find;
use mooring_edge::{Reply, asset, default_language, fallback, momentary, page, wants_json};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// The document, generated from the Rust types and the route table.
const DOCUMENT: &str = include_str!("../openapi.json");

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The dependencies of the function: none.
#[derive(Debug, Clone, Copy, Default)]
pub struct App;

/// The front page for people: what answers here, and where to go.
#[derive(Template)]
#[template(path = "front.html")]
struct Front;

/// The front page for programs: the same ways.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = LINKS)]
struct Links {
    /// The path of the documents.
    docs: &'static str,
    /// The path of this API's description.
    description: &'static str,
    /// The path that a monitor asks.
    health: &'static str,
    /// The path of the form by which a person has their data deleted.
    deletion_requests: &'static str,
}

const LINKS: Links = Links {
    docs: "/docs",
    description: "/openapi.json",
    health: "/health",
    deletion_requests: "/deletion-requests",
};

/// The answer to a monitor.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = Health { status: "ok" })]
struct Health {
    /// `ok`: requests arrive and functions start.
    status: &'static str,
}

/// Answers a request.
#[expect(clippy::unused_async, reason = "every handler has the same shape")]
pub async fn handle(_: &App, request: Request) -> Reply {
    let path = request.uri().path();
    match find(request.method().as_str(), path).map(|found| found.route.operation_id) {
        Some("getOpenApi") => asset(&request, JSON, DOCUMENT),
        Some("showFront") => front(&request),
        Some("getHealth") => momentary(&request, JSON, &text(&Health { status: "ok" })),
        Some("headHealth") => momentary(&request, JSON, ""),
        Some("showDocs") => {
            docs::list().map_or_else(|_| fallback(&request), |text| asset(&request, HTML, &text))
        }
        Some("showDocument" | "showReference") => document(&request, path.trim_start_matches("/docs/")),
        Some("getLlmsTxt") => asset(&request, TEXT, &docs::llms()),
        _ => fallback(&request),
    }
}

/// Answers a document as a page, or as Markdown when its name ends so.
fn document(request: &Request, name: &str) -> Reply {
    let markdown = name.strip_suffix(".md");
    match (Document::find(markdown.unwrap_or(name)), markdown) {
        (Some(document), Some(_)) => asset(request, MARKDOWN, document.markdown()),
        (Some(document), None) => match document.page() {
            Ok(text) => asset(request, HTML, &text),
            Err(_) => fallback(request),
        },
        (None, _) => fallback(request),
    }
}

fn front(request: &Request) -> Reply {
    let mut reply = match page(default_language(), "Mooring", &Front) {
        Ok(text) if !wants_json(request) => asset(request, HTML, &text),
        _ => asset(request, JSON, &text(&LINKS)),
    };
    reply.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    reply
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("getOpenApi", "Read this description")
        .says("OpenAPI 3.1. `x-problems` lists every error code with what to do.")
        .any_object("The document.")
        .refuses_with_problems()
        .add();
    api.operation("showFront", "See what answers here")
        .says("A page for people; with `Accept: application/json` the same ways for programs.")
        .ok::<Links>("Where to go.")
        .media("text/html", "The page.")
        .refuses_with_problems()
        .add();
    api.operation("showDocs", "Open the documents")
        .says("A page for people.")
        .media("text/html", "The list of all documents.")
        .refuses_with_problems()
        .add();
    for (operation, does) in
        [("showDocument", "Open a document"), ("showReference", "Open a page of the reference")]
    {
        api.operation(operation, does)
            .says("With `.md` at the end of the address, the Markdown itself.")
            .narrow("page", json!({ "pattern": "^[A-Za-z-]+(\\.md)?$" }))
            .meaning("page", "The document's name, as the list links it.")
            .example("page", json!(if operation == "showDocument" { "states" } else { "errors" }))
            .media("text/html", "The page.")
            .media("text/markdown", "The Markdown.")
            .refuses_with_problems()
            .add();
    }
    api.operation("getLlmsTxt", "List the documents for programs that read text")
        .says("In the form of llms.txt: titles, links to the Markdown, and what each document is about.")
        .media("text/plain", "A list of links in Markdown.")
        .refuses_with_problems()
        .add();
    api.operation("getHealth", "Ask whether the API answers")
        .says("Alarms watch the tables, queues and keys; this does not.")
        .ok::<Health>("It does.")
        .refuses_with_problems()
        .add();
    api.operation("headHealth", "Ask whether the API answers, without a body")
        .says("The same, for monitors that only look at the status.")
        .bare("It does.")
        .refuses_with_problems()
        .add();
}
