//! GET /v1/webhook-endpoints/{id}/deliveries and /v1/webhook-endpoints/{id}/deliveries/{delivery}: lists the
//! deliveries of a webhook endpoint, or reads one.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::ids::EndpointId;
use mooring_domain::base::retention::ACTIVITY_DAYS;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::webhook::ops::read_webhooks;
pub use mooring_domain::webhook::ops::read_webhooks::Ports;
use mooring_edge::openapi::{Api, json};
use mooring_edge::views::examples;
use mooring_edge::views::webhook::DeliveryView;
use mooring_edge::{Edge, Paging, Reply, ok, one, path};
use schemars::JsonSchema;
use serde::Serialize;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
}

/// A page of deliveries.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = json!({ "deliveries": [examples::delivery()], "next_cursor": null }))]
struct DeliveryList {
    /// The deliveries, the newest event first.
    deliveries: Vec<DeliveryView>,
    /// The cursor of the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.api(&request, Scope::WebhooksRead, async |caller| read(app, &request, &caller).await).await
}

async fn read(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let endpoint: EndpointId = path(request, "id")?;
    let Some(id) = one(request, "delivery")? else { return list(app, request, caller, &endpoint).await };
    ok(&DeliveryView::of(&read_webhooks::delivery(&app.ports, caller, &endpoint, &id).await?))
}

async fn list(app: &App, request: &Request, caller: &Caller, endpoint: &EndpointId) -> Result<Reply> {
    let paging = Paging::of(request)?;
    let (before, wanted) = (paging.after.as_ref(), paging.wanted());
    let mut found = read_webhooks::deliveries(&app.ports, caller, endpoint, before, wanted).await?;
    ok(&DeliveryList {
        next_cursor: paging.cut(&mut found, |delivery| &delivery.id),
        deliveries: found.iter().map(DeliveryView::of).collect(),
    })
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("listWebhookDeliveries", "List a webhook endpoint's deliveries")
        .says(format!(
            "They are kept for {ACTIVITY_DAYS} days. Nothing of an endpoint's answers but their status is kept."
        ))
        .id("id", "whe")
        .paged()
        .ok::<DeliveryList>("A page of deliveries, the newest event first.")
        .add();
    api.operation("getWebhookDelivery", "Read a delivery")
        .says("An attempt is logged with its status or failure and its times, never with a body.")
        .id("id", "whe")
        .id("delivery", "dlv")
        .ok::<DeliveryView>("The delivery with its last 40 attempts.")
        .add();
}
