//! Writes the confirm page: the accounts that the grant reaches, to be chosen one by one. The page also names
//! the accounts that nobody can choose, with the reason, so that nothing is left out in silence.

use askama::Template;
use mooring_domain::Result;
use mooring_domain::base::retention::DELETE_DAYS;
use mooring_domain::connect::ops::confirm_accounts::Offer;
use mooring_domain::connect::session::ABANDONED_MINUTES;
use mooring_domain::platform::account::{Unusable, UnusableAccount};
use mooring_edge::page;

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage<'a> {
    offer: &'a Offer,
}

/// Writes the page.
pub(crate) fn offer(offer: &Offer) -> Result<String> {
    page("Choose accounts", &OfferPage { offer })
}

/// Returns why an account cannot be chosen.
const fn reason(account: &UnusableAccount) -> &'static str {
    match account.reason {
        Unusable::NoId => "The platform lists it without a number.",
        Unusable::NoCurrency => "The platform says no currency for it, so its money would have no unit.",
        Unusable::UnknownCurrency => "It has a currency that is not known here.",
        Unusable::NoZone => "The platform says no time zone for it, so nobody knows when its days begin.",
        Unusable::UnknownZone => "It has a time zone that is not known here.",
        Unusable::Refused => {
            "The platform does not describe it: it was deleted, or the access does not reach it."
        }
        Unusable::NotDescribed => "The platform left it out of its answer. Try again later.",
        Unusable::NotRead => {
            "It could not be read just now. Connect again later to choose it; where there are very many accounts, give \
             access to fewer at once."
        }
    }
}

#[cfg(test)]
mod tests {
    use mooring_domain::connect::ops::confirm_accounts::Offered;
    use mooring_domain::platform::account::PlatformAccount;

    use super::*;

    #[test]
    fn names_from_the_platform_are_text_and_nothing_is_chosen_for_the_person() {
        let account = PlatformAccount {
            external_id: "1\"><script>".to_owned(),
            name: "<script>".to_owned(),
            currency: "EUR".parse().unwrap(),
            zone: "<script>".to_owned(),
        };
        let page = offer(&Offer {
            tenant: "<script>".to_owned(),
            product: "P".to_owned(),
            privacy_url: "https://p.example".to_owned(),
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
        })
        .unwrap();
        assert!(!page.contains("<script>") && !page.contains(" checked"));
        assert_eq!(page.matches("type=\"checkbox\"").count(), 2);
        assert!(
            page.contains("Left &#60;script&#62; out") && page.contains("has a currency that is not known")
        );
        assert!(page.contains("name=\"ticket\" value=\"0123456789abcdef\""));
    }
}
