//! Shows webhook endpoints and deliveries as the API answers them, and reads the fields that two requests
//! share.

use mooring_domain::webhook::delivery::{Attempt, Delivery};
use mooring_domain::webhook::endpoint::Endpoint;
use mooring_domain::webhook::event::EventType;
use mooring_domain::{Error, Result};
use schemars::JsonSchema;
use serde::Serialize;

use super::examples;
use super::time::Time;
use crate::openapi::{id_pattern, words};

/// The longest description, in characters.
const DESCRIPTION: usize = 200;

/// A webhook endpoint.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WebhookEndpoint", example = examples::endpoint())]
pub struct EndpointView {
    /// The endpoint's id.
    #[schemars(regex(pattern = id_pattern("whe")))]
    pub id: String,
    /// Scheme, host and port of the endpoint's address. Path and query may hold a token of yours: they are
    /// kept sealed and never shown.
    #[schemars(with = "words::Address")]
    pub origin: String,
    /// The event types that the endpoint receives; `null` for all present and future types.
    #[schemars(with = "Option<Vec<words::ChosenEventType>>")]
    pub event_types: Option<Vec<String>>,
    /// Your description of the endpoint.
    pub description: String,
    /// True when events are sent to the endpoint.
    pub enabled: bool,
    /// Why no events are sent; `null` while they are.
    #[schemars(with = "Option<words::DisableReason>")]
    pub disabled_reason: Option<String>,
    /// Since when no events are sent.
    pub disabled_at: Option<Time>,
    /// When the endpoint first failed after its last success.
    pub failing_since: Option<Time>,
    /// When the endpoint was created.
    pub created_at: Time,
}

/// A delivery: one event on its way to one endpoint.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WebhookDelivery", example = examples::delivery())]
pub struct DeliveryView {
    /// The delivery's id.
    #[schemars(regex(pattern = id_pattern("dlv")))]
    pub id: String,
    /// The delivery's endpoint.
    #[schemars(regex(pattern = id_pattern("whe")))]
    pub webhook_endpoint_id: String,
    /// The delivery's event, which is also the `webhook-id` that the endpoint gets.
    #[schemars(regex(pattern = id_pattern("evt")))]
    pub event_id: String,
    /// The event's type.
    #[schemars(with = "words::WebhookEventType")]
    pub event_type: String,
    /// The state of the delivery.
    #[schemars(with = "words::DeliveryState")]
    pub state: String,
    /// When the next attempt begins; `null` when none is planned.
    pub next_attempt_at: Option<Time>,
    /// How many attempts have begun.
    pub attempt_count: u32,
    /// The last 40 attempts, the oldest first.
    pub attempts: Vec<AttemptView>,
    /// When the delivery was created.
    pub created_at: Time,
}

/// One attempt of a delivery.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WebhookAttempt")]
pub struct AttemptView {
    /// The attempt's number, from 1. A missing number belongs to an attempt whose outcome was lost.
    pub number: u32,
    /// When the attempt began.
    pub at: Time,
    /// How long the attempt took, in milliseconds.
    pub duration_ms: u64,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// Why the attempt failed; `null` after a success.
    #[schemars(with = "Option<words::DeliveryFailure>")]
    pub failure: Option<String>,
}

impl EndpointView {
    /// Shows an endpoint.
    pub fn of(endpoint: &Endpoint) -> Self {
        let types = endpoint.types.iter().map(|kind| kind.as_str().to_owned()).collect::<Vec<_>>();
        Self {
            id: endpoint.id.to_string(),
            origin: endpoint.origin.clone(),
            event_types: Some(types).filter(|types| !types.is_empty()),
            description: endpoint.description.clone(),
            enabled: endpoint.off.is_none(),
            disabled_reason: endpoint.off.map(|(off, _)| off.as_str().to_owned()),
            disabled_at: endpoint.off.map(|(_, at)| at.into()),
            failing_since: endpoint.failing_since.map(Time::from),
            created_at: endpoint.created_at.into(),
        }
    }
}

impl DeliveryView {
    /// Shows a delivery.
    pub fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            webhook_endpoint_id: delivery.endpoint.to_string(),
            event_id: delivery.event.to_string(),
            event_type: delivery.kind.as_str().to_owned(),
            state: delivery.state.as_str().to_owned(),
            next_attempt_at: delivery.next_try_at.map(Time::from),
            attempt_count: delivery.number,
            attempts: delivery.attempts.iter().map(AttemptView::of).collect(),
            created_at: delivery.created_at.into(),
        }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            at: attempt.at.into(),
            duration_ms: attempt.millis,
            status: attempt.status,
            failure: attempt.failure.map(|failure| failure.as_str().to_owned()),
        }
    }
}

/// Reads `event_types`.
pub fn types(names: Option<Vec<String>>) -> Result<Option<Vec<EventType>>> {
    let Some(names) = names else { return Ok(None) };
    let known = |name: &String| EventType::parse(name).filter(|kind| *kind != EventType::Test);
    let mut types = names.iter().map(known).collect::<Option<Vec<_>>>().ok_or_else(|| {
        let message = "`event_types` holds a type that does not exist or that is not for choosing.";
        Error::invalid("unknown_event_type", message)
    })?;
    types.sort_unstable();
    types.dedup();
    if types.is_empty() {
        let message = "`event_types` is empty; leave it out to hear all types.";
        return Err(Error::invalid("no_event_types", message));
    }
    Ok(Some(types))
}

/// Reads `description`, which is ASCII only, so that no two descriptions look the same and differ.
pub fn description(text: Option<String>) -> Result<Option<String>> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let fits = |text: &String| {
        (1..=DESCRIPTION).contains(&text.len()) && text.bytes().all(is_plain) && text.trim() == text
    };
    if text.as_ref().is_none_or(fits) {
        return Ok(text);
    }
    let message = format!("`description` is 1 to {DESCRIPTION} visible ASCII characters or spaces.");
    Err(Error::invalid("invalid_description", message))
}
