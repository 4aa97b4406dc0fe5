//! Writes audit events and log entries as items. The id of an event follows from the fact that it records, so
//! that recording the fact twice gives one event.

use jiff::Timestamp;
use mooring_domain::base::ids::{AccountId, ConnectionId, DeletionId, EventId};
use mooring_domain::base::place::Subject;
use mooring_domain::deletion::ledger::Deletion;

use crate::client::item::{Draft, text, time};
use crate::people::items::event_id;

/// Writes the audit event of a cutoff.
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

/// Writes the audit event of an activation, which cancels a deletion.
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
