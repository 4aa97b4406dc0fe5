//! E-mail addresses: the one check that every entry point uses, and the one spelling that an address has.
//!
//! The name before the `@` is ASCII in lower case; the domain is an A-label (RFC 5890). No letter beyond ASCII is
//! folded anywhere: `K` (the Kelvin sign) would become `k`, and an address that only resembles a known one would be
//! taken for the known one. Mail goes to the spelling that was compared, never to the spelling that was typed.

use crate::base::error::{Error, Result};
use crate::base::secret::Confidential;

/// The longest address that is accepted (RFC 5321, 4.5.3.1.3, less the brackets).
pub const ADDRESS_MAX: usize = 254;

/// The longest name before the `@` that is accepted (RFC 5321, 4.5.3.1.1).
const NAME_MAX: usize = 64;

/// The marks that a name may hold besides letters, digits and inner dots (RFC 5322, 3.2.3). Quoted names are refused:
/// hardly anybody has one, and each has many spellings.
const NAME_MARKS: &str = "!#$%&'*+-/=?^_`{|}~";

/// An e-mail address in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress(Confidential);

impl MailAddress {
    /// Reads an address that a person typed or a product sent, and ignores blanks around the address.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let (name, domain) = text.rsplit_once('@').ok_or_else(refused)?;
        let address = format!("{}@{}", self::name(name)?, self::domain(domain)?);
        if address.len() > ADDRESS_MAX {
            return Err(refused());
        }
        Ok(Self(Confidential::new(address)))
    }

    /// Returns the address as mail goes to it and as fingerprints are made of it.
    pub fn text(&self) -> &str {
        self.0.text()
    }
}

fn name(text: &str) -> Result<String> {
    let is_plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || NAME_MARKS.contains(c))
    };
    if text.len() <= NAME_MAX && text.split('.').all(is_plain) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(refused())
}

/// Reads the domain as its A-label. A domain in letters beyond ASCII is taken as it is registered, in lower case. A
/// letter that IDNA would first map to another letter is refused.
fn domain(text: &str) -> Result<String> {
    let typed = text.to_ascii_lowercase();
    let ascii = idna::domain_to_ascii_strict(&typed).map_err(|_| refused())?;
    let (unicode, readable) = idna::domain_to_unicode(&ascii);
    let is_same = typed == ascii || (readable.is_ok() && typed == unicode);
    let last = ascii.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    if is_same && !is_number && ascii.is_ascii() {
        return Ok(ascii);
    }
    Err(refused())
}

fn refused() -> Error {
    let message = "This is not an e-mail address that mail can be sent to. Write it as name@example.com, a domain with \
                   letters beyond a to z in lower case.";
    Error::invalid("invalid_email", message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spelled(text: &str) -> Option<String> {
        MailAddress::parse(text).ok().map(|address| address.text().to_owned())
    }

    #[test]
    fn an_address_has_one_spelling() {
        for (typed, spelling) in [
            (" Anna.Lee+Ads@Example.COM\r\n", "anna.lee+ads@example.com"),
            ("o'neil_x@a-b.example", "o'neil_x@a-b.example"),
            ("anna@müller.example", "anna@xn--mller-kva.example"),
            ("anna@xn--mller-kva.example", "anna@xn--mller-kva.example"),
            ("ANNA@XN--MLLER-KVA.EXAMPLE", "anna@xn--mller-kva.example"),
        ] {
            assert_eq!(spelled(typed).as_deref(), Some(spelling), "{typed}");
        }
    }

    #[test]
    fn what_only_looks_like_a_known_address_is_none() {
        for look_alike in [
            "\u{212A}im@example.com",
            "kim@\u{212A}nown.example",
            "\u{FF4B}im@example.com",
            "kim@ex\u{FF41}mple.com",
            "ıan@example.com",
            "İan@example.com",
            "straße@example.com",
            "kim@MÜLLER.example",
            "kim@example\u{3002}com",
            "kim@exam\u{00AD}ple.com",
        ] {
            assert_eq!(spelled(look_alike), None, "{look_alike}");
        }
    }

    #[test]
    fn what_mail_cannot_be_sent_to_is_refused() {
        let long = format!("{}@example.com", "a".repeat(NAME_MAX + 1));
        let longer = format!("a@{}example.com", "b23456789.".repeat(25));
        for bad in [
            "",
            "anna",
            "@example.com",
            "anna@",
            "a b@example.com",
            "a@b\r\nBcc: c@d",
            "a@b,c@d",
            "a;b@example.com",
            "<a@example.com>",
            "\"a b\"@example.com",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "a@b@example.com",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a@example.com.",
            "a@-x.example",
            "a@ex%61mple.com",
            "a@exa_mple.com",
            "a\u{0}@example.com",
            &long,
            &longer,
        ] {
            assert_eq!(MailAddress::parse(bad).unwrap_err().code, "invalid_email", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_spelling_is_its_own(text in "[ -~äßıKé]{0,12}@[a-zA-Z0-9.üK-]{1,12}") {
            if let Some(spelling) = spelled(&text) {
                prop_assert!(spelling.is_ascii() && spelling == spelling.to_ascii_lowercase());
                prop_assert_eq!(spelled(&spelling), Some(spelling.clone()));
                prop_assert_eq!(spelled(&format!(" {text}\t")), Some(spelling));
            }
        }

        #[test]
        fn two_letters_that_differ_beyond_ascii_case_never_meet(name in "\\PC{1,8}", host in "[a-z]{1,8}") {
            let typed = format!("{name}@{host}.example");
            if let Some(spelling) = spelled(&typed) {
                prop_assert_eq!(spelling, typed.trim_matches(' ').to_ascii_lowercase());
            }
        }
    }
}
