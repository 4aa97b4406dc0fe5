//! Audit events and log entries as items. Ids of events come from what happened, so that saying it twice is one event.

use jiff::Timestamp;
use mooring_domain::access::Access;
use mooring_domain::deletion::{Deletion, Subject};
use mooring_domain::ids::{AccountId, ConnectionId, DeletionId, EventId};
use mooring_domain::ports::{Activity, Entropy as _};
use mooring_system::SystemEntropy;
use uuid::Builder;

use super::{Draft, maps, number, text, texts, time};

/// Makes the id of an event at an instant: the rest of the id is a digest of what happened.
pub(crate) fn event_id(at: Timestamp, what: &str) -> EventId {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    let digest = SystemEntropy.digest(what.as_bytes()).0;
    let random = digest.first_chunk().copied().unwrap_or_default();
    EventId::from_uuid(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// Writes the audit event of a cut.
pub(crate) fn cut(deletion: &Deletion) -> (EventId, Draft) {
    let (connection, account) = match &deletion.subject {
        Subject::Connection(connection) => (Some(connection), None),
        Subject::Account(connection, account) => (Some(connection), Some(account)),
        Subject::Tenant => (None, None),
    };
    let item = happened("deletion.begun", deletion.t0, connection, account, &deletion.id)
        .text("reason", deletion.reason.as_str());
    (event_id(deletion.t0, &format!("begun {}", deletion.id)), item)
}

/// Writes the audit event of an activation, which takes back a deletion.
pub(crate) fn activated(
    at: Timestamp,
    connection: &ConnectionId,
    abandoned: &DeletionId,
) -> (EventId, Draft) {
    let item = happened("connection.activated", at, Some(connection), None, abandoned);
    (event_id(at, &format!("activated {connection}")), item)
}

fn happened(
    what: &str,
    at: Timestamp,
    connection: Option<&ConnectionId>,
    account: Option<&AccountId>,
    deletion: &DeletionId,
) -> Draft {
    Draft::default()
        .text("what", what)
        .with("at", time(at))
        .maybe("connection", connection.map(|id| text(id.as_str())))
        .maybe("account", account.map(|id| text(id.as_str())))
        .text("deletion", deletion.as_str())
}

/// Writes a log entry.
pub(crate) fn activity(entry: &Activity) -> (EventId, Draft) {
    let counted = |(name, count): &(&'static str, u64)| {
        Draft::default().text("name", *name).with("count", number(count))
    };
    let draft = Draft::default()
        .text("connection", entry.connection.as_str())
        .maybe("account", entry.account.as_ref().map(|id| text(id.as_str())))
        .text("what", entry.what)
        .with("numbers", maps(entry.numbers.iter().map(counted)))
        .maybe("error", entry.error.map(text))
        .with("at", time(entry.at));
    let said = format!(
        "{} {:?} {} {:?} {:?}",
        entry.connection, entry.account, entry.what, entry.numbers, entry.error
    );
    (event_id(entry.at, &said), draft)
}

/// Writes an entry of the access log. The request's id makes the event's id one of its own.
pub(crate) fn access(entry: &Access) -> (EventId, Draft) {
    let draft = Draft::default()
        .text("what", "access")
        .text("credential", entry.credential.as_str())
        .maybe("person", entry.person.as_ref().map(|person| text(person.as_str())))
        .text("action", entry.action)
        .with("targets", texts(entry.targets.iter()))
        .text("outcome", entry.outcome)
        .text("request", entry.request_id.as_str())
        .with("at", time(entry.at));
    (event_id(entry.at, &format!("access {} {}", entry.credential, entry.request_id)), draft)
}
