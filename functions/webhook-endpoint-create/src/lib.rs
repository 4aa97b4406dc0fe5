//! POST /v1/webhook-endpoints: creates a webhook endpoint and its secret.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::{Caller, Scope};
pub use mooring_domain::webhook::ops::create_webhook_endpoint::Ports;
use mooring_domain::webhook::ops::create_webhook_endpoint::{Input, run};
use mooring_domain::webhook::target::{Reach, Target};
use mooring_edge::openapi::{Api, Value, json, words};
use mooring_edge::views::examples;
use mooring_edge::views::webhook::{EndpointView, description, types};
use mooring_edge::{Edge, Reply, created, json_body};
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

/// The body of the request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = request_example())]
struct EndpointRequest {
    /// The endpoint's address: an https address of the public Internet, without user, fragment or port 0. It
    /// is kept sealed.
    url: String,
    /// The event types that the endpoint receives; without this field all types.
    #[schemars(with = "Option<Vec<words::ChosenEventType>>", length(min = 1))]
    event_types: Option<Vec<String>>,
    /// Your description of the endpoint: 1 to 200 visible ASCII characters or spaces.
    description: Option<String>,
}

/// The endpoint and its secret, shown only this once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = answer_example())]
struct EndpointCreated {
    /// The endpoint.
    #[serde(flatten)]
    endpoint: EndpointView,
    /// The secret that signs deliveries, as Standard Webhooks writes it (`whsec_…`).
    secret: String,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    let make = async |caller, attempt| make(app, &request, &caller, &attempt).await;
    app.edge.once(&request, Scope::WebhooksWrite, make).await
}

async fn make(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    let body = json_body::<EndpointRequest>(request)?;
    let input = Input {
        target: Target::parse(&body.url, app.reach)?,
        types: types(body.event_types)?.unwrap_or_default(),
        description: description(body.description)?.unwrap_or_default(),
    };
    let made = run(&app.ports, attempt, caller, input).await?;
    let endpoint = EndpointView::of(&made.endpoint);
    let location = app.edge.site.url(&format!("/v1/webhook-endpoints/{}", endpoint.id));
    created(&EndpointCreated { endpoint, secret: made.secret.text().to_owned() }, Some(&location))
}

fn request_example() -> Value {
    json!({
        "url": "https://hooks.example.com/mooring",
        "event_types": ["connection.activated", "connection.disconnected"],
        "description": "Billing",
    })
}

fn answer_example() -> Value {
    let mut created = examples::endpoint();
    if let Some(fields) = created.as_object_mut() {
        fields.insert("secret".to_owned(), json!("whsec_…"));
    }
    created
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("createWebhookEndpoint", "Make a webhook endpoint")
        .says(
            "Events are sent to it as Standard Webhooks, signed with the secret of this answer. Only API keys may hold \
             the scope. A tenant has at most 20 endpoints.",
        )
        .body::<EndpointRequest>()
        .created::<EndpointCreated>(
            "The endpoint; the secret is shown this once, and again to a repetition with the same key.",
        )
        .add();
}
