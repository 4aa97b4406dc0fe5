//! Keys of the due index, and instants that sort.

use jiff::Timestamp;
use mooring_domain::ids::TenantId;
use mooring_domain::secret::Fingerprint;

/// The due index's hash key of deletions.
pub(crate) const DUE_DELETIONS: &str = "due";
/// The due index's hash key of jobs to send.
pub(crate) const DUE_OUTBOX: &str = "outbox";
/// The due index's hash key of grants to ask.
pub(crate) const DUE_PROBES: &str = "probes";
/// The due index's hash key of webhook events whose deliveries are to be made.
pub(crate) const DUE_EVENTS: &str = "events";
/// The due index's hash key of webhook deliveries.
pub(crate) const DUE_TRIES: &str = "tries";

/// The due index's hash key of a mailbox's connections; their range key is [`EARLIEST`].
pub(crate) fn due_mail(mail: &Fingerprint) -> String {
    format!("mail#{}", mail.0)
}

/// The due index's hash key of the connections of a tenant that hold an account; their range key is [`EARLIEST`].
pub(crate) fn due_held(tenant: &TenantId, account: &Fingerprint) -> String {
    format!("held#{tenant}#{}", account.0)
}

/// The due index's hash key of accounts.
pub(crate) fn due_shard(shard: u16) -> String {
    format!("s{shard:02}")
}

/// The due index's range key of accounts: a minute of the period.
pub(crate) fn due_minute(minute: u16) -> String {
    format!("{minute:04}")
}

/// Sorts before every instant that [`instant`] writes: an empty text is refused in keys.
pub(crate) const EARLIEST: &str = "0";

/// An instant in milliseconds and fixed width, so that texts sort as times do.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}
