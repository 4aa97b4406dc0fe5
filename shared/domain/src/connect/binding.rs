//! What ties the steps of a connect flow to one browser and to one redirect URI (security design, 1.2).

use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use url::Url;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::Entropy;
use crate::base::secret::Digest;

/// How many characters a ticket's handle has.
const HANDLE: usize = 16;

/// The name of the cookie that binds a transaction to its browser; one per transaction, so that parallel tabs work.
pub fn cookie_name(state: &Digest) -> String {
    let hex = state.to_hex();
    format!("oauthtxn-{}", hex.get(..8).unwrap_or_default())
}

/// The name of the cookie that a connect page leaves, one per link: whoever presses its button twice, or comes back to it
/// from the platform, is known again.
pub fn visit_cookie(session: &Digest) -> String {
    let hex = session.to_hex();
    format!("moorvisit-{}", hex.get(..8).unwrap_or_default())
}

/// The public handle of a ticket: stands in the address and in the form of the choice of accounts, so that a page and the
/// cookie that it is sent with belong to one ticket, however many flows go on in the browser.
pub fn ticket_handle(ticket: &Digest) -> String {
    let hex = ticket.to_hex();
    hex.get(..HANDLE).unwrap_or_default().to_owned()
}

/// Tells whether a text can be a handle.
pub fn is_handle(text: &str) -> bool {
    text.len() == HANDLE && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The name of the cookie that carries the ticket of a handle.
pub fn ticket_cookie(handle: &str) -> String {
    format!("moorticket-{handle}")
}

/// The answer to a choice whose page and browser do not belong to one ticket.
pub fn foreign_list() -> Error {
    let message = "This list of accounts does not belong to a flow of this browser, or the flow is over. Nothing was \
                   chosen and nothing was used up. Go back to where you came from and start again.";
    Error::new(Kind::Gone, "list_unusable", message)
}

/// The PKCE verifier of a transaction. It exists nowhere but in the browser's cookie: neither a dump of the database
/// nor a leaked URL is enough to redeem a code.
pub fn verifier(entropy: &dyn Entropy, cookie: &str) -> SecretString {
    BASE64URL_NOPAD.encode(&entropy.derive(cookie.as_bytes(), "pkce")).into()
}

/// The redirect URI of a platform in a context: an exact string, distinct per context, registered at the platform.
pub fn redirect_uri(api_origin: &str, platform: &str, context: &str) -> String {
    format!("{api_origin}/oauth/callback/{platform}/{context}")
}

/// The address that the browser returns to: a registered URL with what happened.
pub fn return_to(url: &str, pairs: &[(&str, &str)]) -> Result<Url> {
    let wrong = |_| Error::new(Kind::Internal, "return_url", "A registered return URL is not a URL.");
    let mut url = Url::parse(url).map_err(wrong)?;
    url.query_pairs_mut().extend_pairs(pairs);
    Ok(url)
}

/// The one answer to everything that does not belong to a live connect flow of this browser. It does not say what was
/// wrong, so that a guess learns nothing.
pub fn unusable() -> Error {
    let message = "This link does not work, or no longer. Go back to where you came from and start again.";
    Error::new(Kind::Gone, "link_unusable", message)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::testing::Counting;

    #[test]
    fn a_verifier_fits_pkce_and_belongs_to_its_cookie() {
        let one = verifier(&Counting::default(), "one");
        assert_eq!(one.expose_secret().len(), 43);
        assert_ne!(one.expose_secret(), verifier(&Counting::default(), "two").expose_secret());
    }

    #[test]
    fn tickets_have_handles_and_cookies_of_their_own() {
        let handle = ticket_handle(&Digest([0xAB; 32]));
        assert!(is_handle(&handle) && !is_handle("ABABABABABABABAB") && !is_handle("abab"));
        assert_eq!(ticket_cookie(&handle), "moorticket-abababababababab");
    }

    #[test]
    fn transactions_have_cookies_of_their_own() {
        assert_eq!(cookie_name(&Digest([0xAB; 32])), "oauthtxn-abababab");
    }
}
