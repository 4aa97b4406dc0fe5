//! Events: a type, an instant, and the ids and states that the event is about.

use jiff::Timestamp;

use crate::base::ids::{AccountId, AccountRef, ConnectionId, DeletionId, EndpointId, EventId, TenantId};
use crate::base::place::Subject;
use crate::base::window::Window;
use crate::deletion::ledger::Deletion;
use crate::sync::ending::SyncNews;

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventType {
    /// The product took a connection up.
    ConnectionActivated,
    /// The platform refused the token once.
    ConnectionSuspect,
    /// The platform accepts the token again.
    ConnectionRecovered,
    /// The person has to connect again.
    ConnectionNeedsReauth,
    /// A connection was let go.
    ConnectionDisconnected,
    /// One account was let go.
    AccountDisconnected,
    /// Everything of a deletion was counted at zero.
    DeletionCompleted,
    /// An endpoint was switched off because it is gone or fails.
    EndpointDisabled,
    /// A wait for figures is over.
    SyncCompleted,
    /// Syncs of an account do not succeed any more.
    SyncFailed,
    /// Somebody tests an endpoint.
    Test,
}

impl EventType {
    /// All types.
    pub const ALL: [Self; 11] = [
        Self::ConnectionActivated,
        Self::ConnectionSuspect,
        Self::ConnectionRecovered,
        Self::ConnectionNeedsReauth,
        Self::ConnectionDisconnected,
        Self::AccountDisconnected,
        Self::DeletionCompleted,
        Self::EndpointDisabled,
        Self::SyncCompleted,
        Self::SyncFailed,
        Self::Test,
    ];

    /// Returns the type's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionActivated => "connection.activated",
            Self::ConnectionSuspect => "connection.suspect",
            Self::ConnectionRecovered => "connection.recovered",
            Self::ConnectionNeedsReauth => "connection.needs_reauth",
            Self::ConnectionDisconnected => "connection.disconnected",
            Self::AccountDisconnected => "account.disconnected",
            Self::DeletionCompleted => "deletion.completed",
            Self::EndpointDisabled => "webhook_endpoint.disabled",
            Self::SyncCompleted => "sync.completed",
            Self::SyncFailed => "sync.failed",
            Self::Test => "webhook.test",
        }
    }

    /// Finds a type by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Returns the state that the subject is in from then on.
    pub const fn state(self) -> Option<&'static str> {
        match self {
            Self::ConnectionActivated | Self::ConnectionRecovered => Some("active"),
            Self::ConnectionSuspect => Some("suspect"),
            Self::ConnectionNeedsReauth => Some("needs_reauth"),
            Self::ConnectionDisconnected | Self::AccountDisconnected => Some("purging"),
            Self::DeletionCompleted => Some("deleted"),
            Self::EndpointDisabled => Some("disabled"),
            Self::SyncFailed => Some("failing"),
            // After its first figures an account still waits for older ones.
            Self::SyncCompleted | Self::Test => None,
        }
    }
}

/// The subject of an event: ids and words, never names or numbers of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// The connection.
    pub connection: Option<ConnectionId>,
    /// The account.
    pub account: Option<AccountId>,
    /// The deletion.
    pub deletion: Option<DeletionId>,
    /// The endpoint.
    pub endpoint: Option<EndpointId>,
    /// The reason, in the word of the subject.
    pub reason: Option<String>,
    /// The days of a sync.
    pub window: Option<Window>,
    /// The public code of the deletion's status page, which reveals the status and nothing else.
    pub code: Option<String>,
    /// When a connection that waits for the person ends, if the profile ends it.
    pub deletes_at: Option<Timestamp>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's id, the same for every endpoint and every try: receivers recognise repetitions by it.
    pub id: EventId,
    /// The tenant that receives the event.
    pub tenant: TenantId,
    /// The event's type.
    pub kind: EventType,
    /// When the event happened.
    pub at: Timestamp,
    /// The subject of the event.
    pub about: About,
    /// When the event was written: later than `at` where the event reports evidence of an earlier time.
    pub written_at: Timestamp,
    /// True when the event's deliveries were not made yet.
    pub is_waiting: bool,
}

/// Returns the event of a cutoff. A tenant's own cutoff has no event, because each of its connections has a cutoff
/// too.
pub fn of_cut(deletion: &Deletion) -> Option<(EventType, About)> {
    let (kind, connection, account) = match &deletion.subject {
        Subject::Connection(connection) => (EventType::ConnectionDisconnected, connection, None),
        Subject::Account(connection, account) => {
            (EventType::AccountDisconnected, connection, Some(account.clone()))
        }
        Subject::Tenant => return None,
    };
    let about = About {
        connection: Some(connection.clone()),
        account,
        deletion: Some(deletion.id.clone()),
        reason: Some(deletion.reason.as_str().to_owned()),
        ..About::default()
    };
    Some((kind, about))
}

/// Returns the event of an account's syncs.
pub fn of_sync(account: &AccountRef, news: &SyncNews) -> (EventType, About) {
    let (kind, reason, window) = match news {
        SyncNews::Completed(wait, window) => (EventType::SyncCompleted, wait.as_str(), window),
        SyncNews::Failed(trouble, window) => (EventType::SyncFailed, trouble.as_str(), window),
    };
    let about = About {
        connection: Some(account.connection.clone()),
        account: Some(account.account.clone()),
        reason: Some(reason.to_owned()),
        window: Some(*window),
        ..About::default()
    };
    (kind, about)
}

/// Returns the event of a deletion's end.
pub fn of_end(deletion: &Deletion) -> (EventType, About) {
    let (connection, account) = match &deletion.subject {
        Subject::Connection(connection) => (Some(connection), None),
        Subject::Account(connection, account) => (Some(connection), Some(account)),
        Subject::Tenant => (None, None),
    };
    let about = About {
        connection: connection.cloned(),
        account: account.cloned(),
        deletion: Some(deletion.id.clone()),
        reason: Some(deletion.reason.as_str().to_owned()),
        code: Some(deletion.code.clone()),
        ..About::default()
    };
    (EventType::DeletionCompleted, about)
}
