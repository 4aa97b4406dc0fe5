//! Checks an operator's description of a new tenant, or of its changes, against what the connect flow and browsers can use.
//!
//! Return URLs and origins are compared letter by letter when they are used. So this check refuses one that no request
//! can ever equal, or that is no address of a product: here, somebody reads why.

use url::{Host, Url};

use crate::base::error::{Error, Result};
use crate::people::tenant::Tenant;

/// The number of characters of the longest name; the connect page shows the name in a sentence.
pub const LONGEST_NAME: usize = 100;

/// The code of a change that changes nothing.
pub const NO_CHANGE: &str = "no_change";

/// What an operator changes of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The new name.
    pub name: Option<String>,
    /// Origins to add; those that are there stay.
    pub add_origins: Vec<String>,
    /// Origins to take away.
    pub remove_origins: Vec<String>,
    /// Return URLs to add; those that are there stay.
    pub add_return_urls: Vec<String>,
    /// Return URLs to take away. Flows that are under way still end at them.
    pub remove_return_urls: Vec<String>,
}

impl Change {
    /// Returns the changed tenant. Refuses a change that changes nothing, a removal of what is not there, and whatever a
    /// new tenant may not have.
    pub fn of(self, tenant: &Tenant) -> Result<Tenant> {
        let mut changed = tenant.clone();
        if let Some(name) = self.name {
            changed.name = name;
        }
        edit(&mut changed.origins, self.add_origins, &self.remove_origins)?;
        edit(&mut changed.return_urls, self.add_return_urls, &self.remove_return_urls)?;
        check(&changed.name, &changed.origins, &changed.return_urls)?;
        if changed == *tenant {
            return Err(Error::invalid(NO_CHANGE, "The tenant is like that already: nothing was changed."));
        }
        Ok(changed)
    }
}

fn edit(list: &mut Vec<String>, more: Vec<String>, less: &[String]) -> Result<()> {
    if let Some(absent) = less.iter().find(|one| !list.contains(one)) {
        let known = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        let message = format!("`{absent}` is not there to be removed; there are: {known}.");
        return Err(Error::invalid("not_there", message));
    }
    list.retain(|one| !less.contains(one));
    for one in more {
        if !list.contains(&one) {
            list.push(one);
        }
    }
    Ok(())
}

/// Refuses a tenant that the page could not show, the flow could not return to, or a browser could not call from.
pub fn check(name: &str, origins: &[String], return_urls: &[String]) -> Result<()> {
    let length = name.chars().count();
    if name.trim() != name || length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        let message =
            format!("A tenant's name is shown to people: one line of at most {LONGEST_NAME} characters.");
        return Err(Error::invalid("unusable_name", message));
    }
    if return_urls.is_empty() {
        let message = "A tenant needs at least one return URL: the connect flow leads nowhere else.";
        return Err(Error::invalid("no_return_url", message));
    }
    if let Some(wrong) = return_urls.iter().find(|url| !is_return_url(url)) {
        let message = format!(
            "`{wrong}` is no URL that a person can be led back to: https (http on this machine alone), an exact host, \
             as a URL parser writes it, and no fragment, no password, and none of `connection_id`, `code` and `error`."
        );
        return Err(Error::invalid("unusable_return_url", message));
    }
    if let Some(wrong) = origins.iter().find(|origin| !is_origin(origin)) {
        let message = format!(
            "`{wrong}` is no origin as browsers send it: https://host or https://host:port in small letters, without a \
             path or a slash at its end (http on this machine alone)."
        );
        return Err(Error::invalid("unusable_origin", message));
    }
    Ok(())
}

/// The parameters that Mooring adds to a return URL.
const SENT_BACK: [&str; 3] = ["connection_id", "code", "error"];

fn is_return_url(text: &str) -> bool {
    let plain = |url: &Url| url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    // What a URL parser puts right is not what a person reads, and not what a session's address is compared with.
    let written = |url: &Url| url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    let free = |url: &Url| !url.query_pairs().any(|(name, _)| SENT_BACK.contains(&name.as_ref()));
    Url::parse(text).is_ok_and(|url| is_web(&url) && plain(&url) && written(&url) && free(&url))
}

fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| is_web(&url) && url.origin().ascii_serialization() == text)
}

/// Returns whether a URL is https with a host, or http on the developer's own machine.
fn is_web(url: &Url) -> bool {
    let here = match url.host() {
        // A star matches nothing: only exact addresses count.
        Some(Host::Domain(name)) if name.contains('*') => return false,
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (here && url.scheme() == "http")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, origin: Option<&str>, return_url: Option<&str>) -> &'static str {
        let list = |one: Option<&str>| one.map(str::to_owned).into_iter().collect::<Vec<_>>();
        check(name, &list(origin), &list(return_url)).map_or_else(|error| error.code, |()| "registered")
    }

    #[test]
    fn a_tenant_has_a_name_and_a_way_back() {
        let back = Some("https://app.example.org/connected?from=mooring");
        assert_eq!(code("Harbour Coffee", Some("https://app.example.org"), back), "registered");
        assert_eq!(code("Kafé №1", Some("http://localhost:3000"), Some("http://[::1]:3000/")), "registered");
        for name in ["", " ", "Acme ", "two\nlines", &"a".repeat(LONGEST_NAME + 1)] {
            assert_eq!(code(name, None, back), "unusable_name", "{name:?}");
        }
        assert_eq!(code("Acme", None, None), "no_return_url");
    }

    #[test]
    fn a_change_changes_what_it_says_and_is_checked_as_a_new_tenant_is() {
        let list = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let tenant = Tenant {
            id: crate::testing::tenant(),
            name: "Acme".to_owned(),
            active: true,
            return_urls: list(&["https://a.example/"]),
            origins: list(&["https://a.example"]),
            pseudonyms: None,
        };
        let change = Change {
            add_return_urls: list(&["https://b.example/", "https://a.example/"]),
            remove_origins: list(&["https://a.example"]),
            ..Change::default()
        };
        let changed = change.of(&tenant).unwrap();
        assert_eq!(changed.return_urls, ["https://a.example/", "https://b.example/"]);
        assert_eq!((changed.origins.len(), changed.name.as_str()), (0, "Acme"));
        let swapped = Change {
            add_return_urls: list(&["https://b.example/"]),
            remove_return_urls: list(&["https://a.example/"]),
            ..Change::default()
        };
        assert_eq!(swapped.of(&tenant).unwrap().return_urls, ["https://b.example/"]);
        let of = |change: Change| change.of(&tenant).unwrap_err().code;
        assert_eq!(of(Change::default()), "no_change");
        assert_eq!(of(Change { name: Some(" ".to_owned()), ..Change::default() }), "unusable_name");
        let url = |url| Change { add_return_urls: list(&[url]), ..Change::default() };
        assert_eq!(of(url("not a url")), "unusable_return_url");
        let gone = |url| Change { remove_return_urls: list(&[url]), ..Change::default() };
        assert_eq!(of(gone("https://c.example/")), "not_there");
        assert_eq!(of(gone("https://a.example/")), "no_return_url");
    }

    #[test]
    fn a_return_url_that_leads_nobody_back_is_refused() {
        for url in [
            "nonsense",
            "",
            "*",
            "javascript:alert(1)",
            "http://app.example.org/",
            "ftp://app.example.org/",
            "https://user:secret@app.example.org/",
            "https://app.example.org/#here",
            "//app.example.org/",
            " https://app.example.org/",
            "https://app.example.org/a b",
            "https:///app.example.org/",
            "https://app.example.org\\@evil.example/",
            "https://app.example.org/\norigin",
            "https://*.example.org/",
            "https://app.example.org/?code=1",
            "https://app.example.org/?a=1&error=2",
        ] {
            assert_eq!(code("Acme", None, Some(url)), "unusable_return_url", "{url}");
        }
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_refused() {
        for origin in [
            "*",
            "null",
            "https://*.example.org",
            "app.example.org",
            "https://app.example.org/",
            "https://app.example.org/path",
            "https://App.example.org",
            "https://app.example.org:443",
            "http://app.example.org",
            "http://127.0.0.1.example.org",
        ] {
            assert_eq!(code("Acme", Some(origin), Some("https://a.example/")), "unusable_origin", "{origin}");
        }
    }
}
