//! Finds texts that look like a secret or an e-mail address in a text that is about to be logged.

use std::borrow::Cow;

/// The text that replaces a secret.
const MASK: &str = "[redacted]";
/// The length from which a word counts as a secret, in characters. Mooring's ids have 30 and a UUID has 36;
/// platform tokens and Mooring's own secrets have 40 and more.
const TOKEN_LENGTH: usize = 40;

/// The prefix of a webhook's signing secret.
const SIGNING: &str = "whsec_";

/// Replaces credentials, long random words and e-mail addresses; borrows when there is nothing to replace.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut clean = true;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let end = if rest.get(..end).is_some_and(|word| word.contains(SIGNING)) {
            // The rest of a signing secret is base64, with its slashes.
            rest.find(|c| !is_word(c) && !matches!(c, '/' | '=')).unwrap_or(rest.len())
        } else {
            end
        };
        let (word, after) = rest.split_at(end);
        let (kept, masked) = mask(word);
        clean &= !masked;
        out.push_str(kept);
        let gap = after.find(is_word).unwrap_or(after.len());
        let (between, next) = after.split_at(gap);
        out.push_str(between);
        rest = next;
    }
    if clean { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// Returns whether a character belongs to a word: no blanks and no punctuation, except the characters of
/// e-mail addresses.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '.' | '+' | '%')
}

fn mask(word: &str) -> (&str, bool) {
    let secret = word.contains("moor_")
        || word.contains(SIGNING)
        || is_mail(word)
        || word.split(['.', '@']).any(is_random);
    if secret { (MASK, true) } else { (word, false) }
}

fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

/// Returns whether a word is long and has digits; module paths and function names are not both.
fn is_random(part: &str) -> bool {
    part.len() >= TOKEN_LENGTH && part.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_addresses_are_masked() {
        for secret in [
            "moor_test_00000000000000000000000007_x",
            "moor_ft_test_x",
            "0123456789abcdef0123456789abcdef01234567",
            "Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3Z",
            "anna.smith+ads@mail.example.com",
            "whsec_MfKQ9r8/GKYq/wD2+mLPS71QPyk=",
        ] {
            let line = format!("{{\"message\":\"failed at {secret}, later\"}}");
            assert_eq!(redact(&line), "{\"message\":\"failed at [redacted], later\"}", "{secret}");
        }
    }

    #[test]
    fn ids_and_words_stay() {
        let line = "con_01J0000000000000000000000B first.1760000000.2026-08-01_2026-08-28 \
                    mooring_domain::connect::ops::complete_callback 6f1a8d0e-7c5b-4d1f-8a52-0d5c3f1b9a77 a@b";
        assert!(matches!(redact(line), Cow::Borrowed(_)));
    }
}
