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

/// Makes one key with each constructor.
#[cfg(test)]
pub(crate) fn samples(of: &crate::client::samples::Ids) -> Vec<crate::client::samples::Sample> {
    use crate::client::samples::Emptied;
    const BRIEF: Emptied =
        Emptied::Never("the row is of a mailbox, not of a tenant, and expires within two days");
    vec![
        (mail_request(&MailId::from_uuid(uuid::Uuid::nil())), BRIEF),
        (mail_pace(&of.fingerprint), BRIEF),
        (links_ended(&of.fingerprint), BRIEF),
        (mail_source(&of.fingerprint, 1), BRIEF),
    ]
}
