//! The rows behind guards: calls that may be repeated, buckets of rate limits, breakers before platforms.
//!
//! Buckets and breakers have partitions of their own, so that a role can be given these rows and no others of the table.

use mooring_domain::breaker::Circuit;
use mooring_domain::deletion::Table;
use mooring_domain::ids::{CredentialId, MailId, TenantId};
use mooring_domain::limits::Bucket;
use mooring_domain::secret::{Digest, Fingerprint};

use super::Key;

/// The record of a call that may be repeated, by its derived name.
pub(crate) fn repeat(tenant: &TenantId, name: &Digest) -> Key {
    Key::new(Table::Transient, tenant.as_str(), format!("idem#{}", name.to_hex()))
}

/// The partition of a tenant's buckets.
pub(crate) fn buckets(tenant: &TenantId) -> String {
    format!("rate#{tenant}")
}

pub(crate) fn bucket(bucket: &Bucket) -> Key {
    let owner = bucket.credential.as_ref().map_or("tenant", CredentialId::as_str);
    Key::new(Table::Transient, buckets(&bucket.tenant), owner)
}

/// The breaker of a platform and app; no tenant's row.
pub(crate) fn breaker(circuit: &Circuit) -> Key {
    let Circuit { platform, context } = circuit;
    Key::new(Table::Transient, format!("breaker#{platform}#{context}"), "breaker")
}

/// A request for a mail.
pub(crate) fn mail_request(id: &MailId) -> Key {
    Key::new(Table::Transient, format!("mail#{id}"), "request")
}

fn of_mail(fingerprint: &Fingerprint, sk: impl Into<String>) -> Key {
    Key::new(Table::Transient, format!("mail#{}", fingerprint.0), sk)
}

/// How often an address was written to.
pub(crate) fn mail_pace(mail: &Fingerprint) -> Key {
    of_mail(mail, "pace")
}

/// When the links of an address ended.
pub(crate) fn links_ended(mail: &Fingerprint) -> Key {
    of_mail(mail, "ended")
}

/// How often a source asked for mails.
pub(crate) fn mail_source(source: &Fingerprint, window: i64) -> Key {
    of_mail(source, format!("from#{window}"))
}
