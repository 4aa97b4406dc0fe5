//! OPTIONS /v1/{proxy+}: tells a browser which methods a page of a registered origin may use on a path.

use lambda_http::Request;
use mooring_edge::{Edge, Reply};

/// The dependencies of the function: only registered origins.
#[derive(Debug, Clone)]
pub struct App {
    /// Reads registered origins.
    pub edge: Edge,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.preflight(&request).await
}
