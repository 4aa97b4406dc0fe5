//! The pages of deletion requests.

use mooring_domain::connect::LINK_MINUTES;
use mooring_domain::mail::{LONG_PAUSE, PAUSE_MINUTES, QUICK_MAILS, REQUEST_KEPT};
use mooring_domain::ops::request_deletion::by_link::Held;
use mooring_domain::profile::Profile;
use mooring_domain::retention::{DELETE_DAYS, LATE_DAYS};
use mooring_edge::{escape, layout};

/// What everybody is told who gave an address.
pub(crate) fn sent_text(profile: &Profile) -> String {
    format!(
        "If we know this address, a mail with a link comes within {PAUSE_MINUTES} minutes (within {} minutes if it was asked \
         for more than {QUICK_MAILS} times today). If none comes, write to {}. The link works for {LINK_MINUTES} minutes.",
        LONG_PAUSE.as_mins(),
        profile.contact_email
    )
}

/// Writes the form.
pub(crate) fn form(profile: &Profile) -> String {
    let body = format!(
        "<p>Were your accounts connected with {product}? Here you can have everything that {product} holds of them \
         deleted, without signing in.</p>\
         <form method=\"post\" action=\"/deletion-requests\"><p><label for=\"email\">Your e-mail address</label>\
         <input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" maxlength=\"254\" required></p>\
         <p class=\"soft\">We mail you a link to confirm. The address is sealed until the mail has left, at most for \
         {kept} days, and kept nowhere else.</p>\
         <div class=\"actions\"><button type=\"submit\">Mail me the link</button></div></form>{contact}",
        product = escape(&profile.product),
        kept = REQUEST_KEPT.as_hours() / 24 + i64::from(LATE_DAYS),
        contact = contact(profile),
    );
    layout("Delete your data", &body)
}

/// Writes the answer that is the same for every address.
pub(crate) fn sent(profile: &Profile) -> String {
    let note = format!("<p class=\"note\" role=\"status\">{}</p>", escape(&sent_text(profile)));
    layout("Look into your mailbox", &format!("{note}{}", contact(profile)))
}

/// Writes what a link would delete, with the button that does.
pub(crate) fn confirm(profile: &Profile, held: &[Held]) -> String {
    if held.is_empty() {
        let note = "<p class=\"note\">Everything that this link stands for is being deleted already.</p>";
        return layout("Nothing left to delete", &format!("{note}{}", contact(profile)));
    }
    let items: String = held.iter().map(item).collect();
    let body = format!(
        "<p>{product} will delete, for good:</p><dl>{items}</dl>\
         <p>From the moment you confirm, nothing of it can be read any more. {product} asks the platform to end the \
         access, and deletes tokens, reports and settings at once and everywhere within {DELETE_DAYS} days. A page shows you every \
         step. This cannot be taken back.</p>\
         <form method=\"post\"><div class=\"actions\"><button class=\"danger\" type=\"submit\">Delete my data</button>\
         </div></form>{contact}",
        product = escape(&profile.product),
        contact = contact(profile),
    );
    layout("Delete your data?", &body)
}

/// Writes where several deletions can be watched.
pub(crate) fn begun(pages: &[String]) -> String {
    let links: String = pages.iter().enumerate().map(|(number, page)| watch(number + 1, page)).collect();
    let body = format!(
        "<p class=\"note\" role=\"status\">Nothing of it can be read any more. Keep these addresses to watch each \
         deletion.</p><ul class=\"plain\">{links}</ul>"
    );
    layout("Your data is being deleted", &body)
}

fn watch(number: usize, page: &str) -> String {
    format!("<li><a href=\"{}\">Deletion {number}</a></li>", escape(page))
}

fn item(held: &Held) -> String {
    let accounts = match held.accounts {
        1 => "1 account".to_owned(),
        count => format!("{count} accounts"),
    };
    format!(
        "<div><dt>A connection to {}</dt><dd>{accounts}, connected on {}</dd></div>",
        escape(&platform(&held.platform)),
        held.since.strftime("%-d %B %Y"),
    )
}

/// Our word for a platform as people may read it.
fn platform(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    word.split('_').map(capital).collect::<Vec<_>>().join(" ")
}

fn contact(profile: &Profile) -> String {
    format!(
        "<p class=\"soft\"><a href=\"{}\">Privacy policy</a> · Questions: <a href=\"mailto:{mail}\">{mail}</a></p>",
        escape(&profile.privacy_url),
        mail = escape(&profile.contact_email),
    )
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
        ];
        for page in &pages {
            assert!(!page.contains("<i>"));
        }
        assert!(
            pages[2].contains("Tiktok Ads") && pages[2].contains("2 accounts, connected on 20 November 2026")
        );
        assert!(pages[2].contains("<button class=\"danger\"") && !pages[3].contains("<button"));
        assert!(pages[1].contains("mailto:a@p.example"));
    }
}
