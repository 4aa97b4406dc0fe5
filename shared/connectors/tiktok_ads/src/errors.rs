//! TikTok's return codes and their meanings for Mooring, one word each.
//!
//! Sources: `RC` is TikTok's portal page "Appendix: Return codes" (id 1737172488964097, as of August 2026), which has
//! codes and categories and few details; the other sources stand beside their code. Where a code alone is ambiguous,
//! the connector reads TikTok's own message, and never copies it: the message may repeat what was sent.

use std::time::Duration;

use mooring_domain::platform::capabilities::LEVEL_NOT_OFFERED;
use mooring_domain::{Error, Kind, Result, Retry};
use mooring_kit::Meaning::{
    AccountLost, CodeRefused, Expired, Invalid, NotPermitted, Passing, Revoked, Setup, TooLarge,
};
use mooring_kit::{Answer, Meaning, parse};
use serde::de::IgnoredAny;

use crate::offered::{Refusal, carrying, refusal};
use crate::outcome::{Outcome, begins_with_success};

/// A limit per second has passed in the next second; the kit puts the job off when it was a longer limit.
const LIMITED: Meaning = Meaning::Limited(Duration::from_secs(1));

const TABLE: &[(u32, Meaning)] = &[
    // RC "General". Both are used for many things; `app_is_foreign` tells one of them from the others.
    (40000, Invalid),
    (40002, Invalid),
    // RC: the object that was asked for, or the endpoint, does not exist.
    (40007, Invalid),
    // RC: too many ids in one call.
    (40011, Invalid),
    // Not in RC. Recorded in public connectors alone: the message says to reduce metrics or the time range.
    (40067, TooLarge),
    // RC "Rate limit or quota related": of the app, of the app, of a field, of the advertiser.
    (40016, LIMITED),
    (40100, LIMITED),
    (40132, LIMITED),
    (40133, LIMITED),
    // RC "Authentication related": the parameters of an authorisation are wrong. The connector sends only the app's id
    // and secret on its own account, and TikTok gives this answer to a wrong pair of them (portal, authorisation
    // page).
    (40101, Setup),
    // RC: the access token has expired; only short-lived tokens do (portal, TikTok accounts).
    (40102, Expired),
    // RC: the refresh token has expired, or is invalid. Nobody took access back; the person has to log in again.
    (40103, Expired),
    (40107, Expired),
    // RC: the request carries no access token. The message of a live answer says to set the header `Access-Token`: the
    // connector's request is at fault, not the grant.
    (40104, Setup),
    // RC, and live answers of 2026: "Access token is incorrect or has been revoked."
    (40105, Revoked),
    // RC: the authorisation code is invalid, expired (one hour) or used up.
    (40110, CodeRefused),
    // RC: the app is blocked, or its secret is wrong.
    (40113, Setup),
    // RC: the time stamp of an authorisation has expired. The connector sends none but this machine's clock: a set-up
    // fault.
    (40115, Setup),
    // RC: the developer's profile is not approved; the developer has no permission for the call.
    (40124, Setup),
    (40125, Setup),
    // RC "General": the version or the base address is wrong. An old host answers 40010 (public clients).
    (40006, Setup),
    (40010, Setup),
    (40051, Setup),
    // RC: the interface is gone, a field is no longer used: this version of the connector is out of date.
    (41001, Setup),
    (41002, Setup),
    // RC "Blocked access": the address that Mooring calls from belongs to a country that is blocked.
    (41000, Setup),
    // RC: no permission for the operation or the object. The cause may be a scope, so the code says nothing of the
    // account.
    (40001, NotPermitted),
    // RC: not on the allow list of a feature.
    (40118, NotPermitted),
    // RC: the token does not fit the advertiser.
    (40106, AccountLost),
    (40119, AccountLost),
    // RC "Advertisers": the advertiser does not exist or was deleted; it does not match.
    (40300, AccountLost),
    (40301, AccountLost),
    // RC: asynchronous tasks, a conflict of writes, a validation inside the platform, maintenance.
    (40200, Passing),
    (40201, Passing),
    (40202, Passing),
    (40700, Passing),
    (60001, Passing),
];

/// Lists the return codes that the connector distinguishes, to be compared with TikTok's own list.
pub fn return_codes() -> impl Iterator<Item = u32> {
    TABLE.iter().map(|row| row.0)
}

/// Passes an answer that carries data. Nearly every failure comes with HTTP 200, so the code in the envelope decides,
/// before the status and every other part of the answer.
pub(crate) fn judge(answer: &Answer) -> Result<()> {
    let status = answer.accepted();
    // A page is read once for its data; here only its envelope is read.
    if status.is_ok() && begins_with_success(&answer.body) {
        return Ok(());
    }
    let outcome = Outcome::read(&answer.body);
    match outcome.code {
        Some(code) if !outcome.is_success() => Err(failure(code, &outcome, answer)),
        Some(_) => status,
        None => status.and_then(|()| Err(without_code(&answer.body))),
    }
}

/// Tells a text that breaks off, which the next try may mend, from an answer of another shape.
fn without_code(body: &[u8]) -> Error {
    parse::json::<IgnoredAny>(body).err().unwrap_or_else(|| parse::changed("code"))
}

fn failure(code: u32, outcome: &Outcome, answer: &Answer) -> Error {
    let (kind, retry, word) = meaning(code, &outcome.message).axes();
    let reference = reference(&outcome.request_id);
    let message = match kind {
        Kind::Setup => format!(
            "TikTok refuses the product's app or the way it calls (code {code}{reference}). Its operator has to check \
             the app's id, secret and approval there, and the address and the version of this installation; nobody \
             else can do anything about it."
        ),
        _ => format!("TikTok answered with code {code}{reference}."),
    };
    let retry = match retry {
        Retry::After(wait) => Retry::After(wait.max(answer.pause())),
        other => other,
    };
    match refusal(code, &outcome.message) {
        Some(Refusal::Level) => Error::new(Kind::Invalid, LEVEL_NOT_OFFERED, message),
        Some(Refusal::Metrics(metrics)) => carrying(Error::new(kind, word, message), metrics),
        None => Error::new(kind, word, message).retry(retry),
    }
}

fn meaning(code: u32, message: &str) -> Meaning {
    match code {
        40_000 | 40_002 if app_is_foreign(message) => Setup,
        40_001 if advertiser_is_gone(message) => AccountLost,
        code => meaning_of(code),
    }
}

fn meaning_of(code: u32) -> Meaning {
    let known = TABLE.iter().find(|(known, _)| *known == code);
    match (known, code) {
        (Some((_, meaning)), _) => *meaning,
        (None, 50_000..=59_999) => Passing,
        (None, _) => Meaning::Unknown,
    }
}

/// Returns whether a message says that the token was given to another app than the one that asks: "The `app_id` is
/// inconsistent with the token's app information. Please retry after correcting it." (code 40000, public connectors).
fn app_is_foreign(message: &str) -> bool {
    message.contains("app_id is inconsistent")
}

/// Returns whether a message says that the advertiser is gone: "The advertiser 123 doesn't exist or has been deleted."
/// (code 40001, public reports).
fn advertiser_is_gone(message: &str) -> bool {
    message.to_ascii_lowercase().contains("advertiser") && message.contains("exist or has been deleted")
}

/// Names the request for TikTok's support, if the request id looks like a reference.
fn reference(request_id: &str) -> String {
    let plain = (1..=64).contains(&request_id.len()) && request_id.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain { format!(", request {request_id}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u32, message: &str) -> Error {
        judged(200, &serde_json::json!({"code": code, "message": message}).to_string())
    }

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes: Vec<_> = TABLE.iter().map(|row| row.0).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn every_code_has_its_word() {
        let words = [
            (40105, Revoked),
            (40102, Expired),
            (40103, Expired),
            (40107, Expired),
            (40101, Setup),
            (40104, Setup),
            (40113, Setup),
            (40115, Setup),
            (40124, Setup),
            (40006, Setup),
            (40010, Setup),
            (40051, Setup),
            (41000, Setup),
            (41001, Setup),
            (41002, Setup),
            (40110, CodeRefused),
            (40001, NotPermitted),
            (40106, AccountLost),
            (40300, AccountLost),
            (40067, TooLarge),
            (40002, Invalid),
            (40007, Invalid),
            (40100, LIMITED),
            (40700, Passing),
            (50002, Passing),
            (51305, Passing),
        ];
        for (code, word) in words {
            assert_eq!(meaning(code, ""), word, "{code}");
        }
        // Only one code says that access was taken back: it ends a connection.
        assert_eq!(TABLE.iter().filter(|(_, word)| *word == Revoked).count(), 1);
    }

    #[test]
    fn a_token_of_another_app_is_our_set_up_and_its_message_is_not_taken_over() {
        let message =
            "The app_id is inconsistent with the token's app information. Please retry after correcting it.";
        let error = refused(40_000, message);
        assert_eq!((error.kind, error.code), (Kind::Setup, "platform_setup"));
        assert!(!error.message.contains("inconsistent") && error.message.contains("40000"), "{error}");
        assert_eq!(refused(40_000, "Invalid app_id").kind, Kind::Invalid);
    }

    #[test]
    fn a_missing_right_says_nothing_of_the_account_unless_the_message_says_that_it_is_gone() {
        let gone = "The advertiser 7001 doesn't exist or has been deleted.";
        assert_eq!(refused(40_001, gone).code, "account_lost");
        for message in
            ["", "No permission to operate advertiser 7001", "The ad doesn't exist or has been deleted"]
        {
            let error = refused(40_001, message);
            assert_eq!((error.kind, error.code), (Kind::NotPermitted, "not_permitted"), "{message}");
        }
    }

    #[test]
    fn an_unknown_code_is_not_tried_again() {
        for code in [1, 20_002, 40_999, 60_000, u32::MAX] {
            let error = refused(code, "");
            assert_eq!((error.kind, error.code), (Kind::Upstream, "platform_unknown_code"), "{code}");
            assert!(!error.is_retryable());
        }
    }

    fn judged(status: u16, body: &str) -> Error {
        judge(&Answer::new(http::StatusCode::from_u16(status).unwrap(), body)).unwrap_err()
    }

    #[test]
    fn the_code_of_the_body_comes_before_the_status() {
        for (status, code, kind) in [
            (401, 40105, Kind::Reauthorise),
            (200, 40105, Kind::Reauthorise),
            (400, 40100, Kind::RateLimited),
            (500, 40105, Kind::Reauthorise),
            (302, 40100, Kind::RateLimited),
        ] {
            let body = format!(r#"{{"code":{code},"message":"x","request_id":null}}"#);
            assert_eq!(judged(status, &body).kind, kind, "{status} {code}");
        }
        for (status, body, word) in [
            (500, r#"{"code":0,"data":{}}"#, "platform_failed"),
            (401, "<html>", "platform_refused"),
            (200, r#"{"message":"OK"}"#, "answer_changed"),
            (200, r#"{"data":{"#, "answer_malformed"),
        ] {
            assert_eq!(judged(status, body).code, word, "{status} {body}");
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
