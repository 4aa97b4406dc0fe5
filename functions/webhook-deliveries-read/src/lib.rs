//! GET /v1/webhook-endpoints/{id}/deliveries and /v1/webhook-endpoints/{id}/deliveries/{delivery}.

use std::sync::Arc;

use lambda_http::{Request, RequestExt};
use mooring_domain::caller::{Caller, Scope};
use mooring_domain::ids::{DeliveryId, EndpointId};
use mooring_domain::ops::read_webhooks::{self, Ports};
use mooring_domain::ports::{DeliveryRead, EndpointRead};
use mooring_domain::{Error, Result};
use mooring_edge::openapi::Api;
use mooring_edge::views::webhook::DeliveryView;
use mooring_edge::{Cursor, Edge, Query, Reply, ok, path};
use schemars::JsonSchema;
use serde::Serialize;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// Whose deliveries they are.
    pub endpoints: Arc<dyn EndpointRead>,
    /// The log.
    pub deliveries: Arc<dyn DeliveryRead>,
}

/// A page of deliveries.
#[derive(Debug, Serialize, JsonSchema)]
struct DeliveryList {
    /// The deliveries, the newest event first.
    deliveries: Vec<DeliveryView>,
    /// Where the next page starts; `null` on the last.
    next_cursor: Option<String>,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.api(&request, Scope::WebhooksRead, async |caller| read(app, &request, &caller).await).await
}

async fn read(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let endpoint: EndpointId = path(request, "id")?;
    let one = request.path_parameters_ref().is_some_and(|parameters| parameters.first("delivery").is_some());
    if !one {
        return list(app, request, caller, &endpoint).await;
    }
    Query::of(request)?.finish()?;
    let id = path(request, "delivery")?;
    ok(&DeliveryView::of(&read_webhooks::delivery(&ports(app), caller, &endpoint, &id).await?))
}

async fn list(app: &App, request: &Request, caller: &Caller, endpoint: &EndpointId) -> Result<Reply> {
    let mut query = Query::of(request)?;
    let limit = query.take_limit(25, 100)?;
    let before = query.take("cursor").map(|cursor| before(&cursor)).transpose()?;
    query.finish()?;
    // One more than asked for tells whether there is another page.
    let asked = limit + 1;
    let mut found = read_webhooks::deliveries(&ports(app), caller, endpoint, before.as_ref(), asked).await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    let last = found.last().filter(|_| more);
    ok(&DeliveryList {
        next_cursor: last.map(|delivery| Cursor::encode(delivery.id.as_str())),
        deliveries: found.iter().map(DeliveryView::of).collect(),
    })
}

fn before(cursor: &str) -> Result<DeliveryId> {
    let id = Cursor::decode(cursor)?.parse();
    id.map_err(|_| Error::invalid("invalid_cursor", "The cursor is not one that this list gave."))
}

fn ports(app: &App) -> Ports<'_> {
    Ports { endpoints: app.endpoints.as_ref(), deliveries: app.deliveries.as_ref() }
}

/// Describes the operations.
pub fn describe(api: &mut Api) {
    api.operation("listWebhookDeliveries", "List a webhook endpoint's deliveries")
        .says("They are kept for 83 days. Nothing of an endpoint's answers but their status is kept.")
        .query("limit", "integer", false, "How many, from 1 to 100; 25 without it.")
        .query("cursor", "string", false, "Where to go on: `next_cursor` of the page before.")
        .ok::<DeliveryList>("A page of deliveries, the newest event first.")
        .add();
    api.operation("getWebhookDelivery", "Read a delivery")
        .ok::<DeliveryView>("The delivery with its last 40 attempts.")
        .add();
}
