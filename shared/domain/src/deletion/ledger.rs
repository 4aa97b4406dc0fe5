//! Deletions: their subject and reason, every step with its time and counts, and the copies that are left to expire.

use jiff::{SignedDuration, Timestamp};

use crate::base::ids::{DataKeyId, DeletionId, TenantId};
use crate::base::place::{Place, Subject};
use crate::base::retention::DELETE_DAYS;
use crate::base::table::Table;
use crate::platform::capabilities::RevokeOutcome;

/// How long after T0 everything must be gone (promise T45).
#[expect(clippy::as_conversions, reason = "a constant cannot be converted by a trait, and every u16 fits")]
pub const DELETE_WITHIN: SignedDuration = SignedDuration::from_hours(24 * DELETE_DAYS as i64);

/// How long after the cutoff DynamoDB's TTL makes everything unreadable, even if every function is dead.
pub const DEAD_MAN: SignedDuration = SignedDuration::from_hours(1);

/// How long after the cutoff the second pass runs: no function alive at the cutoff can be alive then (Lambda ends them after
/// 15 minutes).
pub const SECOND_PASS: SignedDuration = SignedDuration::from_mins(20);

/// How long after the cutoff the verification runs.
pub const VERIFY: SignedDuration = SignedDuration::from_hours(24);

/// How often a platform is asked to revoke.
pub const REVOKE_TRIES: u8 = 3;

/// How long Mooring waits between two tries.
pub const REVOKE_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// How long until a failed verification is tried again.
pub const VERIFY_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// How long after T0 a deletion that is not done raises an alarm.
pub const ALARM_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// How long after T0 such a deletion has to wake somebody up.
pub const PAGE_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How late a deletion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lateness {
    /// The deletion is on its way as it should be.
    InTime,
    /// The deletion should have been verified a day ago.
    Alarm,
    /// Two days are left until the deletion breaks the promise.
    Page,
}

/// The reason for a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The customer disconnected.
    Disconnected,
    /// Somebody requested the deletion through the API.
    Requested,
    /// Somebody requested the deletion with proof of the mailbox.
    RequestedByMail,
    /// The platform says that access was revoked.
    RevokedAtPlatform,
    /// The platform took the account away from the grant, or no longer has the account.
    AccountLost,
    /// The login ended, and the person did not come back in the time that the profile allows.
    NotReauthorised,
    /// The product never took the connection up.
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

    /// Returns every reason.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.into_iter().map(|(reason, _)| reason)
    }

    /// Returns the reason's word.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(reason, _)| *reason == self).map_or("requested", |(_, word)| word)
    }

    /// Finds a reason by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, word)| *word == text).map(|(reason, _)| *reason)
    }
}

/// The steps of a deletion, in order. Each step is named for the work that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Only for tenants: the cutoff of every connection is made.
    CutConnections,
    /// The data keys are deleted: from now on the data is noise.
    ShredData,
    /// Every place is purged for the first time.
    Purge,
    /// Mooring asks the platform to end the grant.
    Revoke,
    /// Token key and tokens are deleted, whatever the platform answered.
    ShredToken,
    /// Every place is purged again, after every function that was alive at the cutoff has ended.
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

    /// Returns every step, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(step, _)| step)
    }

    /// Returns the step's word.
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

/// One event of a deletion, as the receipt lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEvent {
    /// When the event happened.
    pub at: Timestamp,
    /// The step that the event belongs to.
    pub step: Step,
    /// How many items the step deleted or counted, by table.
    pub counts: Vec<(Table, u64)>,
    /// The platform's answer, for [`Step::Revoke`].
    pub outcome: Option<RevokeOutcome>,
}

/// A deletion: the Ledger's row, and with [`Step::Done`] the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// The deletion's id.
    pub id: DeletionId,
    /// The tenant whose data is deleted.
    pub tenant: TenantId,
    /// The connection, account or tenant that is deleted.
    pub subject: Subject,
    /// The reason for the deletion.
    pub reason: Reason,
    /// The platform, for connections and accounts.
    pub platform: String,
    /// When the promise started.
    pub t0: Timestamp,
    /// When everything must be gone.
    pub delete_by: Timestamp,
    /// The step that comes next.
    pub step: Step,
    /// When the next step is due; `None` once the deletion is done.
    pub next_step_at: Option<Timestamp>,
    /// Every place that is purged and counted.
    pub places: Vec<Place>,
    /// The data keys that the subject held and that are destroyed.
    pub keys: Vec<DataKeyId>,
    /// How often the platform was asked to revoke.
    pub revoke_tries: u8,
    /// The outcome of asking.
    pub revoke: Option<RevokeOutcome>,
    /// Every event so far.
    pub events: Vec<StepEvent>,
    /// When the deletion was verified.
    pub verified_at: Option<Timestamp>,
    /// The public code of the status page; it reveals the status and nothing else.
    pub code: String,
    /// The number of changes; each change is conditional on it.
    pub version: u64,
}

impl Deletion {
    /// Makes the message that asks for the deletion's next step.
    pub fn job(&self) -> DeletionJob {
        DeletionJob { tenant: self.tenant.clone(), deletion: self.id.clone() }
    }

    /// Returns when TTL may remove the rows that the cutoff closed. The time counts from the cutoff, which is the
    /// first step's time and may be days after T0: Mooring could no longer read a row that expires in the past, to ask
    /// the platform for the grant's end.
    pub fn dead_at(&self) -> Timestamp {
        self.next_step_at.map_or(self.t0, |cut| cut.max(self.t0)) + DEAD_MAN
    }

    /// Returns whether Mooring asks the platform to end the grant: only whole connections have a grant of their own.
    pub fn revokes(&self) -> bool {
        matches!(self.subject, Subject::Connection(_))
    }

    /// Lists the steps that this deletion has, in order and without the end.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        let is_tenant = self.subject == Subject::Tenant;
        let revokes = self.revokes();
        Step::ALL.into_iter().map(|(step, _)| step).filter(move |step| match step {
            Step::CutConnections => is_tenant,
            Step::ShredData => !is_tenant,
            Step::Revoke | Step::ShredToken => revokes,
            Step::Purge | Step::PurgeAgain | Step::Verify => true,
            Step::Done => false,
        })
    }

    /// Returns how many of the steps are done, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps().filter(|step| *step < self.step).count(), self.steps().count())
    }

    /// Returns the events of steps that have ended. A step that deletes first stores the counts of what is there, so
    /// that a crash in between loses no count. Until the step has ended, that record is not an event.
    pub fn happened(&self) -> impl Iterator<Item = &StepEvent> {
        self.events.iter().filter(|event| {
            event.step < self.step || matches!(event.step, Step::Revoke | Step::Verify | Step::Done)
        })
    }

    /// Returns how late the deletion is at an instant.
    pub fn lateness(&self, now: Timestamp) -> Lateness {
        match now.duration_since(self.t0) {
            _ if self.step == Step::Done => Lateness::InTime,
            age if age >= PAGE_AFTER => Lateness::Page,
            age if age >= ALARM_AFTER => Lateness::Alarm,
            _ => Lateness::InTime,
        }
    }
}
