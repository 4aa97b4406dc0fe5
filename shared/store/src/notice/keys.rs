//! Keys of requested mails.

use mooring_domain::base::ids::MailId;
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::base::table::Table;

use crate::client::key::Key;

/// A request for a mail.
pub(crate) fn mail_request(id: &MailId) -> Key {
    Key::new(Table::Transient, format!("mail#{id}"), "request")
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

fn of_mail(fingerprint: &Fingerprint, sk: impl Into<String>) -> Key {
    Key::new(Table::Transient, format!("mail#{}", fingerprint.0), sk)
}
