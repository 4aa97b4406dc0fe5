//! Counts of calls, for tests that assert on silence as much as on calls.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

/// Counts of API calls since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// All calls that named a known endpoint.
    pub total: u64,
    /// Calls by endpoint, for example `campaign/get/`.
    pub endpoints: BTreeMap<String, u64>,
    /// Answers by the platform's numeric code.
    pub codes: BTreeMap<u32, u64>,
    /// The most calls seen within one second of real time.
    pub max_per_second: u64,
    /// Calls that carried a token after its revocation.
    pub after_revocation: u64,
}

/// Counters with the second in which they count.
#[derive(Default)]
pub(crate) struct Meter {
    pub(crate) counters: Counters,
    started: Option<Instant>,
    second: u64,
    in_second: u64,
}

impl Meter {
    pub(crate) fn count(&mut self, endpoint: &str) {
        self.counters.total += 1;
        *self.counters.endpoints.entry(endpoint.to_owned()).or_default() += 1;
        let second = self.started.get_or_insert_with(Instant::now).elapsed().as_secs();
        self.in_second = if second == self.second { self.in_second + 1 } else { 1 };
        self.second = second;
        self.counters.max_per_second = self.counters.max_per_second.max(self.in_second);
    }

    pub(crate) fn answered(&mut self, code: u32) {
        *self.counters.codes.entry(code).or_default() += 1;
    }
}
