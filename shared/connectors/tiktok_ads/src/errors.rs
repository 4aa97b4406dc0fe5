//! The platform's codes and what they mean to us (TikTok portal, return codes page, August 2026).
//!
//! The platform's own message is never taken over: it may repeat what was sent.

use std::time::Duration;

use mooring_domain::{Error, Kind, Result, Retry};
use mooring_kit::{Answer, parse};

use crate::wire::{self, Outcome};

/// The error word of a token that ended by itself.
pub(crate) const TOKEN_DEAD: &str = "token_dead";
/// The error word for which operations end a connection: the platform says that access was revoked.
pub(crate) const REVOKED: &str = "revoked";

const STAY: Retry = Retry::Never;
const AGAIN: Retry = Retry::After(None);
/// A limit per second is over in the next one; the kit puts the job off when it was a longer one.
const SECOND: Retry = Retry::After(Some(Duration::from_secs(1)));

type Row = (u32, Kind, Retry, &'static str);

const TABLE: &[Row] = &[
    (40000, Kind::Invalid, STAY, "platform_invalid"),
    (40002, Kind::Invalid, STAY, "platform_invalid"),
    (40011, Kind::Invalid, STAY, "platform_invalid"),
    // Recorded in public connectors alone: the message says to reduce metrics or the time range.
    (40067, Kind::TooLarge, STAY, "query_too_large"),
    // Too many calls: of the app, of the app, of a field, of the advertiser.
    (40016, Kind::RateLimited, SECOND, "platform_rate_limited"),
    (40100, Kind::RateLimited, SECOND, "platform_rate_limited"),
    (40132, Kind::RateLimited, SECOND, "platform_rate_limited"),
    (40133, Kind::RateLimited, SECOND, "platform_rate_limited"),
    // The grant is gone or was never good.
    (40101, Kind::Reauthorise, STAY, "credentials_refused"),
    (40102, Kind::Reauthorise, STAY, TOKEN_DEAD),
    (40103, Kind::Reauthorise, STAY, TOKEN_DEAD),
    (40105, Kind::Reauthorise, STAY, REVOKED),
    (40107, Kind::Reauthorise, STAY, TOKEN_DEAD),
    (40110, Kind::Reauthorise, STAY, "code_refused"),
    (40115, Kind::Reauthorise, STAY, "credentials_refused"),
    // The grant lives but does not reach this.
    (40001, Kind::NotPermitted, STAY, "not_permitted"),
    (40106, Kind::NotPermitted, STAY, "account_not_permitted"),
    (40119, Kind::NotPermitted, STAY, "account_not_permitted"),
    (40118, Kind::NotPermitted, STAY, "app_not_allowed"),
    (40125, Kind::NotPermitted, STAY, "app_not_allowed"),
    (40300, Kind::NotPermitted, STAY, "account_gone"),
    (40301, Kind::NotPermitted, STAY, "account_gone"),
    // Faults of our registration or our code, never of the grant: they must not end a connection.
    (40104, Kind::Internal, STAY, "token_not_sent"),
    (40113, Kind::Upstream, STAY, "app_refused"),
    (40124, Kind::Upstream, STAY, "app_refused"),
    // The platform's own trouble.
    (40200, Kind::Upstream, AGAIN, "platform_failed"),
    (40201, Kind::Upstream, AGAIN, "platform_failed"),
    (40202, Kind::Upstream, AGAIN, "platform_failed"),
    (40700, Kind::Upstream, AGAIN, "platform_failed"),
    (60001, Kind::Upstream, AGAIN, "platform_maintenance"),
];

/// Lists the return codes that the connector tells apart, to be held against the platform's own list.
pub fn return_codes() -> impl Iterator<Item = u32> {
    TABLE.iter().map(|row| row.0)
}

/// Passes an answer that carries data. Nearly every failure comes with HTTP 200; the code in the envelope decides.
pub(crate) fn judge(answer: &Answer) -> Result<()> {
    answer.accepted()?;
    // A page is read once for its data; its envelope alone is looked at here.
    if wire::begins_with_success(&answer.body) {
        return Ok(());
    }
    let outcome: Outcome = parse::json(&answer.body)?;
    if outcome.is_success() { Ok(()) } else { Err(failure(&outcome)) }
}

fn failure(outcome: &Outcome) -> Error {
    let (kind, retry, code) = classify(outcome.code);
    let message = format!("TikTok answered with code {}{}.", outcome.code, reference(&outcome.request_id));
    Error::new(kind, code, message).retry(retry)
}

fn classify(code: u32) -> (Kind, Retry, &'static str) {
    let known = TABLE.iter().find(|(known, ..)| *known == code);
    match (known, code) {
        (Some((_, kind, retry, word)), _) => (*kind, *retry, *word),
        (None, 50_000..=59_999) => (Kind::Upstream, AGAIN, "platform_failed"),
        (None, _) => (Kind::Upstream, STAY, "platform_unknown_code"),
    }
}

/// Names the request for the platform's support; only if it looks like a reference.
fn reference(request_id: &str) -> String {
    let plain = (1..=64).contains(&request_id.len()) && request_id.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain { format!(", request {request_id}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes: Vec<_> = TABLE.iter().map(|row| row.0).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn codes_fall_into_their_kinds() {
        let seen =
            [40100, 40105, 40001, 40067, 50002, 51305].map(|code| (classify(code).0, classify(code).1));
        assert_eq!(
            seen,
            [
                (Kind::RateLimited, SECOND),
                (Kind::Reauthorise, STAY),
                (Kind::NotPermitted, STAY),
                (Kind::TooLarge, STAY),
                (Kind::Upstream, AGAIN),
                (Kind::Upstream, AGAIN),
            ]
        );
    }

    #[test]
    fn an_unknown_code_is_not_tried_again() {
        for code in [1, 20_002, 40_999, 60_000, u32::MAX] {
            assert_eq!(classify(code), (Kind::Upstream, STAY, "platform_unknown_code"), "{code}");
        }
    }

    #[test]
    fn only_a_reference_is_taken_over_from_the_answer() {
        assert_eq!(
            reference("20261101093000ABCDEF0123456789ABCD"),
            ", request 20261101093000ABCDEF0123456789ABCD"
        );
        for text in ["", "anna@example.com", "a b", &"x".repeat(65)] {
            assert_eq!(reference(text), "");
        }
    }
}
