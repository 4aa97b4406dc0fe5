//! GET /v1/credential: shows a caller its own credential.

mod credential;

use lambda_http::Request;
pub use mooring_domain::people::ops::read_credential;
use mooring_edge::openapi::Api;
use mooring_edge::{Edge, Reply};

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the credential's operation.
    pub credential: read_credential::Ports,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    credential::handle(app, &request).await
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    credential::describe(api);
}
