//! Puts secrets into requests. Beside the vault, no other place reads a secret in clear.
//!
//! A header is marked sensitive, so that no library prints it. A secret in a query or a body is only for a platform
//! that accepts the secret nowhere else.

use http::{HeaderName, HeaderValue};
use mooring_domain::{Error, Kind, Result};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserialize as _, Deserializer, Error as _};

use crate::Request;

/// The number of bytes of the longest token that is accepted. With a longer one, no request would pass the limits on
/// headers that servers have.
const LONGEST_TOKEN: usize = 4096;

/// Reads a token that a platform gives. A token that no header can carry fails here, where nothing is stored yet and
/// the error can blame the platform's answer.
pub fn token<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<SecretString, D::Error> {
    let token = SecretString::deserialize(deserializer)?;
    let text = token.expose_secret().as_bytes();
    let fits = (1..=LONGEST_TOKEN).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
    if fits { Ok(token) } else { Err(D::Error::custom("a token of visible ASCII characters was agreed")) }
}

impl Request {
    /// Adds a token as the header `name`.
    pub fn token_header(mut self, name: &'static str, token: &SecretString) -> Result<Self> {
        let unusable = |_| Error::new(Kind::Internal, "bad_token", "The token cannot be sent in a header.");
        let mut value = HeaderValue::from_str(token.expose_secret()).map_err(unusable)?;
        value.set_sensitive(true);
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }

    /// Adds a secret to the query.
    #[must_use]
    pub fn secret_query(self, name: &'static str, secret: &SecretString) -> Self {
        self.query(name, secret.expose_secret())
    }

    /// Adds a secret to the JSON body.
    #[must_use]
    pub fn secret_field(self, name: &'static str, secret: &SecretString) -> Self {
        self.field(name, secret.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_no_header_can_carry_is_none() {
        let read = |text: &str| token(serde_json::json!(text)).is_ok();
        assert!(read("c8f1dd9a-1") && read(&"x".repeat(LONGEST_TOKEN)));
        for text in ["", "a b", "a\nb", "a\0", "t\u{f6}ken", &"x".repeat(LONGEST_TOKEN + 1)] {
            assert!(!read(text), "{text:?}");
        }
        assert!(token(serde_json::json!(7)).is_err());
    }
}
