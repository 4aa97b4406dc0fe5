//! The destination of requests: scheme, host and port of a platform, with TLS everywhere but on this machine.

use std::net::IpAddr;

use mooring_domain::{Error, Kind, Result};
use url::{Host, Url};

/// An origin that requests may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Url);

impl Origin {
    /// Reads an origin: `https`, or `http` on loopback for sandboxes; nothing after the port.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = || {
            let message = format!("`{text}` is not an https origin (http is for loopback alone).");
            Error::new(Kind::Internal, "bad_origin", message)
        };
        let url = Url::parse(text).map_err(|_| refuse())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if bare && anonymous && safe { Ok(Self(url)) } else { Err(refuse()) }
    }

    /// Adds a path, which begins with a slash, to the origin.
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_and_loopback_are_origins() {
        for good in [
            "https://api.example",
            "https://api.example:8443/",
            "http://127.0.0.1:1",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            assert!(Origin::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.example",
            "http://localhost.example",
            "https://user@api.example",
            "https://api.example/path",
            "https://api.example/?q",
            "ftp://127.0.0.1",
            "api.example",
        ] {
            assert_eq!(Origin::parse(bad).unwrap_err().code, "bad_origin", "{bad}");
        }
    }

    #[test]
    fn a_joined_path_keeps_its_trailing_slash() {
        let origin = Origin::parse("https://api.example").unwrap();
        assert_eq!(origin.join("/v1/thing/").as_str(), "https://api.example/v1/thing/");
    }
}
