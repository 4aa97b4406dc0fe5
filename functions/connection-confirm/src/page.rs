//! The confirm page: the accounts that the grant reaches, to be chosen one by one.

use mooring_domain::account::{Unusable, UnusableAccount};
use mooring_domain::connect::ABANDONED_MINUTES;
use mooring_domain::ops::confirm_accounts::{Offer, Offered};
use mooring_domain::retention::DELETE_DAYS;
use mooring_edge::{escape, layout};

/// Writes the page.
pub(crate) fn offer(offer: &Offer) -> String {
    let (tenant, product) = (escape(&offer.tenant), escape(&offer.product));
    let only = offer.accounts.len() == 1;
    let accounts: String = offer.accounts.iter().map(|one| account(one, only)).collect();
    let body = format!(
        "<p>You gave access to {reaches}. Choose what <strong>{tenant}</strong> may see in <strong>{product}</strong>; \
         nothing of the rest is read or kept.</p>\
         <form method=\"post\" action=\"/connect/confirm\"><input type=\"hidden\" name=\"ticket\" value=\"{handle}\"><fieldset><legend>Accounts</legend><ul class=\"plain\">{accounts}</ul></fieldset>{unusable}\
         <div class=\"actions\"><button type=\"submit\" name=\"decision\" value=\"connect\">Connect</button>\
         <button class=\"quiet\" type=\"submit\" name=\"decision\" value=\"cancel\">Cancel</button></div></form>\
         <p class=\"soft\">If you cancel or leave, nothing is read; access is ended within \
         {ABANDONED_MINUTES} minutes, and everything is deleted within {DELETE_DAYS} days. <a href=\"{privacy}\" rel=\"noopener\">{product}’s privacy policy</a></p>",
        unusable = unusable(&offer.unusable),
        handle = escape(&offer.handle),
        reaches = reaches(offer.accounts.len()),
        privacy = escape(&offer.privacy_url),
    );
    layout("Choose accounts", &body)
}

/// What somebody is told who connects an account again.
const ALREADY: &str = "<small>This account is already connected. Choose it again only if it is meant to be connected twice: whoever adds \
                       up connections then counts it twice.</small>";

fn reaches(count: usize) -> String {
    if count == 1 { "one account".to_owned() } else { format!("{count} accounts") }
}

/// What the grant reaches and nobody can choose: named, with the reason, so that nothing is left out in silence.
fn unusable(accounts: &[UnusableAccount]) -> String {
    if accounts.is_empty() {
        return String::new();
    }
    let entries: String = accounts.iter().map(left_out).collect();
    format!("<h2>Cannot be connected: {}</h2><ul class=\"plain soft\">{entries}</ul>", accounts.len())
}

fn left_out(account: &UnusableAccount) -> String {
    let name = if account.name.is_empty() { "An account without a name" } else { &account.name };
    format!(
        "<li>{name} <small>{id} · {reason}</small></li>",
        name = escape(name),
        id = escape(&account.external_id),
        reason = reason(account.reason),
    )
}

const fn reason(reason: Unusable) -> &'static str {
    match reason {
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

fn account(Offered { id: choice, account, already }: &Offered, only: bool) -> String {
    let note = if *already { ALREADY } else { "" };
    format!(
        "<li><label><input type=\"checkbox\" name=\"account\" value=\"{choice}\"{checked}><span>{name}\
         <small>{id} · {currency} · {zone}</small>{note}</span></label></li>",
        choice = escape(choice),
        checked = if only && !already { " checked" } else { "" },
        name = escape(&account.name),
        id = escape(&account.external_id),
        currency = escape(account.currency.as_str()),
        zone = escape(&account.zone),
    )
}

#[cfg(test)]
mod tests {
    use mooring_domain::account::PlatformAccount;

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
        });
        assert!(!page.contains("<script>") && !page.contains(" checked"));
        assert_eq!(page.matches("type=\"checkbox\"").count(), 2);
        assert!(
            page.contains("Left &lt;script&gt; out") && page.contains("has a currency that is not known")
        );
        assert!(page.contains("name=\"ticket\" value=\"0123456789abcdef\""));
    }
}
