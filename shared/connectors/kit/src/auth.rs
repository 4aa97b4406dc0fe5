//! Puts secrets into requests. Beside the vault the only place that looks at one in clear.
//!
//! A header is marked sensitive, so that no library prints it. A secret in a query or a body is only for platforms
//! that take it nowhere else.

use http::{HeaderName, HeaderValue};
use mooring_domain::{Error, Kind, Result};
use secrecy::{ExposeSecret as _, SecretString};

use crate::Request;

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
