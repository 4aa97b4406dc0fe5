//! Reads and writes the cookies of the connect flow, bound to the API's host.
//!
//! Names begin with `__Host-` and the cookies are `Secure`. Only a developer's machine has a plain-HTTP
//! origin; there cookies have neither, because browsers differ in whether they accept such cookies from a
//! loopback address.

use lambda_http::Request;
use lambda_http::http::header::COOKIE;

use super::site::Site;

const PREFIX: &str = "__Host-";

impl Site {
    /// Returns the name that a cookie has on the API's origin.
    pub fn cookie_name(&self, name: &str) -> String {
        if self.is_https() { format!("{PREFIX}{name}") } else { name.to_owned() }
    }

    /// Reads a cookie of the connect flow.
    pub fn cookie<'a>(&self, request: &'a Request, name: &str) -> Option<&'a str> {
        cookie(request, &self.cookie_name(name))
    }

    /// Writes the `Set-Cookie` value of a cookie of the connect flow; an age of zero seconds removes the
    /// cookie.
    pub fn set_cookie(&self, name: &str, value: &str, max_age_seconds: i64) -> String {
        let secure = if self.is_https() { "; Secure" } else { "" };
        let name = self.cookie_name(name);
        format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// Reads a cookie by its full name. A name that comes twice counts as absent, because somebody may have
/// planted one of the two.
pub fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let headers = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = headers
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}
