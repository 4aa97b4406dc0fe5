//! GET /v1/webhook-endpoints and /v1/webhook-endpoints/{id}.

use std::sync::Arc;

use lambda_http::{Request, RequestExt};
use mooring_domain::caller::{Caller, Scope};
use mooring_domain::ids::EndpointId;
use mooring_domain::ops::read_webhooks;
use mooring_domain::ports::EndpointRead;
use mooring_domain::{Error, Result};
use mooring_edge::openapi::Api;
use mooring_edge::views::webhook::EndpointView;
use mooring_edge::{Cursor, Edge, Query, Reply, ok, path};
use schemars::JsonSchema;
use serde::Serialize;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The endpoints.
    pub endpoints: Arc<dyn EndpointRead>,
}

/// A page of endpoints.
#[derive(Debug, Serialize, JsonSchema)]
struct EndpointList {
    /// The endpoints, in the order in which they were made.
    webhook_endpoints: Vec<EndpointView>,
    /// Where the next page starts; `null` on the last.
    next_cursor: Option<String>,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.api(&request, Scope::WebhooksRead, async |caller| read(app, &request, &caller).await).await
}

async fn read(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let one = request.path_parameters_ref().is_some_and(|parameters| parameters.first("id").is_some());
    if !one {
        return list(app, request, caller).await;
    }
    Query::of(request)?.finish()?;
    let id = path(request, "id")?;
    ok(&EndpointView::of(&read_webhooks::endpoint(app.endpoints.as_ref(), caller, &id).await?))
}

async fn list(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let mut query = Query::of(request)?;
    let limit = query.take_limit(25, 100)?;
    let after = query.take("cursor").map(|cursor| after(&cursor)).transpose()?;
    query.finish()?;
    // One more than asked for tells whether there is another page.
    let endpoints = app.endpoints.as_ref();
    let mut found = read_webhooks::endpoints(endpoints, caller, after.as_ref(), limit + 1).await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    let last = found.last().filter(|_| more);
    ok(&EndpointList {
        next_cursor: last.map(|endpoint| Cursor::encode(endpoint.id.as_str())),
        webhook_endpoints: found.iter().map(EndpointView::of).collect(),
    })
}

fn after(cursor: &str) -> Result<EndpointId> {
    let id = Cursor::decode(cursor)?.parse();
    id.map_err(|_| Error::invalid("invalid_cursor", "The cursor is not one that this list gave."))
}

/// Describes the operations.
pub fn describe(api: &mut Api) {
    api.operation("listWebhookEndpoints", "List webhook endpoints")
        .query("limit", "integer", false, "How many, from 1 to 100; 25 without it.")
        .query("cursor", "string", false, "Where to go on: `next_cursor` of the page before.")
        .ok::<EndpointList>("A page of endpoints; no secret is shown again.")
        .add();
    api.operation("getWebhookEndpoint", "Read a webhook endpoint")
        .ok::<EndpointView>("The endpoint, without its secret and with the origin of its address alone.")
        .add();
}
