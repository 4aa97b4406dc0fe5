//! GET /v1/credential, /v1/access-log and /v1/usage: callers, their calls, and how many there were.

mod access_log;
mod credential;
mod usage;

use lambda_http::Request;
pub use mooring_domain::people::ops::{read_access_log, read_credential, read_usage};
use mooring_edge::openapi::Api;
use mooring_edge::{Edge, Reply};

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the credential's operation.
    pub credential: read_credential::Ports,
    /// The ports of the log's operation.
    pub log: read_access_log::Ports,
    /// The ports of the counting operation.
    pub usage: read_usage::Ports,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    match request.uri().path() {
        "/v1/access-log" => access_log::handle(app, &request).await,
        "/v1/usage" => usage::handle(app, &request).await,
        _ => credential::handle(app, &request).await,
    }
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    credential::describe(api);
    access_log::describe(api);
    usage::describe(api);
}
