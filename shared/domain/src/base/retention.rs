//! How long deleted data can still be restored, and what it then holds: one constant for each table, queue and log.
//!
//! `tests/tidy` compares template.yaml with these constants, and receipts compute their dates from the same constants.
//! So a receipt and the deployed tables cannot contradict each other.

use jiff::SignedDuration;

use crate::base::table::Table;

/// Days from T0 within which everything must be deleted (promise T45).
pub const DELETE_DAYS: u16 = 7;

/// Days for which queues keep messages.
pub const QUEUE_DAYS: u16 = 1;

/// Days for which dead letter queues keep messages.
pub const DEAD_LETTER_DAYS: u16 = 4;

/// Days for which log groups keep lines.
pub const LOG_DAYS: u16 = 90;

/// Days for which the access log, the sync log and the webhook log keep entries.
pub const ACTIVITY_DAYS: u16 = 83;

/// How long those logs keep an entry. With TTL's lateness and the recovery window it stays for at most 90 days.
#[expect(clippy::as_conversions, reason = "a constant cannot be converted by a trait, and every u16 fits")]
pub const ACTIVITY_KEPT: SignedDuration = SignedDuration::from_hours(24 * ACTIVITY_DAYS as i64);

/// Days by which `DynamoDB`'s TTL and `CloudWatch` may be late to remove expired data. AWS says "within a few days"
/// for both and promises no bound; three days are left of the 90 days of the access log.
pub const LATE_DAYS: u16 = 3;

/// The longest life of a row in Transient in days. The row that names a deletion's owner lives longest: until
/// everything must be gone.
pub const TRANSIENT_DAYS: u16 = DELETE_DAYS;

impl Table {
    /// Returns the table's recovery window (point-in-time recovery) in days; `None` for a table without one.
    pub const fn recovery_days(self) -> Option<u16> {
        match self {
            Self::Directory => Some(21),
            Self::Connections | Self::Reports | Self::Activity => Some(4),
            Self::Vault => Some(1),
            Self::Transient => None,
            Self::Ledger => Some(35),
        }
    }

    /// Returns the days for which a row can still be restored, counted from its deletion, or from its last write where
    /// TTL deletes it.
    pub const fn gone_after_days(self) -> u16 {
        let window = match self.recovery_days() {
            Some(days) => days,
            None => 0,
        };
        match self {
            Self::Activity => ACTIVITY_DAYS + LATE_DAYS + window,
            Self::Transient => TRANSIENT_DAYS + LATE_DAYS + window,
            Self::Directory | Self::Connections | Self::Vault | Self::Reports | Self::Ledger => window,
        }
    }

    /// Returns what the table's recovery window holds of a deleted subject, in words for people.
    pub const fn holds(self) -> &'static str {
        match self {
            Self::Directory => {
                "the product’s own settings: return addresses, browser origins, hashes of API keys; nothing of an \
                 ad account"
            }
            Self::Connections => {
                "states, times and which days were synced; currency and time zone; the product’s reference of its \
                 user; keyed fingerprints of the accounts, of the person who connected and of the e-mail address; \
                 names sealed under destroyed keys"
            }
            Self::Vault => "wrapped keys, sealed tokens and secrets",
            Self::Reports => "figures and names sealed under destroyed keys",
            Self::Activity => "the log of syncs, of calls and of webhooks: opaque ids and pseudonyms",
            Self::Transient => {
                "short-lived rows that nothing can restore: opaque ids, hashes of links, a keyed fingerprint of the \
                 e-mail address, the address itself, sealed, of a mail that was asked for and could not be sent yet, \
                 swept away within four days, the product’s reference of its user"
            }
            Self::Ledger => "this proof: opaque ids, counts and times",
        }
    }
}

/// The retention of data outside the tables: queued messages and log lines, each with its word.
pub const ELSEWHERE: [(&str, &str, &str, u16); 2] = [
    ("queues", "queues and dead letter queues", "opaque ids", QUEUE_DAYS + DEAD_LETTER_DAYS),
    ("logs", "logs", "opaque ids and pseudonyms", LOG_DAYS + LATE_DAYS),
];

const _: () =
    assert!(ACTIVITY_DAYS + LATE_DAYS + 4 == LOG_DAYS, "promise C25: gone by day 90, backups included");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::mail::REQUEST_KEPT;

    /// The address of a requested mail waits in the Transient table: a receipt says so of the table, and for how long.
    #[test]
    fn p1_what_waits_to_be_mailed_is_said_with_its_address() {
        let said = Table::Transient.holds();
        assert!(said.contains("swept away within four days"), "{said}");
        assert_eq!(REQUEST_KEPT.as_hours(), 24);
        assert_eq!(1 + LATE_DAYS, 4);
    }

    /// C25: a log entry can be read for at least 83 days, and on day 90 no backup holds it, however late TTL is.
    #[test]
    fn c25_the_access_log_is_there_for_83_days_and_gone_by_day_90_backups_included() {
        let window = Table::Activity.recovery_days().unwrap_or_default();
        let kept = u32::from(ACTIVITY_DAYS);
        assert!(kept >= 83, "{kept}");
        assert!(ACTIVITY_DAYS + LATE_DAYS + window <= 90, "{ACTIVITY_DAYS} + {LATE_DAYS} + {window}");
        assert_eq!(Table::Activity.gone_after_days(), ACTIVITY_DAYS + LATE_DAYS + window);
        assert_eq!(LOG_DAYS, 90);
    }
}
