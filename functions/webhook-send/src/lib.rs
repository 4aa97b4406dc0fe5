//! POST /v1/webhook-endpoints/{id}/test and /v1/webhook-endpoints/{id}/deliveries/{delivery}/replay: sends a
//! test event, or a delivery once more.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::ids::EndpointId;
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::{Caller, Scope};
pub use mooring_domain::webhook::ops::send_webhook::Ports;
use mooring_domain::webhook::ops::send_webhook::{replay, test};
use mooring_edge::openapi::Api;
use mooring_edge::views::webhook::DeliveryView;
use mooring_edge::{Edge, Query, Reply, accepted, log_suppressed, one, path};

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    let send = async |caller, attempt| send(app, &request, &caller, &attempt).await;
    app.edge.once(&request, Scope::WebhooksWrite, send).await
}

async fn send(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    Query::of(request)?.finish()?;
    let id: EndpointId = path(request, "id")?;
    let started = match one(request, "delivery")? {
        Some(delivery) => replay(&app.ports, attempt, caller, &id, &delivery).await?,
        None => test(&app.ports, attempt, caller, &id).await?,
    };
    if let Some(error) = &started.unsent {
        log_suppressed(error, "left to the sweeper");
    }
    let view = DeliveryView::of(&started.delivery);
    let location = format!("/v1/webhook-endpoints/{id}/deliveries/{}", view.id);
    accepted(&view, &app.edge.site.url(&location))
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("testWebhookEndpoint", "Send a test event")
        .id("id", "whe")
        .says("A `webhook.test` event goes to this endpoint alone, whatever types it receives.")
        .accepted::<DeliveryView>("The delivery to watch.")
        .add();
    api.operation("replayWebhookDelivery", "Send a delivery once more")
        .id("id", "whe")
        .id("delivery", "dlv")
        .says("The `webhook-id` is the same, so that a receiver which has it can drop it. Its schedule starts anew.")
        .accepted::<DeliveryView>("The delivery to watch.")
        .add();
}
