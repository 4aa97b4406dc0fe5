//! Visitors: a random cookie, two people that a visitor can be, and the opaque reference by which Mooring knows each.
//!
//! The reference is a digest of the cookie, so that there is nothing to store and a restart forgets nobody.

use aws_lc_rs::{digest, rand};
use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::HEXLOWER;

/// The cookie's name. Cookies do not know ports: every other program on `localhost` sees this cookie too, so its name
/// says whose it is.
const COOKIE: &str = "statasphere_visitor";
const SECRET_BYTES: usize = 16;
const YEAR: u32 = 31_536_000;

/// One of the people that a visitor can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
}

/// The people; a new visitor is the first of them.
pub(crate) const PEOPLE: [Person; 2] = [
    Person { key: "ada", name: "Ada", email: "ada@example.com" },
    Person { key: "ben", name: "Ben", email: "ben@example.com" },
];

/// Finds a person by the word in cookies and requests.
pub(crate) fn person(key: &str) -> Option<Person> {
    PEOPLE.into_iter().find(|person| person.key == key)
}

/// Reads a cookie from a request.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then_some(value)
    })
}

/// A visitor of the demo.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Visitor {
    secret: String,
    pub(crate) person: Person,
}

impl Visitor {
    /// Makes a visitor whom nobody can guess.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut secret = [0; SECRET_BYTES];
        rand::fill(&mut secret).map_err(|_| anyhow::anyhow!("the system gave no random bytes"))?;
        let [first, ..] = PEOPLE;
        Ok(Self { secret: HEXLOWER.encode(&secret), person: first })
    }

    /// Reads the visitor from a request's cookies.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = cookie(headers, COOKIE)?;
        let (secret, key) = value.split_once('.')?;
        let is_ours = HEXLOWER.decode(secret.as_bytes()).is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
        Some(Self { secret: secret.to_owned(), person: person(key)? }).filter(|_| is_ours)
    }

    /// Returns the same visitor as another person.
    pub(crate) fn with_person(self, person: Person) -> Self {
        Self { person, ..self }
    }

    /// Returns the cookie by which the browser remembers the visitor.
    pub(crate) fn cookie(&self) -> anyhow::Result<HeaderValue> {
        let value = format!("{COOKIE}={}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax", self.value());
        Ok(HeaderValue::try_from(value)?)
    }

    /// Returns the reference by which Mooring knows this person: opaque, and of no use for a sign-in.
    pub(crate) fn end_user(&self) -> String {
        let digest = HEXLOWER.encode(digest::digest(&digest::SHA256, self.value().as_bytes()).as_ref());
        format!("demo-{}", digest.get(..24).unwrap_or_default())
    }

    fn value(&self) -> String {
        format!("{}.{}", self.secret, self.person.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())])
    }

    #[test]
    fn a_visitor_comes_back_and_each_person_has_another_reference() {
        let visitor = Visitor::new().unwrap();
        let set = visitor.cookie().unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        let again = Visitor::of(&headers(&format!("theme=dark; {pair}"))).unwrap();
        assert_eq!(again.end_user(), visitor.end_user());
        let other = again.with_person(person("ben").unwrap());
        assert_ne!(other.end_user(), visitor.end_user());
        assert_ne!(Visitor::new().unwrap().end_user(), visitor.end_user());
    }

    #[test]
    fn the_reference_does_not_give_the_cookie_away() {
        let visitor = Visitor::new().unwrap();
        assert!(!visitor.end_user().contains(&visitor.secret));
    }

    #[test]
    fn foreign_cookies_are_nobody() {
        for bad in [
            "",
            "x.ada",
            "00ff.ada",
            "00112233445566778899aabbccddeeff.eve",
            "00112233445566778899aabbccddeeff",
        ] {
            assert!(Visitor::of(&headers(&format!("{COOKIE}={bad}"))).is_none(), "{bad}");
        }
    }
}
