//! Sample keys, one of each constructor, with the deletion that empties the row's place.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use mooring_domain::base::ids::{
    AccountId, AccountRef, ConnectionId, CredentialId, DeletionId, EndpointId, EventId, TenantId,
};
use mooring_domain::base::place::Subject;
use mooring_domain::base::secret::{Digest, Fingerprint};
use uuid::Uuid;

use crate::client::key::Key;

/// The parts that sample keys are made of.
pub(crate) struct Ids {
    pub(crate) account: AccountRef,
    pub(crate) credential: CredentialId,
    pub(crate) deletion: DeletionId,
    pub(crate) endpoint: EndpointId,
    pub(crate) event: EventId,
    pub(crate) digest: Digest,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) at: Timestamp,
    pub(crate) day: Date,
}

impl Ids {
    pub(crate) fn new() -> Self {
        let uuid = Uuid::from_u128;
        let account = AccountRef {
            tenant: TenantId::from_uuid(uuid(1)),
            connection: ConnectionId::from_uuid(uuid(2)),
            account: AccountId::from_uuid(uuid(3)),
        };
        Self {
            account,
            credential: CredentialId::from_uuid(uuid(4)),
            deletion: DeletionId::from_uuid(uuid(5)),
            endpoint: EndpointId::from_uuid(uuid(6)),
            event: EventId::from_uuid(uuid(7)),
            digest: Digest([8; 32]),
            fingerprint: Fingerprint("fingerprint".to_owned()),
            at: Timestamp::UNIX_EPOCH,
            day: date(2026, 11, 30),
        }
    }

    pub(crate) fn subject_account(&self) -> Subject {
        Subject::Account(self.account.connection.clone(), self.account.account.clone())
    }

    pub(crate) fn subject_connection(&self) -> Subject {
        Subject::Connection(self.account.connection.clone())
    }
}

/// The deletion that empties the place of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emptied {
    /// That of the account, and that of its connection.
    WithAccount,
    /// That of the connection.
    WithConnection,
    /// That of the tenant.
    WithTenant,
    /// None, for this reason.
    Never(&'static str),
}

/// The key of a row, and the deletion that empties its place.
pub(crate) type Sample = (Key, Emptied);
