//! Writes the confirm page: the accounts that the grant reaches, to be chosen one by one. The page also names
//! the accounts that nobody can choose, with the reason, so that nothing is left out in silence.

use askama::Template;
use mooring_domain::base::retention::DELETE_DAYS;
use mooring_domain::connect::ops::confirm_accounts::{MOST_CHOSEN, Offer, Offered};
use mooring_domain::connect::session::ABANDONED_MINUTES;
use mooring_domain::platform::account::UnusableAccount;
use mooring_domain::{Error, Result};
use mooring_edge::{Language, harmless, page};

/// The script of the page, as it stands in it.
const SCRIPT: &str = include_str!("../templates/choice.js");

/// The digest by which the page's policy knows the script.
pub(crate) const SCRIPT_DIGEST: &str = "g4UrhG4w5VpVmqkGPAj/mDMVTGtrPis6qcTR8XPDNh4=";

/// From how many accounts on the page offers to search.
const SEARCHED: usize = 6;

/// Up to how many accounts that cannot be chosen are shown without being asked for.
const SHOWN: usize = 3;

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage<'a> {
    language: &'static Language,
    offer: &'a Offer,
    fault: Option<String>,
    ticked: Option<&'a [String]>,
    minutes: &'a str,
    days: &'a str,
}

impl OfferPage<'_> {
    /// Returns whether a box is ticked: as the person sent it, and on the first look only an account that is alone.
    fn is_ticked(&self, offered: &Offered) -> bool {
        let alone = self.offer.accounts.len() == 1 && !offered.already;
        self.ticked.map_or(alone, |ticked| ticked.contains(&offered.id))
    }

    /// Returns why an account cannot be chosen.
    fn reason(&self, account: &UnusableAccount) -> String {
        self.language.fill(&format!("unusable.{}", account.reason.as_str())).plain()
    }
}

/// Writes the page.
pub(crate) fn offer(language: &'static Language, offer: &Offer) -> Result<String> {
    write(language, offer, None)
}

/// Writes the page once more for a choice that was impossible, as the person made it, with what has to be put right.
pub(crate) fn again(
    language: &'static Language,
    offer: &Offer,
    error: &Error,
    ticked: &[String],
) -> Result<String> {
    write(language, offer, Some((error, ticked)))
}

fn write(language: &'static Language, offer: &Offer, fault: Option<(&Error, &[String])>) -> Result<String> {
    let most = language.number(MOST_CHOSEN);
    let body = OfferPage {
        language,
        offer,
        fault: fault
            .map(|(error, _)| language.fill(&format!("error.{}", error.code)).with("most", &most).plain()),
        ticked: fault.map(|(_, ticked)| ticked),
        minutes: &ABANDONED_MINUTES.to_string(),
        days: &DELETE_DAYS.to_string(),
    };
    page(language, language.text("choice.title"), &body)
}

#[cfg(test)]
mod tests {
    use mooring_domain::base::host::Entropy as _;
    use mooring_domain::platform::account::{PlatformAccount, Unusable};
    use mooring_edge::{find_language, languages};

    use super::*;

    fn list() -> Offer {
        let account = PlatformAccount {
            external_id: "1\"><script>".to_owned(),
            name: "<script>\u{202E}".to_owned(),
            currency: "EUR".parse().unwrap(),
            zone: "<script>".to_owned(),
        };
        Offer {
            tenant: "<script>".to_owned(),
            product: "P".to_owned(),
            privacy_url: "https://p.example".to_owned(),
            locale: None,
            handle: "0123456789abcdef".to_owned(),
            accounts: ["one", "\"><script>"]
                .map(|id| Offered { id: id.to_owned(), account: account.clone(), already: id == "one" })
                .to_vec(),
            unusable: vec![UnusableAccount {
                external_id: "2<script>".to_owned(),
                name: "Left <script> out".to_owned(),
                reason: Unusable::UnknownCurrency,
            }],
            return_origin: "https://p.example".to_owned(),
            unseen: None,
        }
    }

    /// The page without its own script.
    fn seen(page: &str) -> String {
        let (page, script) = page.rsplit_once("<script>").unwrap();
        assert!(script.starts_with(SCRIPT), "one script, and it is the last thing");
        page.to_owned()
    }

    #[test]
    fn names_from_the_platform_are_text_and_nothing_is_chosen_for_the_person() {
        for language in languages() {
            let page = seen(&offer(language, &list()).unwrap());
            assert!(!page.contains("<script>") && !page.contains(" checked") && !page.contains('\u{202E}'));
            assert_eq!(page.matches("type=\"checkbox\"").count(), 2);
            assert!(page.contains("Left &#60;script&#62; out"));
            assert!(page.contains("name=\"ticket\" value=\"0123456789abcdef\""));
        }
        let page = offer(find_language("en").unwrap(), &list()).unwrap();
        assert!(page.contains("has a currency that is not known"));
    }

    #[test]
    fn an_impossible_choice_comes_back_as_it_was_made_with_what_to_put_right() {
        let error = Error::invalid("too_many_chosen", "x");
        let page = seen(&again(find_language("de").unwrap(), &list(), &error, &["one".to_owned()]).unwrap());
        assert_eq!(page.matches(" checked").count(), 1, "{page}");
        assert!(page.contains("role=\"alert\" id=\"fault\">Es können höchstens 500 Konten"), "{page}");
        assert!(page.contains("<fieldset aria-describedby=\"fault\">"), "{page}");
    }

    #[test]
    fn every_reason_has_a_text_in_every_language() {
        for (language, reason) in
            languages().iter().flat_map(|one| Unusable::all().map(move |all| (one, all)))
        {
            assert!(language.find(&format!("unusable.{}", reason.as_str())).is_some(), "{reason:?}");
        }
    }

    #[test]
    fn the_policy_knows_the_script() {
        let digest = mooring_system::SystemEntropy.digest(SCRIPT.as_bytes());
        assert_eq!(SCRIPT_DIGEST, data_encoding::BASE64.encode(&digest.0), "choice.js has another digest");
    }
}
