//! Finds the metrics and levels that TikTok does not offer. The codes of such refusals are those of any invalid
//! parameter. Only the message names the parameter, so the connector searches it for known words, and copies nothing
//! of it.

use std::fmt;

use mooring_domain::Error;
use mooring_domain::platform::figures::{Metric, MetricSet};

use crate::requests::METRICS;

/// The codes of invalid parameters (portal, return codes page).
const INVALID: [u32; 2] = [40000, 40002];
/// The words by which a message refuses something.
const REFUSALS: [&str; 4] = ["invalid", "unsupported", "not support", "does not exist"];

/// The metrics that a refusal names, kept as the source of its error.
#[derive(Debug)]
struct NotOffered(MetricSet);

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(Metric::as_str).collect();
        write!(f, "not offered: {}", names.join(", "))
    }
}

impl std::error::Error for NotOffered {}

/// The subject of a refusal.
pub(crate) enum Refusal {
    /// Metrics that are not offered.
    Metrics(MetricSet),
    /// A level that is not offered.
    Level,
}

/// Finds the subject of a refusal: `Invalid metric fields: ['conversion']` names a metric, other messages a
/// `data_level`. A refusal of metrics may name the level as well, which does not refuse the level.
pub(crate) fn refusal(code: u32, message: &str) -> Option<Refusal> {
    let message = message.to_ascii_lowercase();
    if !INVALID.contains(&code) || !REFUSALS.iter().any(|word| message.contains(word)) {
        return None;
    }
    let metrics = named(&message);
    if !metrics.is_empty() {
        return Some(Refusal::Metrics(metrics));
    }
    message.contains("data_level").then_some(Refusal::Level)
}

/// The words before `metrics` by which a message begins a list of the metrics that are offered.
const OFFERED: [&str; 5] = ["supported", "valid", "available", "allowed", "offered"];

/// Returns the domain's metrics that a message names as refused.
fn named(message: &str) -> MetricSet {
    let Some((before, list)) = message.split_once("metric") else { return MetricSet::default() };
    let before: Vec<_> = before.split_whitespace().collect();
    let is_refused = before.iter().rev().nth(1).is_some_and(|word| *word == "not");
    if !is_refused && before.last().is_some_and(|word| OFFERED.contains(word)) {
        return MetricSet::default();
    }
    // A list of all offered metrics may follow the list of refused ones.
    let list = list.split([']', ';', '.']).next().unwrap_or_default();
    let words: Vec<_> = list.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    METRICS.iter().filter(|(_, name)| words.contains(name)).map(|(metric, _)| *metric).collect()
}

/// Attaches to an error the metrics that it is about.
pub(crate) fn carrying(error: Error, metrics: MetricSet) -> Error {
    error.because(NotOffered(metrics))
}

/// Returns the metrics that an error is about.
pub(crate) fn not_offered(error: &Error) -> Option<MetricSet> {
    let source = error.source.as_ref()?.downcast_ref::<NotOffered>()?;
    Some(source.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(code: u32, message: &str) -> Vec<&'static str> {
        match refusal(code, message) {
            Some(Refusal::Metrics(metrics)) => metrics.iter().map(Metric::as_str).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_refusal_names_the_metrics_that_are_not_offered() {
        let message = "Invalid metric fields: ['conversion', 'total_complete_payment_rate']";
        assert_eq!(metrics(40002, message), ["conversions", "conversion_value"]);
        let listing = "Invalid metric fields: [\"clicks\"]. Choose from spend, impressions.";
        assert_eq!(metrics(40002, listing), ["clicks"]);
        assert_eq!(metrics(40002, "metrics: clicks is not supported for this advertiser"), ["clicks"]);
        for (code, message) in [
            (40002, "Invalid metric fields: [conversion_rate]"),
            (40002, "start_date: Invalid. spend"),
            (40001, message),
            (40002, "anna@example.com"),
        ] {
            assert!(metrics(code, message).is_empty(), "{message}");
        }
    }

    #[test]
    fn a_level_is_refused_only_where_no_metric_is() {
        for message in [
            "data_level: AUCTION_AD is unsupported",
            "Invalid data_level AUCTION_AD: no metrics exist for it",
            "data_level AUCTION_AD is not supported for metrics: [conversion_rate]",
        ] {
            assert!(matches!(refusal(40002, message), Some(Refusal::Level)), "{message}");
        }
        for message in [
            "Invalid metric fields: ['conversion'] for data_level AUCTION_AD",
            "data_level AUCTION_AD does not support metrics: ['conversion']",
        ] {
            assert_eq!(metrics(40002, message), ["conversions"]);
        }
    }
}
