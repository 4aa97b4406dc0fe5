//! Writes the pages of deletion requests.

use askama::Template;
use mooring_domain::Result;
use mooring_domain::base::retention::{DELETE_DAYS, LATE_DAYS};
use mooring_domain::deletion::link::LINK_MINUTES;
use mooring_domain::deletion::ops::request_deletion::by_link::Held;
use mooring_domain::notice::mail::{LONG_PAUSE, PAUSE_MINUTES, QUICK_MAILS, REQUEST_KEPT};
use mooring_domain::platform::profile::Profile;
use mooring_domain::platform::titles::title;
use mooring_edge::page;

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    profile: &'a Profile,
    kept_days: i64,
}

#[derive(Template)]
#[template(path = "sent.html")]
struct SentPage<'a> {
    profile: &'a Profile,
    text: String,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    profile: &'a Profile,
    held: &'a [Held],
}

#[derive(Template)]
#[template(path = "nothing_left.html")]
struct NothingLeftPage<'a> {
    profile: &'a Profile,
}

#[derive(Template)]
#[template(path = "begun.html")]
struct BegunPage<'a> {
    pages: &'a [String],
}

/// Returns the text for everybody who gave an address.
pub(crate) fn sent_text(profile: &Profile) -> String {
    format!(
        "If we know this address, a mail with a link comes within {PAUSE_MINUTES} minutes (within {} minutes if it was asked \
         for more than {QUICK_MAILS} times today). If none comes, write to {}. The link works for {LINK_MINUTES} minutes.",
        LONG_PAUSE.as_mins(),
        profile.contact_email
    )
}

/// Writes the form.
pub(crate) fn form(profile: &Profile) -> Result<String> {
    let kept_days = REQUEST_KEPT.as_hours() / 24 + i64::from(LATE_DAYS);
    page("Delete your data", &FormPage { profile, kept_days })
}

/// Writes the answer that is the same for every address.
pub(crate) fn sent(profile: &Profile) -> Result<String> {
    page("Look into your mailbox", &SentPage { profile, text: sent_text(profile) })
}

/// Writes what a link would delete, with the button that deletes it.
pub(crate) fn confirm(profile: &Profile, held: &[Held]) -> Result<String> {
    if held.is_empty() {
        return page("Nothing left to delete", &NothingLeftPage { profile });
    }
    page("Delete your data?", &ConfirmPage { profile, held })
}

/// Writes the addresses of several deletions that can be watched.
pub(crate) fn begun(pages: &[String]) -> Result<String> {
    page("Your data is being deleted", &BegunPage { pages })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            name: "p".to_owned(),
            product: "P&<i>".to_owned(),
            privacy_url: "https://p.example/\"><i>".to_owned(),
            contact_email: "a@p.example".to_owned(),
            retention_days: Some(700),
            needs_reauth_days: None,
            platforms: Vec::new(),
        }
    }

    #[test]
    fn pages_say_who_and_how_much_and_escape_it() {
        let held = Held {
            platform: "tiktok_ads".to_owned(),
            since: "2026-11-20T10:00:00Z".parse().unwrap(),
            accounts: 2,
        };
        let pages = [
            form(&profile()),
            sent(&profile()),
            confirm(&profile(), &[held]),
            confirm(&profile(), &[]),
            begun(&[]),
        ]
        .map(Result::unwrap);
        for page in &pages {
            assert!(!page.contains("<i>"));
        }
        assert!(
            pages[2].contains("TikTok Ads") && pages[2].contains("2 accounts, connected on 20 November 2026")
        );
        assert!(pages[2].contains("<button class=\"danger\"") && !pages[3].contains("<button"));
        assert!(pages[1].contains("mailto:a@p.example"));
    }
}
