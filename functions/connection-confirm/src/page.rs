//! The confirm page: the accounts that the grant reaches, to be chosen one by one.

use mooring_domain::account::PlatformAccount;
use mooring_domain::ops::confirm_accounts::Offer;
use mooring_edge::{escape, layout};

/// Writes the page.
pub(crate) fn offer(offer: &Offer) -> String {
    let (tenant, product) = (escape(&offer.tenant), escape(&offer.product));
    let only = offer.accounts.len() == 1;
    let accounts: String =
        offer.accounts.iter().enumerate().map(|(place, one)| account(place, one, only)).collect();
    let body = format!(
        "<p>You gave access to {reaches}. Choose what <strong>{tenant}</strong> may see in <strong>{product}</strong>; \
         nothing of the rest is read or kept.</p>\
         <form method=\"post\"><fieldset><legend>Accounts</legend><ul class=\"plain\">{accounts}</ul></fieldset>\
         <div class=\"actions\"><button type=\"submit\" name=\"decision\" value=\"connect\">Connect</button>\
         <button class=\"quiet\" type=\"submit\" name=\"decision\" value=\"cancel\">Cancel</button></div></form>\
         <p class=\"soft\">If you cancel or leave, access is ended and everything is deleted within a quarter of an \
         hour. <a href=\"{privacy}\" rel=\"noopener\">{product}’s privacy policy</a></p>",
        reaches = reaches(offer.accounts.len()),
        privacy = escape(&offer.privacy_url),
    );
    layout("Choose accounts", &body)
}

fn reaches(count: usize) -> String {
    if count == 1 { "one account".to_owned() } else { format!("{count} accounts") }
}

fn account(place: usize, account: &PlatformAccount, checked: bool) -> String {
    format!(
        "<li><label><input type=\"checkbox\" name=\"account\" value=\"{place}\"{checked}><span>{name}\
         <small>{id} · {currency} · {zone}</small></span></label></li>",
        checked = if checked { " checked" } else { "" },
        name = escape(&account.name),
        id = escape(&account.external_id),
        currency = escape(account.currency.as_str()),
        zone = escape(&account.zone),
    )
}

#[cfg(test)]
mod tests {
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
            accounts: vec![account.clone(), account],
            unusable: Vec::new(),
            return_origin: "https://p.example".to_owned(),
        });
        assert!(!page.contains("<script>") && !page.contains(" checked"));
        assert_eq!(page.matches("type=\"checkbox\"").count(), 2);
    }
}
