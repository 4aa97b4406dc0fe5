//! GET /v1/webhook-endpoints and /v1/webhook-endpoints/{id}: lists webhook endpoints, or reads one.

use std::sync::Arc;

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::webhook::ops::read_webhooks;
use mooring_domain::webhook::ports::EndpointRead;
use mooring_edge::openapi::{Api, json};
use mooring_edge::views::examples;
use mooring_edge::views::webhook::EndpointView;
use mooring_edge::{Edge, Paging, Reply, ok, one};
use schemars::JsonSchema;
use serde::Serialize;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The endpoints.
    pub endpoints: Arc<dyn EndpointRead>,
}

/// A page of endpoints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = json!({ "webhook_endpoints": [examples::endpoint()], "next_cursor": null }))]
struct EndpointList {
    /// The endpoints, in the order in which they were created.
    webhook_endpoints: Vec<EndpointView>,
    /// The cursor of the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.api(&request, Scope::WebhooksRead, async |caller| read(app, &request, &caller).await).await
}

async fn read(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let Some(id) = one(request, "id")? else { return list(app, request, caller).await };
    ok(&EndpointView::of(&read_webhooks::endpoint(app.endpoints.as_ref(), caller, &id).await?))
}

async fn list(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let paging = Paging::of(request)?;
    let (endpoints, after) = (app.endpoints.as_ref(), paging.after.as_ref());
    let mut found = read_webhooks::endpoints(endpoints, caller, after, paging.wanted()).await?;
    ok(&EndpointList {
        next_cursor: paging.cut(&mut found, |endpoint| &endpoint.id),
        webhook_endpoints: found.iter().map(EndpointView::of).collect(),
    })
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("listWebhookEndpoints", "List webhook endpoints")
        .says("Those of the tenant, in the order in which they were created.")
        .paged()
        .ok::<EndpointList>("A page of endpoints; no secret is shown again.")
        .add();
    api.operation("getWebhookEndpoint", "Read a webhook endpoint")
        .says("Its secret is shown only when it is made or replaced.")
        .id("id", "whe")
        .ok::<EndpointView>("The endpoint, without its secret and with the origin of its address alone.")
        .add();
}
