//! Writes the mails.

use mooring_domain::base::locale::Locale;
use mooring_domain::base::retention::DELETE_DAYS;
use mooring_domain::deletion::link::LINK_MINUTES;
use mooring_domain::notice::ports::{Letter, MailWriter};
use mooring_domain::platform::profile::Profile;

use crate::of_locale;

/// Writes mails in the language of whoever asked for them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Letters;

impl MailWriter for Letters {
    fn deletion_link(&self, locale: Option<&Locale>, profile: &Profile, url: &str) -> Letter {
        let language = of_locale(locale);
        let fill = |key| {
            language
                .fill(key)
                .name("product", &profile.product)
                .with("url", url)
                .with("minutes", LINK_MINUTES.to_string())
                .with("days", DELETE_DAYS.to_string())
                .with("contact", &profile.contact_email)
                .with("privacy", &profile.privacy_url)
                .plain()
        };
        Letter { subject: fill("mail.deletion.subject"), text: fill("mail.deletion.text") }
    }
}
