//! The addresses that a webhook may go to: https addresses of the public Internet, with nothing hidden in them.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::base::error::{Error, Result};
use crate::webhook::address::is_public;

/// The number of characters of the longest address.
const LONGEST: usize = 2_048;

/// Endings of names that lead nowhere on the public Internet, or to the machine itself.
const LOCAL_NAMES: [&str; 8] =
    ["localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa", "onion"];

/// How far webhooks may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public Internet.
    Public,
    /// The public Internet, and this very machine without TLS: only the local runner uses this.
    WithLoopback,
}

impl Reach {
    /// Returns whether an address that a name led to may be called.
    pub fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::WithLoopback && address.is_loopback())
    }
}

/// An address that was checked. It may hold its owner's token, so nothing ever shows the address.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    /// Checks an address. The IP address behind its name is checked when it is called.
    pub fn parse(text: &str, reach: Reach) -> Result<Self> {
        let plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let url =
            Url::parse(text).ok().filter(|_| plain).ok_or_else(|| refused("it is not an absolute URL"))?;
        if !url.username().is_empty() || url.password().is_some() || has_userinfo(text) {
            return Err(refused("it names a user"));
        }
        if url.fragment().is_some() {
            return Err(refused("it has a fragment"));
        }
        if url.port() == Some(0) {
            return Err(refused("its port is 0"));
        }
        let loopback = reach == Reach::WithLoopback && is_loopback(&url);
        if url.scheme() != "https" && !(loopback && url.scheme() == "http") {
            return Err(refused("it does not begin with https://"));
        }
        if loopback || is_of_the_internet(&url) {
            return Ok(Self(url));
        }
        Err(refused("its host is not one of the public Internet"))
    }

    /// Returns the whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns scheme, host and port: these may be shown, because anybody on the network sees them too.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(…)")
    }
}

/// Returns whether the text has userinfo. The URL parser drops an empty user, and nobody writes one in good faith.
fn has_userinfo(text: &str) -> bool {
    let rest = text.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches(['/', '\\']);
    rest.split(['/', '\\', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_of_the_internet(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_public_name(name),
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        None => false,
    }
}

fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let ends = |end: &str| name == end || name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
    name.contains('.') && name.split('.').all(|label| !label.is_empty()) && !LOCAL_NAMES.into_iter().any(ends)
}

fn refused(why: &str) -> Error {
    let message = format!("`url` has to be an https address of the public Internet: {why}.");
    Error::invalid("invalid_url", message)
}
