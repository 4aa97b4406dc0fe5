//! Keys of requested mails.

use mooring_domain::base::ids::MailId;
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::base::table::Table;

use crate::client::key::Key;

/// Makes the key of a request for a mail.
pub(crate) fn mail_request(id: &MailId) -> Key {
    Key::new(Table::Transient, format!("mail#{id}"), "request")
}

/// Makes the key of the row that counts the mails to an address.
pub(crate) fn mail_pace(mail: &Fingerprint) -> Key {
    of_mail(mail, "pace")
}

/// Makes the key of the row that says when the links of an address ended.
pub(crate) fn links_ended(mail: &Fingerprint) -> Key {
    of_mail(mail, "ended")
}

/// Makes the key of the row that counts the requests for mails of a source in a window.
pub(crate) fn mail_source(source: &Fingerprint, window: i64) -> Key {
    of_mail(source, format!("from#{window}"))
}

fn of_mail(fingerprint: &Fingerprint, sk: impl Into<String>) -> Key {
    Key::new(Table::Transient, format!("mail#{}", fingerprint.0), sk)
}
