//! The life of a grant: since when the platform refuses it, which accounts it lost, and when Mooring asks it next.
//!
//! These rules are pure. A grant is *revoked* when the platform said so twice, a day apart; the deletion of its
//! connection counts from the first time. An *expired* login is no evidence: the connection waits for the person, for
//! ever unless the profile sets a number of days. An account is lost when the platform refuses it twice, a day apart,
//! while the grant lives (docs/adr/0022).

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::base::ids::{AccountId, ConnectionId};
use crate::connect::connection::State;
use crate::deletion::ledger::Reason;
use crate::webhook::event::{About, EventType};

/// How long after an answer a grant is asked again: with one missed hour ([`RETRY`]) it is still asked once a day.
pub const PROBE_AFTER: SignedDuration = SignedDuration::from_hours(23);

/// How long after a probe without a result the next probe is sent.
pub const RETRY: SignedDuration = SignedDuration::from_hours(1);

/// How much later the same evidence has to be seen again before it counts.
pub const CONFIRM: SignedDuration = SignedDuration::from_hours(24);

/// How long evidence that could be confirmed, and is not seen again, still counts; after that it begins anew. Evidence
/// of weeks ago says nothing of today, and the promise would count from then. With a purge and the recovery windows of
/// four days after it, the seven days still hold, and a deletion that has just begun is not late (docs/adr/0022).
pub const STALE: SignedDuration = SignedDuration::from_hours(20);

/// How long a refused login has to stay refused before the person has to come back.
pub const CONFIRM_EXPIRED: SignedDuration = SignedDuration::from_hours(1);

/// The days before a connection's end on which the product hears of the date once more.
pub const NOTICE_DAYS: [u16; 2] = [FIRST_NOTICE, LAST_NOTICE];

const FIRST_NOTICE: u16 = 14;

const LAST_NOTICE: u16 = 3;

/// The facts that are known of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    /// When the platform first said that access was revoked, since it last accepted the token.
    pub revoked_since: Option<Timestamp>,
    /// When the platform first refused the token for another reason.
    pub expired_since: Option<Timestamp>,
    /// Since when the connection waits for the person.
    pub waiting_since: Option<Timestamp>,
    /// When a waiting connection ends by itself. The date stands once it is set, because webhooks announced it; only a
    /// last notice that is late, or a date that passed long ago, moves it.
    pub ends_at: Option<Timestamp>,
    /// How many of [`NOTICE_DAYS`] are over.
    pub notices: u8,
    /// Accounts that the grant no longer reaches, each with the instant of the first evidence.
    pub lost: Vec<(AccountId, Timestamp)>,
    /// When the platform last answered a probe.
    pub answered_at: Option<Timestamp>,
    /// When Mooring asks the grant next.
    pub due_at: Timestamp,
    /// The number of changes; each change is conditional on it. Zero: nothing is stored yet. A new grant leaps ahead
    /// of every count.
    pub version: u64,
}

/// The consequence of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The connection stays in its state, or moves to another.
    Stays(State),
    /// The connection ends for this reason; the promise of its deletion counts from this instant.
    Ends(Reason, Timestamp),
}

/// A change of the known facts, with the state and the webhook events that go with it: one transaction.
#[derive(Debug, Clone)]
pub struct Change {
    /// The facts from now on; the version is the one that was read.
    pub life: Life,
    /// The state that the connection was read in.
    pub from: State,
    /// The state that the connection moves to.
    pub to: State,
    /// The webhook events, each with the instant from which it is true.
    pub events: Vec<(EventType, Timestamp, About)>,
}

impl Life {
    /// Starts the life of a connection that was just activated or authorised again.
    pub fn begin(now: Timestamp) -> Self {
        Self { due_at: now + PROBE_AFTER, ..Self::default() }
    }

    /// Returns whether Mooring is to ask the grant now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.version == 0 || self.due_at <= now
    }

    /// Forgets every sign against the grant, because the platform accepted the token.
    pub fn take_back(&mut self) {
        (self.revoked_since, self.expired_since, self.waiting_since) = (None, None, None);
        (self.ends_at, self.notices) = (None, 0);
    }

    /// Notes that the platform refused the token; `revoked` says whether it spoke of a revocation. `days` is how long
    /// the profile lets a connection wait.
    pub fn refuse(&mut self, revoked: bool, from: State, days: Option<u16>, now: Timestamp) -> Verdict {
        let since = if revoked {
            *self.revoked_since.insert(evidence(self.revoked_since, now))
        } else {
            *self.expired_since.get_or_insert(now)
        };
        if revoked && now >= since + CONFIRM {
            return Verdict::Ends(Reason::RevokedAtPlatform, since);
        }
        let to = match from {
            State::Active => State::Suspect,
            State::Suspect if !revoked && now >= since + CONFIRM_EXPIRED => State::NeedsReauth,
            other => other,
        };
        if to == State::NeedsReauth {
            self.wait(days, now);
        }
        match self.ends_at {
            Some(date) if self.is_untold(date, now) || now > date + STALE => {
                self.postpone(now);
                Verdict::Stays(to)
            }
            Some(date) if now >= date => Verdict::Ends(Reason::NotReauthorised, date),
            _ => Verdict::Stays(to),
        }
    }

    /// Returns whether the last notice of a date is a day late or more, because nothing was refused at its time.
    fn is_untold(&self, date: Timestamp, now: Timestamp) -> bool {
        self.next_notice().is_some() && now >= date - of_days(LAST_NOTICE) + of_days(1)
    }

    /// Moves an end date whose last notice is late, or that passed long ago. The last notice is due now, and the
    /// connection ends the usual time after the notice.
    fn postpone(&mut self, now: Timestamp) {
        self.ends_at = Some(now + of_days(LAST_NOTICE));
        self.notices = 0;
        while self.next_notice().is_some_and(|at| at < now) {
            self.notices += 1;
        }
    }

    /// Lets the connection wait for the person. The end date is set once, and never sooner than the product can be
    /// warned.
    fn wait(&mut self, days: Option<u16>, now: Timestamp) {
        let since = *self.waiting_since.get_or_insert(now);
        let Some(days) = days else {
            (self.ends_at, self.notices) = (None, 0);
            return;
        };
        if self.ends_at.is_none() {
            let warned = now + of_days(days.min(FIRST_NOTICE));
            self.ends_at = Some((since + of_days(days)).max(warned));
            // The product hears of the date now, so it needs no notice of the same day.
            self.skip_notices(now);
        }
    }

    /// Notes that the account was refused, or is not among those that the grant reaches. Returns since when, once that
    /// is confirmed.
    pub fn lose(&mut self, account: &AccountId, now: Timestamp) -> Option<Timestamp> {
        let known = self.missed_since(account);
        let since = evidence(known, now);
        if known != Some(since) {
            self.find(account);
            self.lost.push((account.clone(), since));
        }
        Some(since).filter(|since| now >= *since + CONFIRM)
    }

    /// Returns since when the account is missed.
    pub fn missed_since(&self, account: &AccountId) -> Option<Timestamp> {
        self.lost.iter().find(|(lost, _)| lost == account).map(|(_, since)| *since)
    }

    /// Forgets every sign against the account, because the grant reaches it or the account is gone.
    pub fn find(&mut self, account: &AccountId) {
        self.lost.retain(|(lost, _)| lost != account);
    }

    /// Takes the notice that is due, if one is, and returns the instant since which it is due.
    pub fn take_notice(&mut self, now: Timestamp) -> Option<Timestamp> {
        let at = self.next_notice().filter(|at| *at <= now)?;
        self.skip_notices(now);
        Some(at)
    }

    fn skip_notices(&mut self, now: Timestamp) {
        while self.next_notice().is_some_and(|at| at <= now) {
            self.notices += 1;
        }
    }

    fn next_notice(&self) -> Option<Timestamp> {
        Some(self.ends_at? - of_days(*NOTICE_DAYS.get(usize::from(self.notices))?))
    }

    /// Sets when Mooring asks the grant next: within a day, or as soon as evidence can be confirmed, a notice is due
    /// or the end date has come.
    pub fn schedule_probe(&mut self, now: Timestamp) {
        let evidence = self.revoked_since.iter().chain(self.lost.iter().map(|(_, since)| since));
        let confirmed = evidence.map(|since| *since + CONFIRM);
        let expired = self.expired_since.filter(|_| self.waiting_since.is_none());
        let dates = [expired.map(|since| since + CONFIRM_EXPIRED), self.next_notice(), self.ends_at];
        let soonest = confirmed.chain(dates.into_iter().flatten()).filter(|at| *at > now).min();
        self.due_at = soonest.map_or(now + PROBE_AFTER, |at| at.min(now + PROBE_AFTER));
    }
}

/// Returns the webhook event of a connection that moved to a state, if there is one.
pub fn change_event(connection: &ConnectionId, to: State, life: &Life) -> Option<(EventType, About)> {
    let kind = match to {
        State::Active => EventType::ConnectionRecovered,
        State::Suspect => EventType::ConnectionSuspect,
        State::NeedsReauth => EventType::ConnectionNeedsReauth,
        State::Pending | State::Purging => return None,
    };
    let deletes_at = life.ends_at.filter(|_| to == State::NeedsReauth);
    Some((kind, About { connection: Some(connection.clone()), deletes_at, ..About::default() }))
}

/// Returns the first sign that the present one confirms; a sign that is too old confirms nothing.
fn evidence(since: Option<Timestamp>, now: Timestamp) -> Timestamp {
    since.filter(|since| now <= *since + CONFIRM + STALE).unwrap_or(now)
}

fn of_days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}
