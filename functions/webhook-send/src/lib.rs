//! POST /v1/webhook-endpoints/{id}/test and /v1/webhook-endpoints/{id}/deliveries/{delivery}/replay.

use std::sync::Arc;

use lambda_http::{Request, RequestExt};
use mooring_domain::Result;
use mooring_domain::caller::{Caller, Scope};
use mooring_domain::idempotency::Attempt;
use mooring_domain::ids::EndpointId;
use mooring_domain::ops::send_webhook::{Ports, replay, test};
use mooring_domain::ports::{DeliveryRead, DeliveryWrite, EndpointRead, WebhookQueue};
use mooring_edge::openapi::Api;
use mooring_edge::views::webhook::DeliveryView;
use mooring_edge::{Edge, Query, Reply, accepted, note, path};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The endpoint.
    pub endpoints: Arc<dyn EndpointRead>,
    /// What was sent before.
    pub deliveries: Arc<dyn DeliveryRead>,
    /// Makes a delivery due.
    pub write: Arc<dyn DeliveryWrite>,
    /// Sends it at once.
    pub queue: Arc<dyn WebhookQueue>,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    let send = async |caller, attempt| send(app, &request, &caller, &attempt).await;
    app.edge.once(&request, Scope::WebhooksWrite, send).await
}

async fn send(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    Query::of(request)?.finish()?;
    let ports = Ports {
        endpoints: app.endpoints.as_ref(),
        deliveries: app.deliveries.as_ref(),
        write: app.write.as_ref(),
        queue: app.queue.as_ref(),
        attempt,
    };
    let id: EndpointId = path(request, "id")?;
    let again =
        request.path_parameters_ref().is_some_and(|parameters| parameters.first("delivery").is_some());
    let started = if again {
        replay(&ports, caller, &id, &path(request, "delivery")?).await?
    } else {
        test(&ports, caller, &id).await?
    };
    if let Some(error) = &started.unsent {
        note(error, "left to the sweeper");
    }
    let view = DeliveryView::of(&started.delivery);
    let location = format!("/v1/webhook-endpoints/{id}/deliveries/{}", view.id);
    accepted(&view, &app.edge.url(&location))
}

/// Describes the operations.
pub fn describe(api: &mut Api) {
    api.operation("testWebhookEndpoint", "Send a test event")
        .id("id", "whe")
        .says("A `webhook.test` event goes to this endpoint alone, whatever types it hears.")
        .accepted::<DeliveryView>("The delivery to watch.")
        .add();
    api.operation("replayWebhookDelivery", "Send a delivery once more")
        .id("id", "whe")
        .id("delivery", "dlv")
        .says("The `webhook-id` is the same, so that a receiver which has it can drop it. Its schedule starts anew.")
        .accepted::<DeliveryView>("The delivery to watch.")
        .add();
}
