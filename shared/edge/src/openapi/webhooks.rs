//! Describes the events that Mooring sends to webhook endpoints, one entry a type.

use mooring_domain::webhook::event::EventType;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::words::{DeletionReason, DisableReason, SyncErrorCode, SyncWait};
use super::{example_id, id_pattern};
use crate::views::time;

/// One field of an event's `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Connection,
    Account,
    Deletion,
    Endpoint,
    DeletionReason,
    DisableReason,
    SyncErrorCode,
    SyncWait,
    Window,
    StatusUrl,
    ReceiptUrl,
    DeletesAt,
}

use Field::{Account, Connection, DeletesAt, Deletion, Endpoint, ReceiptUrl, StatusUrl, Window};

/// What a type of event says: when it is sent, the fields that it always has, and those that it may have.
struct About {
    when: &'static str,
    always: &'static [Field],
    maybe: &'static [Field],
}

const fn about(when: &'static str, always: &'static [Field], maybe: &'static [Field]) -> About {
    About { when, always, maybe }
}

const fn says(kind: EventType) -> About {
    match kind {
        EventType::ConnectionActivated => about("Your product took the connection up.", &[Connection], &[]),
        EventType::ConnectionSuspect => about(
            "The platform refused the token; it may be a hiccup. If it says again a day later that access was revoked, \
             the connection ends.",
            &[Connection],
            &[],
        ),
        EventType::ConnectionRecovered => {
            about("The platform takes the token again, or the person connected again.", &[Connection], &[])
        }
        EventType::ConnectionNeedsReauth => about(
            "The person has to connect again: their login at the platform ended. Where the profile ends what waits, \
             the event comes again 14 and 3 days before `deletes_at`.",
            &[Connection],
            &[DeletesAt],
        ),
        EventType::ConnectionDisconnected => about(
            "Nothing of the connection can be read from now on.",
            &[Connection, Deletion, Field::DeletionReason],
            &[],
        ),
        EventType::AccountDisconnected => about(
            "Nothing of the account can be read from now on: it was let go, or the platform took it away.",
            &[Connection, Account, Deletion, Field::DeletionReason],
            &[],
        ),
        EventType::DeletionCompleted => about(
            "Everything of the deletion was counted at zero. The receipt wants your key, the status page nothing.",
            &[Deletion, Field::DeletionReason, StatusUrl, ReceiptUrl],
            &[Connection, Account],
        ),
        EventType::SyncCompleted => about(
            "A wait for figures of an account is over. Syncs that come by themselves send nothing while all is well.",
            &[Connection, Account, Window, Field::SyncWait],
            &[],
        ),
        EventType::SyncFailed => about(
            "Syncs of an account do not succeed any more: a sync gave up. Sent once, and not at each try.",
            &[Connection, Account, Window, Field::SyncErrorCode],
            &[],
        ),
        EventType::EndpointDisabled => {
            about("Another endpoint of yours was switched off.", &[Endpoint, Field::DisableReason], &[])
        }
        EventType::Test => about("You asked for it.", &[Endpoint], &[]),
    }
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection_id",
            Self::Account => "account_id",
            Self::Deletion => "deletion_id",
            Self::Endpoint => "webhook_endpoint_id",
            Self::DeletionReason | Self::DisableReason | Self::SyncErrorCode | Self::SyncWait => "reason",
            Self::Window => "window",
            Self::StatusUrl => "status_url",
            Self::ReceiptUrl => "receipt_url",
            Self::DeletesAt => "deletes_at",
        }
    }

    fn schema(self) -> Value {
        let id =
            |prefix, of: &str| json!({ "type": "string", "pattern": id_pattern(prefix), "description": of });
        let address = |of: &str| json!({ "type": "string", "format": "uri", "description": of });
        match self {
            Self::Connection => id("con", "The connection."),
            Self::Account => id("acc", "The account."),
            Self::Deletion => id("del", "The deletion."),
            Self::Endpoint => id("whe", "The endpoint."),
            Self::DeletionReason => json!({ "$ref": "#/components/schemas/DeletionReason" }),
            Self::DisableReason => json!({ "$ref": "#/components/schemas/DisableReason" }),
            Self::SyncErrorCode => json!({ "$ref": "#/components/schemas/SyncErrorCode" }),
            Self::SyncWait => json!({ "$ref": "#/components/schemas/SyncWait" }),
            Self::Window => {
                let day = |of: &str| json!({ "type": "string", "format": "date", "description": of });
                json!({
                    "type": "object",
                    "description": "The days of the sync, in the account's time zone.",
                    "properties": { "from": day("The first day."), "to": day("The last day.") },
                    "required": ["from", "to"],
                })
            }
            Self::StatusUrl => address("The public status page."),
            Self::ReceiptUrl => address("The receipt, for a credential with `deletions.read`."),
            Self::DeletesAt => {
                json!({ "type": "string", "format": "date-time", "description": "When the connection ends by itself." })
            }
        }
    }

    fn example(self) -> Value {
        match self {
            Self::Connection => json!(example_id("con")),
            Self::Account => json!(example_id("acc")),
            Self::Deletion => json!(example_id("del")),
            Self::Endpoint => json!(example_id("whe")),
            Self::DeletionReason => json!("disconnected"),
            Self::DisableReason => json!("failing"),
            Self::SyncErrorCode => json!("platform_outage"),
            Self::SyncWait => json!("first"),
            Self::Window => json!({ "from": "2026-11-20", "to": "2026-11-26" }),
            Self::StatusUrl => json!("https://api.example.com/deletions/HJ7QX2K9"),
            Self::ReceiptUrl => {
                json!(format!("https://api.example.com/v1/deletions/{}/receipt", example_id("del")))
            }
            Self::DeletesAt => json!("2026-12-26T10:00:31.123Z"),
        }
    }
}

/// Returns the name of an event's schema: `connection.needs_reauth` is `ConnectionNeedsReauthEvent`.
fn schema_name(kind: EventType) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    let words = kind.as_str().split(['.', '_']).filter_map(capital);
    words.chain(["Event".to_owned()]).collect()
}

/// Describes each event as a call to the product's server. The lists of words that only events name become components.
pub(super) fn describe(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    schemas.subschema_for::<DeletionReason>();
    schemas.subschema_for::<DisableReason>();
    schemas.subschema_for::<SyncErrorCode>();
    schemas.subschema_for::<SyncWait>();
    EventType::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), webhook(kind))).collect()
}

/// Returns the schema of each event's body.
pub(super) fn schemas() -> Map<String, Value> {
    EventType::ALL.into_iter().map(|kind| (schema_name(kind), schema(kind))).collect()
}

fn webhook(kind: EventType) -> Value {
    let name = schema_name(kind);
    let body = json!({ "$ref": format!("#/components/schemas/{name}") });
    json!({ "post": {
        "operationId": format!("on{}", name.trim_end_matches("Event")),
        "summary": format!("Hear of `{}`", kind.as_str()),
        "description": says(kind).when,
        "tags": ["events"],
        "security": [],
        "parameters": headers(),
        "requestBody": { "required": true, "content": { "application/json": { "schema": body } } },
        "responses": {
            "2XX": { "description": "The endpoint has the event. Anything else, or silence for 15 seconds, is tried again." },
            "410": { "description": "The endpoint is gone: it is switched off at once." },
        },
    } })
}

fn headers() -> Value {
    let header = |name: &str, about: &str, example: Value| {
        json!({
            "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string" },
            "example": example,
        })
    };
    json!([
        header(
            "webhook-id",
            "The event's id, the same at each attempt and for each endpoint.",
            json!(example_id("evt")),
        ),
        header(
            "webhook-timestamp",
            "When this attempt was sent, in seconds of Unix time.",
            json!("1795687231")
        ),
        header(
            "webhook-signature",
            "One signature a secret, by Standard Webhooks.",
            json!("v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
        ),
    ])
}

fn schema(kind: EventType) -> Value {
    let about = says(kind);
    let fields = about.always.iter().chain(about.maybe);
    let mut properties: Map<String, Value> =
        fields.map(|field| (field.name().to_owned(), field.schema())).collect();
    let mut required: Vec<&str> = about.always.iter().map(|field| field.name()).collect();
    if let Some(state) = kind.state() {
        let of = "The state of the subject from then on.";
        properties.insert("state".into(), json!({ "type": "string", "const": state, "description": of }));
        required.push("state");
    }
    json!({
        "type": "object",
        "description": about.when,
        "properties": {
            "type": { "type": "string", "const": kind.as_str() },
            "timestamp": { "type": "string", "format": "date-time", "description": "When it happened." },
            "data": {
                "type": "object", "description": "Ids and states only: read the rest through the API.",
                "properties": properties, "required": required,
            },
        },
        "required": ["type", "timestamp", "data"],
        "examples": [example(kind)],
    })
}

fn example(kind: EventType) -> Value {
    let mut data: Map<String, Value> =
        says(kind).always.iter().map(|field| (field.name().to_owned(), field.example())).collect();
    if let Some(state) = kind.state() {
        data.insert("state".into(), json!(state));
    }
    json!({ "type": kind.as_str(), "timestamp": time::EXAMPLE, "data": data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_schema_is_named_for_its_type() {
        assert_eq!(schema_name(EventType::ConnectionNeedsReauth), "ConnectionNeedsReauthEvent");
        assert_eq!(schema_name(EventType::EndpointDisabled), "WebhookEndpointDisabledEvent");
    }

    #[test]
    fn no_field_of_an_event_is_named_twice() {
        for kind in EventType::ALL {
            let About { always, maybe, .. } = says(kind);
            let mut names: Vec<&str> = always.iter().chain(maybe).map(|field| field.name()).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{kind:?}");
        }
    }
}
