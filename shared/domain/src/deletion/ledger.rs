//! Deletions: what ends, why, every step with its time and counts, and what is left to expire.

use jiff::{SignedDuration, Timestamp};

use crate::base::ids::{DataKeyId, DeletionId, TenantId};
use crate::base::retention::DELETE_DAYS;
use crate::base::table::Table;
use crate::deletion::places::{Place, Subject};
use crate::platform::capabilities::RevokeOutcome;

/// How long after T0 everything must be gone (promise T45).
#[expect(clippy::as_conversions, reason = "a constant cannot be converted by a trait, and every u16 fits")]
pub const DELETE_WITHIN: SignedDuration = SignedDuration::from_hours(24 * DELETE_DAYS as i64);

/// When DynamoDB's TTL makes everything unreadable even if every function is dead.
pub const DEAD_MAN: SignedDuration = SignedDuration::from_hours(1);

/// The second pass: no function alive at T0 can be alive then (Lambda ends them after 15 minutes).
pub const SECOND_PASS: SignedDuration = SignedDuration::from_mins(20);

/// The verification.
pub const VERIFY: SignedDuration = SignedDuration::from_hours(24);

/// How often a platform is asked to revoke.
pub const REVOKE_TRIES: u8 = 3;

/// How long between two tries.
pub const REVOKE_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// How long until a failed verification is tried again.
pub const VERIFY_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// When a deletion that is not done is worth an alarm.
pub const ALARM_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// When it is worth waking somebody up.
pub const PAGE_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Whether a deletion is on its way as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lateness {
    /// It is.
    InTime,
    /// It should have been verified a day ago.
    Alarm,
    /// Two days are left until the promise is broken.
    Page,
}

/// What ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The customer disconnected.
    Disconnected,
    /// A deletion request through the API.
    Requested,
    /// A deletion request with proof of the mailbox.
    RequestedByMail,
    /// The platform says that access was revoked.
    RevokedAtPlatform,
    /// The platform took the account away from the grant, or has it no more.
    AccountLost,
    /// The login ended, and the person did not come back in the time that the profile gives.
    NotReauthorised,
    /// The connection was never taken up.
    Abandoned,
    /// The whole tenant ends.
    TenantDeleted,
}

impl Reason {
    const WORDS: [(Self, &'static str); 8] = [
        (Self::Disconnected, "disconnected"),
        (Self::Requested, "requested"),
        (Self::RequestedByMail, "requested_by_mail"),
        (Self::RevokedAtPlatform, "revoked_at_platform"),
        (Self::AccountLost, "account_lost"),
        (Self::NotReauthorised, "not_reauthorised"),
        (Self::Abandoned, "abandoned"),
        (Self::TenantDeleted, "tenant_deleted"),
    ];

    /// Every reason.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.into_iter().map(|(reason, _)| reason)
    }

    /// The reason's word.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(reason, _)| *reason == self).map_or("requested", |(_, word)| word)
    }

    /// Finds a reason by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, word)| *word == text).map(|(reason, _)| *reason)
    }
}

/// The steps of a deletion, in order. The name is of what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Only for tenants: every connection is cut.
    CutConnections,
    /// The data keys are deleted: from now on the data is noise.
    ShredData,
    /// First purge of every place.
    Purge,
    /// The platform is asked to end the grant.
    Revoke,
    /// Token key and tokens are deleted, whatever the platform said.
    ShredToken,
    /// Second purge, after every function that was alive at T0 has ended.
    PurgeAgain,
    /// Every place is counted.
    Verify,
    /// Everything was counted at zero.
    Done,
}

impl Step {
    const ALL: [(Self, &'static str); 8] = [
        (Self::CutConnections, "cut_connections"),
        (Self::ShredData, "shred_data"),
        (Self::Purge, "purge"),
        (Self::Revoke, "revoke"),
        (Self::ShredToken, "shred_token"),
        (Self::PurgeAgain, "purge_again"),
        (Self::Verify, "verify"),
        (Self::Done, "done"),
    ];

    /// The step's word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(step, _)| *step == self).map_or("done", |(_, word)| word)
    }

    /// Finds a step by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(step, _)| *step)
    }
}

/// A message to the deletion worker: a deletion whose next step is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionJob {
    /// Whose data it is about.
    pub tenant: TenantId,
    /// The deletion.
    pub deletion: DeletionId,
}

/// One thing that happened, as the receipt lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: Step,
    /// How many items it deleted or counted, by table.
    pub counts: Vec<(Table, u64)>,
    /// The platform's part in it, for [`Step::Revoke`].
    pub outcome: Option<RevokeOutcome>,
}

/// A deletion: the Ledger's row, and with [`Step::Done`] the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Its id.
    pub id: DeletionId,
    /// Whose data it is about.
    pub tenant: TenantId,
    /// What it is about.
    pub subject: Subject,
    /// What ended it.
    pub reason: Reason,
    /// The platform, for connections and accounts.
    pub platform: String,
    /// When the promise started.
    pub t0: Timestamp,
    /// When everything must be gone.
    pub delete_by: Timestamp,
    /// What happens next.
    pub step: Step,
    /// When it happens; `None` once done.
    pub next_step_at: Option<Timestamp>,
    /// Everything that is purged and counted.
    pub places: Vec<Place>,
    /// The data keys that were held and are destroyed.
    pub keys: Vec<DataKeyId>,
    /// How often the platform was asked to revoke.
    pub revoke_tries: u8,
    /// What came of it.
    pub revoke: Option<RevokeOutcome>,
    /// Everything that happened.
    pub events: Vec<StepEvent>,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// The public code of the status page; it reveals the status and nothing else.
    pub code: String,
    /// Counts up with every change; each change is conditional on it.
    pub version: u64,
}

impl Deletion {
    /// Makes the message that asks for the deletion's next step.
    pub fn job(&self) -> DeletionJob {
        DeletionJob { tenant: self.tenant.clone(), deletion: self.id.clone() }
    }

    /// When TTL may remove what the cutoff closed. It counts from the cutoff, which is the first step's time and may be days
    /// after T0: a row that expires in the past could not be read any more to ask the platform for the grant's end.
    pub fn dead_at(&self) -> Timestamp {
        self.next_step_at.map_or(self.t0, |cut| cut.max(self.t0)) + DEAD_MAN
    }

    /// Tells whether the platform is asked to end the grant: only whole connections have one of their own.
    pub fn revokes(&self) -> bool {
        matches!(self.subject, Subject::Connection(_))
    }

    /// The events that are over. A step that deletes writes down what is there before it does, so that a crash in
    /// between loses no count; until it has ended that note is not an event.
    pub fn happened(&self) -> impl Iterator<Item = &StepEvent> {
        self.events.iter().filter(|event| {
            event.step < self.step || matches!(event.step, Step::Revoke | Step::Verify | Step::Done)
        })
    }

    /// Tells when it is too late, or nearly.
    pub fn lateness(&self, now: Timestamp) -> Lateness {
        match now.duration_since(self.t0) {
            _ if self.step == Step::Done => Lateness::InTime,
            age if age >= PAGE_AFTER => Lateness::Page,
            age if age >= ALARM_AFTER => Lateness::Alarm,
            _ => Lateness::InTime,
        }
    }
}
