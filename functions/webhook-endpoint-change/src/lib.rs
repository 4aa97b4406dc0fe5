//! PATCH and DELETE /v1/webhook-endpoints/{id}, POST /v1/webhook-endpoints/{id}/rotate-secret: changes or
//! deletes a webhook endpoint, or replaces its secret.

use lambda_http::Request;
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::webhook::endpoint::OLD_SECRET;
pub use mooring_domain::webhook::ops::change_webhook_endpoint::Ports;
use mooring_domain::webhook::ops::change_webhook_endpoint::{Input, remove, rotate, run};
use mooring_domain::webhook::target::{Reach, Target};
use mooring_domain::{Error, Result};
use mooring_edge::openapi::{Api, json, words};
use mooring_edge::views::webhook::{EndpointView, description, types};
use mooring_edge::{Edge, Query, Reply, json_body, no_content, ok, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
    /// The addresses that an endpoint may have.
    pub reach: Reach,
}

/// The changes. A field that is left out stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "enabled": true }))]
struct EndpointPatch {
    /// A new address.
    url: Option<String>,
    /// The event types that the endpoint receives from now on.
    #[schemars(with = "Option<Vec<words::ChosenEventType>>", length(min = 1))]
    event_types: Option<Vec<String>>,
    /// Your description of the endpoint.
    description: Option<String>,
    /// `true` switches the endpoint on and clears its failures, `false` switches it off.
    enabled: Option<bool>,
}

/// A new secret, shown only this once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = json!({ "secret": "whsec_…" }))]
struct RotatedSecret {
    /// The secret that signs from now on; for a while the one before signs beside it.
    secret: String,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    if request.uri().path().ends_with("/rotate-secret") {
        let replace = async |caller, attempt| replace(app, &request, &caller, &attempt).await;
        return app.edge.once(&request, Scope::WebhooksWrite, replace).await;
    }
    app.edge.api(&request, Scope::WebhooksWrite, async |caller| change(app, &request, &caller).await).await
}

async fn change(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    Query::of(request)?.finish()?;
    let id = path(request, "id")?;
    if request.method() == "DELETE" {
        remove(&app.ports, caller, &id).await?;
        return no_content();
    }
    let input = json_body::<EndpointPatch>(request)?.into_input(app.reach)?;
    ok(&EndpointView::of(&run(&app.ports, caller, &id, input).await?))
}

async fn replace(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    let secret = rotate(&app.ports, caller, &path(request, "id")?, attempt).await?;
    ok(&RotatedSecret { secret: secret.text().to_owned() })
}

impl EndpointPatch {
    fn into_input(self, reach: Reach) -> Result<Input> {
        let input = Input {
            target: self.url.map(|url| Target::parse(&url, reach)).transpose()?,
            types: types(self.event_types)?,
            description: description(self.description)?,
            enabled: self.enabled,
        };
        let (target, types) = (input.target.is_none(), input.types.is_none());
        if target && types && input.description.is_none() && input.enabled.is_none() {
            let message = "Name what is to change: `url`, `event_types`, `description` or `enabled`.";
            return Err(Error::invalid("nothing_to_change", message));
        }
        Ok(input)
    }
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("changeWebhookEndpoint", "Change a webhook endpoint")
        .id("id", "whe")
        .says("Fields that are left out stay as they are. Deliveries under way go to the new address.")
        .body::<EndpointPatch>()
        .ok::<EndpointView>("The endpoint as it is now.")
        .add();
    api.operation("deleteWebhookEndpoint", "Delete a webhook endpoint")
        .id("id", "whe")
        .says("Its address and secrets are deleted with it; deliveries under way end.")
        .empties("It is gone.")
        .add();
    api.operation("rotateWebhookSecret", "Replace a webhook endpoint's secret")
        .id("id", "whe")
        .says(format!(
            "Every delivery is signed with both secrets for {} hours, so that receivers change when they can.",
            OLD_SECRET.as_hours()
        ))
        .ok::<RotatedSecret>("The new secret; it is shown this once, and again to a repetition with the same key.")
        .add();
}
