//! The life of a grant: since when the platform refuses it, which accounts it lost, and when it is asked next.
//!
//! Pure rules. A *revoked* grant is one of which the platform said so twice, a day apart; its deletion counts from the
//! first time. An *expired* login is no evidence: it waits for the person, for ever unless the profile sets a number of
//! days. An account is lost when the platform refuses it twice, a day apart, while the grant lives (docs/adr/0022).

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::base::ids::{AccountId, ConnectionId};
use crate::connect::connection::State;
use crate::deletion::ledger::Reason;
use crate::webhook::event::{About, EventType};

/// When a grant is asked again after it answered: with one missed hour ([`RETRY`]) it is still asked once a day.
pub const PROBE_AFTER: SignedDuration = SignedDuration::from_hours(23);

/// When a probe is sent again that came to nothing.
pub const RETRY: SignedDuration = SignedDuration::from_hours(1);

/// Evidence counts once it is seen again at least this much later.
pub const CONFIRM: SignedDuration = SignedDuration::from_hours(24);

/// Evidence that is not seen again in this time after it could have been confirmed begins anew. What was seen weeks ago says
/// nothing of today, and the promise would count from then: with a purge and the recovery windows of four days after it, the
/// seven days still hold, and a deletion that has just begun is not late (docs/adr/0022).
pub const STALE: SignedDuration = SignedDuration::from_hours(20);

/// An expired login makes the person come back when the refusal lasts this long.
pub const CONFIRM_EXPIRED: SignedDuration = SignedDuration::from_hours(1);

/// How many days before a connection ends the product is told of the date once more.
pub const NOTICE_DAYS: [u16; 2] = [FIRST_NOTICE, LAST_NOTICE];

const FIRST_NOTICE: u16 = 14;

const LAST_NOTICE: u16 = 3;

/// What is known of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    /// When the platform first said that access was revoked, since it last took the token.
    pub revoked_since: Option<Timestamp>,
    /// When the platform first refused the token otherwise.
    pub expired_since: Option<Timestamp>,
    /// Since when the connection waits for the person.
    pub waiting_since: Option<Timestamp>,
    /// When a connection that waits ends by itself. Once settled the date stands: the product was told of it.
    pub ends_at: Option<Timestamp>,
    /// How many of [`NOTICE_DAYS`] are over.
    pub notices: u8,
    /// Accounts that the grant no longer reaches, with the first evidence.
    pub lost: Vec<(AccountId, Timestamp)>,
    /// When the platform last answered a probe.
    pub answered_at: Option<Timestamp>,
    /// When the grant is asked next.
    pub due_at: Timestamp,
    /// Counts the changes; each is conditional on it. Zero: nothing is stored yet. A new grant leaps ahead of every count.
    pub version: u64,
}

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The connection stays in its state, or goes to another.
    Stays(State),
    /// The connection ends for this reason; the promise of its deletion counts from this instant.
    Ends(Reason, Timestamp),
}

/// A change of what is known, with the state that goes with it and what is told of it: one transaction.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is known from now on; its version is the one that was read.
    pub life: Life,
    /// The state that the connection was read in.
    pub from: State,
    /// The state that it goes to.
    pub to: State,
    /// What webhooks tell, and the instants that it became true at.
    pub told: Vec<(EventType, Timestamp, About)>,
}

impl Life {
    /// The life of a connection that was just activated or authorised again.
    pub fn begin(now: Timestamp) -> Self {
        Self { due_at: now + PROBE_AFTER, ..Self::default() }
    }

    /// Tells whether the grant is to be asked now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.version == 0 || self.due_at <= now
    }

    /// The platform took the token: every sign against the grant is forgotten.
    pub fn take_back(&mut self) {
        (self.revoked_since, self.expired_since, self.waiting_since) = (None, None, None);
        (self.ends_at, self.notices) = (None, 0);
    }

    /// The platform refused the token, and says that access was revoked or not. `days` is how long the profile lets a
    /// connection wait.
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

    /// Tells whether the last notice of a date is a day late or more: nothing was refused at its time.
    fn is_untold(&self, date: Timestamp, now: Timestamp) -> bool {
        self.next_notice().is_some() && now >= date - of_days(LAST_NOTICE) + of_days(1)
    }

    /// Moves a date whose last notice is late, or that passed long ago: the last notice is due now, and the connection ends as
    /// long after it as ever.
    fn postpone(&mut self, now: Timestamp) {
        self.ends_at = Some(now + of_days(LAST_NOTICE));
        self.notices = 0;
        while self.next_notice().is_some_and(|at| at < now) {
            self.notices += 1;
        }
    }

    /// The connection waits for the person; a date is settled once and never sooner than the product can be warned.
    fn wait(&mut self, days: Option<u16>, now: Timestamp) {
        let since = *self.waiting_since.get_or_insert(now);
        let Some(days) = days else {
            (self.ends_at, self.notices) = (None, 0);
            return;
        };
        if self.ends_at.is_none() {
            let warned = now + of_days(days.min(FIRST_NOTICE));
            self.ends_at = Some((since + of_days(days)).max(warned));
            // What is told now needs no notice of the same day.
            self.skip_notices(now);
        }
    }

    /// The account was refused, or is not among those that the grant reaches; tells since when, once that is confirmed.
    pub fn lose(&mut self, account: &AccountId, now: Timestamp) -> Option<Timestamp> {
        let known = self.missed_since(account);
        let since = evidence(known, now);
        if known != Some(since) {
            self.find(account);
            self.lost.push((account.clone(), since));
        }
        Some(since).filter(|since| now >= *since + CONFIRM)
    }

    /// Since when the account is missed.
    pub fn missed_since(&self, account: &AccountId) -> Option<Timestamp> {
        self.lost.iter().find(|(lost, _)| lost == account).map(|(_, since)| *since)
    }

    /// The grant reaches the account, or the account is gone: no sign against it counts any more.
    pub fn find(&mut self, account: &AccountId) {
        self.lost.retain(|(lost, _)| lost != account);
    }

    /// Takes the notice that is due, if one is: the instant at which it became so.
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

    /// Settles when the grant is asked next: within a day, and at once when evidence can be confirmed, a notice is due or
    /// the date has come.
    pub fn settle(&mut self, now: Timestamp) {
        let evidence = self.revoked_since.iter().chain(self.lost.iter().map(|(_, since)| since));
        let confirmed = evidence.map(|since| *since + CONFIRM);
        let expired = self.expired_since.filter(|_| self.waiting_since.is_none());
        let dates = [expired.map(|since| since + CONFIRM_EXPIRED), self.next_notice(), self.ends_at];
        let soonest = confirmed.chain(dates.into_iter().flatten()).filter(|at| *at > now).min();
        self.due_at = soonest.map_or(now + PROBE_AFTER, |at| at.min(now + PROBE_AFTER));
    }
}

/// What is told of a connection that came to a state, if that is told.
pub fn told(connection: &ConnectionId, to: State, life: &Life) -> Option<(EventType, About)> {
    let kind = match to {
        State::Active => EventType::ConnectionRecovered,
        State::Suspect => EventType::ConnectionSuspect,
        State::NeedsReauth => EventType::ConnectionNeedsReauth,
        State::Pending | State::Purging => return None,
    };
    let deletes_at = life.ends_at.filter(|_| to == State::NeedsReauth);
    Some((kind, About { connection: Some(connection.clone()), deletes_at, ..About::default() }))
}

/// The first sign that what is seen now confirms; what is too old confirms nothing.
fn evidence(since: Option<Timestamp>, now: Timestamp) -> Timestamp {
    since.filter(|since| now <= *since + CONFIRM + STALE).unwrap_or(now)
}

fn of_days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}
