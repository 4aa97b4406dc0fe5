//! Writes the pages of deletion requests.

use askama::Template;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::retention::{DELETE_DAYS, LATE_DAYS};
use mooring_domain::deletion::link::LINK_MINUTES;
use mooring_domain::deletion::ops::request_deletion::by_link::{Held, Watched};
use mooring_domain::notice::mail::{LONG_PAUSE, PAUSE_MINUTES, QUICK_MAILS, REQUEST_KEPT};
use mooring_domain::platform::profile::Profile;
use mooring_domain::platform::titles::title;
use mooring_edge::{Fill, Language, page};

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    language: &'static Language,
    profile: &'a Profile,
    email: &'a str,
    fault: Option<&'a str>,
    kept_days: &'a str,
}

#[derive(Template)]
#[template(path = "sent.html")]
struct SentPage<'a> {
    language: &'static Language,
    profile: &'a Profile,
    text: Fill,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    language: &'static Language,
    profile: &'a Profile,
    held: &'a [Held],
    days: &'a str,
}

#[derive(Template)]
#[template(path = "nothing_left.html")]
struct NothingLeftPage<'a> {
    language: &'static Language,
    profile: &'a Profile,
}

#[derive(Template)]
#[template(path = "begun.html")]
struct BegunPage<'a> {
    language: &'static Language,
    profile: &'a Profile,
    is_over: bool,
    begun: Vec<Begun<'a>>,
}

/// A deletion as the page under the link shows it.
struct Begun<'a> {
    watched: &'a Watched,
    /// The address of the deletion's own page.
    page: String,
    done: String,
    total: String,
}

impl ConfirmPage<'_> {
    fn connected(&self, held: &Held) -> Fill {
        connected(self.language, held.since, Some(held.accounts))
    }
}

impl BegunPage<'_> {
    fn connected(&self, watched: &Watched) -> Fill {
        connected(self.language, watched.since, watched.accounts)
    }
}

/// Says when a connection was made and how many accounts it has. A connection whose person chose none says so.
fn connected(language: &'static Language, since: Timestamp, accounts: Option<usize>) -> Fill {
    let Some(accounts) = accounts else { return language.fill("deletion.connected_on").date("date", since) };
    let accounts = match accounts {
        0 => language.fill("deletion.no_account"),
        count => language.count("account.count", count),
    };
    language.fill("deletion.connected").date("date", since).text("accounts", &accounts)
}

/// Returns the text for everybody who gave an address.
pub(crate) fn sent_text(language: &'static Language, profile: &Profile) -> Fill {
    language
        .fill("deletion.sent")
        .with("soon", PAUSE_MINUTES.to_string())
        .with("later", LONG_PAUSE.as_mins().to_string())
        .with("often", QUICK_MAILS.to_string())
        .with("contact", &profile.contact_email)
        .with("minutes", LINK_MINUTES.to_string())
}

/// Writes the form.
pub(crate) fn form(language: &'static Language, profile: &Profile) -> Result<String> {
    write_form(language, profile, "", None)
}

/// Writes the form once more for an address that is none, as the person filled it in.
pub(crate) fn form_again(language: &'static Language, profile: &Profile, email: &str) -> Result<String> {
    write_form(language, profile, email, Some(language.text("error.invalid_email")))
}

fn write_form(
    language: &'static Language,
    profile: &Profile,
    email: &str,
    fault: Option<&str>,
) -> Result<String> {
    let kept_days = (REQUEST_KEPT.as_hours() / 24 + i64::from(LATE_DAYS)).to_string();
    let body = FormPage { language, profile, email, fault, kept_days: &kept_days };
    page(language, language.text("deletion.form_title"), &body)
}

/// Writes the answer that is the same for every address.
pub(crate) fn sent(language: &'static Language, profile: &Profile) -> Result<String> {
    let body = SentPage { language, profile, text: sent_text(language, profile) };
    page(language, language.text("deletion.sent_title"), &body)
}

/// Writes the connections that a link would delete, with the button that deletes them.
pub(crate) fn confirm(language: &'static Language, profile: &Profile, held: &[Held]) -> Result<String> {
    let body = ConfirmPage { language, profile, held, days: &DELETE_DAYS.to_string() };
    page(language, language.text("deletion.confirm_title"), &body)
}

/// Writes how far the deletions of a link are; `address` makes the address of a deletion's own page.
pub(crate) fn begun(
    language: &'static Language,
    profile: &Profile,
    begun: &[Watched],
    address: impl Fn(&Watched) -> String,
) -> Result<String> {
    if begun.is_empty() {
        let body = NothingLeftPage { language, profile };
        return page(language, language.text("deletion.nothing_title"), &body);
    }
    let is_over = begun.iter().all(|one| one.deletion.verified_at.is_some());
    let shown = begun.iter().map(|watched| {
        let (done, total) = watched.deletion.progress();
        Begun { watched, page: address(watched), done: done.to_string(), total: total.to_string() }
    });
    let body = BegunPage { language, profile, is_over, begun: shown.collect() };
    let title = if is_over { "deletion.done_title" } else { "deletion.running_title" };
    page(language, language.text(title), &body)
}

#[cfg(test)]
mod tests {
    use mooring_domain::base::place::Subject;
    use mooring_domain::deletion::ledger::{DELETE_WITHIN, Deletion, Reason, Step};
    use mooring_edge::{find_language, languages};

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

    fn held(accounts: usize) -> Held {
        let since = "2026-11-20T10:00:00Z".parse().unwrap();
        Held { platform: "tiktok_ads".to_owned(), since, accounts }
    }

    fn watched(step: Step, accounts: Option<usize>) -> Watched {
        let t0: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let deletion = Deletion {
            id: "del_00000000000000000000000001".parse().unwrap(),
            tenant: "ten_00000000000000000000000002".parse().unwrap(),
            subject: Subject::Connection("con_00000000000000000000000003".parse().unwrap()),
            reason: Reason::RequestedByMail,
            platform: "tiktok_ads".to_owned(),
            t0,
            delete_by: t0 + DELETE_WITHIN,
            step,
            next_step_at: None,
            places: Vec::new(),
            keys: Vec::new(),
            revoke_tries: 0,
            revoke: None,
            events: Vec::new(),
            verified_at: (step == Step::Done).then_some(t0),
            code: "thecode".to_owned(),
            version: 1,
        };
        Watched { deletion, since: "2026-11-20T10:00:00Z".parse().unwrap(), accounts }
    }

    #[test]
    fn pages_say_who_and_how_much_and_escape_it() {
        let english = find_language("en").unwrap();
        for language in languages() {
            let pages = [
                form(language, &profile()),
                form_again(language, &profile(), "\"><i>"),
                sent(language, &profile()),
                confirm(language, &profile(), &[held(2)]),
                begun(language, &profile(), &[], |_| String::new()),
                begun(language, &profile(), &[watched(Step::Purge, Some(2))], |_| "/x\"><i>".to_owned()),
            ];
            for page in pages.map(Result::unwrap) {
                assert!(
                    !page.contains("<i>") && !page.contains('{'.to_string().repeat(2).as_str()),
                    "{page}"
                );
                assert!(page.contains("mailto:a@p.example"), "{page}");
            }
        }
        let page = confirm(english, &profile(), &[held(2)]).unwrap();
        assert!(
            page.contains("<dt>TikTok Ads</dt>")
                && page.contains("20\u{a0}November 2026</time>, 2\u{a0}accounts")
        );
        assert!(page.contains("<button class=\"danger\""), "{page}");
        let nothing = begun(english, &profile(), &[], |_| String::new()).unwrap();
        assert!(!nothing.contains("<button"), "{nothing}");
    }

    #[test]
    fn no_connection_is_named_wrongly() {
        let german = find_language("de").unwrap();
        let said = |accounts| connected(german, held(0).since, accounts).plain();
        assert_eq!(said(Some(1)), "Verbunden am 20.\u{a0}November 2026, 1\u{a0}Konto");
        assert_eq!(said(Some(0)), "Verbunden am 20.\u{a0}November 2026, kein Konto ausgewählt");
        assert_eq!(said(None), "Verbunden am 20.\u{a0}November 2026", "nobody counted, so nothing is said");
    }

    #[test]
    fn the_page_of_a_used_link_says_how_far_each_deletion_is() {
        let both = [watched(Step::Done, Some(1)), watched(Step::PurgeAgain, None)];
        let page = begun(find_language("en").unwrap(), &profile(), &both, |_| "/d/c".to_owned()).unwrap();
        assert!(page.contains("Your data is being deleted") && page.contains("4 of 6 steps"), "{page}");
        assert!(
            page.contains("6 of 6 steps") && page.contains("1\u{a0}December 2026, 10:00\u{a0}UTC"),
            "{page}"
        );
        for secret in ["del_", "ten_", "con_", "thecode"] {
            assert!(!page.contains(secret), "{secret}");
        }
        let page = begun(find_language("en").unwrap(), &profile(), &both[..1], |_| String::new()).unwrap();
        assert!(page.contains("Your data is deleted"), "{page}");
    }

    #[test]
    fn a_form_with_a_fault_comes_back_as_it_was_filled_in() {
        let page = form_again(find_language("de").unwrap(), &profile(), "anna@@example.com").unwrap();
        assert!(page.contains("value=\"anna@@example.com\"") && page.contains("aria-invalid=\"true\""));
        assert!(page.contains("id=\"fault\">Das ist keine E-Mail-Adresse"), "{page}");
    }
}
