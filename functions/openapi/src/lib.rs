//! GET /openapi.json: the description of the API, as it was generated when this was built.

use lambda_http::Request;
use mooring_edge::Reply;
use mooring_edge::openapi::Api;

/// The document, generated from the Rust types and the route table.
const DOCUMENT: &str = include_str!("../openapi.json");

/// What the function needs: nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct App;

/// Answers the request.
#[expect(clippy::unused_async, reason = "every handler has the same shape")]
pub async fn handle(_: &App, _: Request) -> Reply {
    mooring_edge::asset("application/json", DOCUMENT)
}

/// Describes the operation.
pub fn describe(api: &mut Api) {
    api.operation("getOpenApi", "Read this description").media("application/json", "The document.").add();
}
