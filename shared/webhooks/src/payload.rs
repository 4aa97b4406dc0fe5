//! Writes the body of a webhook: type, timestamp, and data that holds only ids, states and links.

use mooring_domain::base::ids::{AccountId, ConnectionId, DeletionId, EndpointId};
use mooring_domain::base::instant;
use mooring_domain::webhook::event::{Event, EventType};
use serde::Serialize;

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_endpoint_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Days>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletes_at: Option<String>,
}

/// The days of a sync, in the account's time zone, both ends included.
#[derive(Serialize)]
struct Days {
    from: String,
    to: String,
}

/// Writes the body of an event; the same event always has the same body.
pub fn body(event: &Event, api_origin: &str) -> String {
    let about = &event.about;
    let deletion = about.deletion.as_ref().map(DeletionId::as_str);
    let is_done = event.kind == EventType::DeletionCompleted;
    let payload = Payload {
        kind: event.kind.as_str(),
        timestamp: instant::to_text(event.at),
        data: Data {
            connection_id: about.connection.as_ref().map(ConnectionId::as_str),
            account_id: about.account.as_ref().map(AccountId::as_str),
            deletion_id: deletion,
            webhook_endpoint_id: about.endpoint.as_ref().map(EndpointId::as_str),
            state: event.kind.state(),
            reason: about.reason.as_deref(),
            window: about
                .window
                .map(|window| Days { from: window.from.to_string(), to: window.to.to_string() }),
            status_url: about.code.as_ref().map(|code| format!("{api_origin}/deletions/{code}")),
            receipt_url: deletion
                .filter(|_| is_done)
                .map(|id| format!("{api_origin}/v1/deletions/{id}/receipt")),
            deletes_at: about.deletes_at.map(instant::to_text),
        },
    };
    // A plain struct of texts always serialises.
    serde_json::to_string(&payload).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use mooring_domain::base::ids::{EventId, TenantId};
    use mooring_domain::webhook::event::About;
    use uuid::Uuid;

    use super::*;

    /// P3: the event of a waiting connection tells the product when the connection ends.
    #[test]
    fn a_connection_that_waits_is_told_with_the_date_of_its_end() {
        let about = About { deletes_at: "2026-12-24T10:00:00Z".parse().ok(), ..About::default() };
        let event = Event {
            id: EventId::from_uuid(Uuid::from_u128(1)),
            tenant: TenantId::from_uuid(Uuid::from_u128(2)),
            kind: EventType::ConnectionNeedsReauth,
            at: "2026-12-10T10:00:00Z".parse().unwrap(),
            about,
            written_at: "2026-12-10T10:00:00Z".parse().unwrap(),
            is_waiting: true,
        };
        let body: serde_json::Value = serde_json::from_str(&body(&event, "https://api.example")).unwrap();
        assert_eq!(
            (body["data"]["deletes_at"].as_str(), body["data"]["state"].as_str()),
            (Some("2026-12-24T10:00:00.000Z"), Some("needs_reauth"))
        );
    }
}
