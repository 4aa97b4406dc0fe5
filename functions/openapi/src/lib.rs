//! GET /openapi.json: the description of the API, generated when this was built. As `$default` the function
//! also answers requests that the description does not have.

use lambda_http::Request;
use mooring_edge::openapi::Api;
use mooring_edge::routes::find;
use mooring_edge::{Reply, asset, fallback};

/// The document, generated from the Rust types and the route table.
const DOCUMENT: &str = include_str!("../openapi.json");

const OPERATION: &str = "getOpenApi";

/// The dependencies of the function: none.
#[derive(Debug, Clone, Copy, Default)]
pub struct App;

/// Answers a request.
#[expect(clippy::unused_async, reason = "every handler has the same shape")]
pub async fn handle(_: &App, request: Request) -> Reply {
    match find(request.method().as_str(), request.uri().path()) {
        Some(found) if found.route.operation_id == OPERATION => asset(&request, "application/json", DOCUMENT),
        _ => fallback(&request),
    }
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation(OPERATION, "Read this description").media("application/json", "The document.").add();
}
