//! Switches that make the sandbox misbehave on purpose.
//!
//! A switch with a count applies to that many of the next calls and is off then.

use serde::{Deserialize, Serialize};

/// The fault switches; all off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Delays every answer by this many real milliseconds.
    pub slow_ms: u64,
    /// Answers the next n calls with HTTP 502 and a page that is not JSON.
    pub status_5xx: u32,
    /// Cuts the body of the next n answers in half.
    pub truncate: u32,
    /// Answers the next n calls with JSON of an unknown shape.
    pub wrong_json: u32,
    /// Answers the next n calls that carry a token as if it were dead, with `expired_token_code`.
    pub expired_token: u32,
    /// The code of `expired_token`: 40105 (revoked) unless given, 40102 for expired.
    pub expired_token_code: Option<u32>,
    /// Answers the next n calls with code 40100, too many requests.
    pub throttle: u32,
    /// Limits every switch to endpoints whose path contains this text.
    pub endpoint: Option<String>,
    /// Refuses reports over more days than this with code 40067.
    pub query_too_large_days: Option<u32>,
}

/// The faults of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ailment {
    pub(crate) slow_ms: u64,
    pub(crate) kind: Option<Kind>,
    pub(crate) max_days: Option<u32>,
}

/// The fault that shapes the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Status,
    Throttle,
    DeadToken(u32),
    WrongJson,
    Truncate,
}

impl Faults {
    /// Takes the faults that apply to one call and counts their switches down.
    pub(crate) fn take(&mut self, endpoint: &str, carries_token: bool) -> Ailment {
        if self.endpoint.as_ref().is_some_and(|part| !endpoint.contains(part.as_str())) {
            return Ailment::default();
        }
        let kind = self.take_kind(carries_token);
        Ailment { slow_ms: self.slow_ms, kind, max_days: self.query_too_large_days }
    }

    fn take_kind(&mut self, carries_token: bool) -> Option<Kind> {
        let dead = Kind::DeadToken(self.expired_token_code.unwrap_or(40105));
        let switches = [
            (&mut self.status_5xx, Kind::Status, true),
            (&mut self.throttle, Kind::Throttle, true),
            (&mut self.expired_token, dead, carries_token),
            (&mut self.wrong_json, Kind::WrongJson, true),
            (&mut self.truncate, Kind::Truncate, true),
        ];
        let (left, kind, _) = switches.into_iter().find(|(left, _, applies)| **left > 0 && *applies)?;
        *left -= 1;
        Some(kind)
    }
}
