//! Binds the steps of a connect flow to one browser and to one redirect URI (security design, 1.2).

use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use url::Url;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::Entropy;
use crate::base::secret::Digest;

/// The number of characters of a ticket's handle.
const HANDLE: usize = 16;

/// Names the cookie that binds a transaction to its browser. There is one per transaction, so that parallel tabs work.
pub fn cookie_name(state: &Digest) -> String {
    let hex = state.to_hex();
    format!("oauthtxn-{}", hex.get(..8).unwrap_or_default())
}

/// Names the cookie that a connect page sets, one per link. By the cookie, Mooring recognises a person who presses the
/// button twice or comes back to the page from the platform.
pub fn visit_cookie(session: &Digest) -> String {
    let hex = session.to_hex();
    format!("moorvisit-{}", hex.get(..8).unwrap_or_default())
}

/// Makes the public handle of a ticket. The handle stands in the address and in the form of the choice of accounts, so
/// that a page and the cookie sent with the page belong to one ticket, however many flows the browser has open.
pub fn ticket_handle(ticket: &Digest) -> String {
    let hex = ticket.to_hex();
    hex.get(..HANDLE).unwrap_or_default().to_owned()
}

/// Returns whether a text can be a handle.
pub fn is_handle(text: &str) -> bool {
    text.len() == HANDLE && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Names the cookie that carries the ticket of a handle.
pub fn ticket_cookie(handle: &str) -> String {
    format!("moorticket-{handle}")
}

/// Makes the answer to a choice whose page and browser do not belong to one ticket.
pub fn foreign_list() -> Error {
    let message = "This list of accounts does not belong to a flow of this browser, or the flow is over. Nothing was \
                   chosen and nothing was used up. Go back to where you came from and start again.";
    Error::new(Kind::Gone, "list_unusable", message)
}

/// Derives the PKCE verifier of a transaction from the browser's cookie. The verifier exists nowhere else: neither a
/// dump of the database nor a leaked URL is enough to redeem a code.
pub fn verifier(entropy: &dyn Entropy, cookie: &str) -> SecretString {
    BASE64URL_NOPAD.encode(&entropy.derive(cookie.as_bytes(), "pkce")).into()
}

/// Builds the redirect URI of a platform in a context: an exact string, distinct per context, registered at the
/// platform.
pub fn redirect_uri(api_origin: &str, platform: &str, context: &str) -> String {
    format!("{api_origin}/oauth/callback/{platform}/{context}")
}

/// Builds the address that the browser returns to: a registered URL with the outcome added to its query.
pub fn return_to(url: &str, pairs: &[(&str, &str)]) -> Result<Url> {
    let wrong = |_| Error::new(Kind::Internal, "return_url", "A registered return URL is not a URL.");
    let mut url = Url::parse(url).map_err(wrong)?;
    url.query_pairs_mut().extend_pairs(pairs);
    Ok(url)
}

/// Makes the one answer to every request that does not belong to a live connect flow of this browser. The answer does
/// not say what was wrong, so that an attacker who guesses learns nothing.
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
