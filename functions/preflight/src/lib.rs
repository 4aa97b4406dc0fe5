//! OPTIONS /v1/{proxy+}: tells a browser which methods a page of a registered origin may use on a path.

use lambda_http::Request;
use mooring_edge::{Edge, Reply};

/// What the function needs: registered origins, and nothing else.
#[derive(Debug, Clone)]
pub struct App {
    /// Reads registered origins.
    pub edge: Edge,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.preflight(&request).await
}
