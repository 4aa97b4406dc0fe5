//! Cookies of the connect flow, bound to our host.
//!
//! Names begin with `__Host-` and the cookies are `Secure`. A plain-HTTP origin exists on a developer's machine only;
//! there both are left away, because browsers differ in whether they take such cookies from a loopback address.

use lambda_http::Request;
use lambda_http::http::header::COOKIE;

use super::site::Site;

const PREFIX: &str = "__Host-";

impl Site {
    /// The name that a cookie goes by on our origin.
    pub fn cookie_name(&self, name: &str) -> String {
        if self.is_https() { format!("{PREFIX}{name}") } else { name.to_owned() }
    }

    /// Reads one of our cookies.
    pub fn cookie<'a>(&self, request: &'a Request, name: &str) -> Option<&'a str> {
        cookie(request, &self.cookie_name(name))
    }

    /// Writes the `Set-Cookie` value of one of our cookies; an age of zero removes it.
    pub fn set_cookie(&self, name: &str, value: &str, max_age_seconds: i64) -> String {
        let secure = if self.is_https() { "; Secure" } else { "" };
        let name = self.cookie_name(name);
        format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// Reads a cookie by its full name; one that comes twice counts as absent, because somebody planted the other.
pub fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let headers = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = headers
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}
