//! Reports failing calls and syncs to a person at the terminal: one line for each kind, not one for each
//! failure and not silence.

use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer};

use crate::redact;

/// The event of a platform call that failed.
pub const CALL_FAILED: &str = "platform.call_failed";
/// The event of a sync that ended without its days.
pub const SYNC_FAILED: &str = "sync.failed";

/// Returns the filter for the terminal. It includes the lines of the level `debug` from the kit: a deployment
/// logs a failed call only at that level, because its sync reports the outcome.
pub(crate) fn filter() -> Targets {
    Targets::new().with_default(LevelFilter::WARN).with_target("mooring_kit", LevelFilter::DEBUG)
}

/// After this time a kind that still occurs is reported again, with the number of its failures meanwhile.
const AGAIN: Duration = Duration::from_mins(5);

/// Reports to a person by a function that takes a line.
pub(crate) struct Told<W> {
    begun: Instant,
    kinds: Mutex<Kinds>,
    tell: W,
}

impl<W: Fn(&str)> Told<W> {
    pub(crate) fn new(tell: W) -> Self {
        Self { begun: Instant::now(), kinds: Mutex::default(), tell }
    }
}

/// Writes a line to standard error. If the terminal has closed, there is nobody to report that to.
pub(crate) fn to_terminal(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}

impl<S: Subscriber, W: Fn(&str) + 'static> Layer<S> for Told<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = kinds.note(self.begun.elapsed(), &seen) {
            (self.tell)(&redact(&line));
        }
    }
}

/// The parts of an event that a report uses.
#[derive(Default)]
struct Seen {
    event: String,
    what: String,
    code: String,
    why: String,
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        let slot = match field.name() {
            "event" => &mut self.event,
            "call" | "job.kind" => &mut self.what,
            crate::field::ERROR_CODE => &mut self.code,
            crate::field::ERROR => &mut self.why,
            _ => return,
        };
        value.clone_into(slot);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// The kinds so far: when each was reported, and how often it occurred since.
#[derive(Default)]
struct Kinds(HashMap<(String, String), (Duration, u32)>);

impl Kinds {
    /// Counts an event and returns the line to report now, if there is one.
    fn note(&mut self, now: Duration, seen: &Seen) -> Option<String> {
        let what = match seen.event.as_str() {
            CALL_FAILED => format!("platform call {} failed", seen.what),
            SYNC_FAILED => format!("sync ({}) failed", seen.what),
            _ => return None,
        };
        let kind = (what.clone(), seen.code.clone());
        let before = self.0.get_mut(&kind);
        if let Some((told, since)) = before
            && now < *told + AGAIN
        {
            *since += 1;
            return None;
        }
        let missed = self.0.insert(kind, (now, 0)).map_or(0, |(_, since)| since);
        let why = if seen.why.is_empty() { String::new() } else { format!(": {}", seen.why) };
        let more = if missed == 0 { String::new() } else { format!(" ({missed} more like this since)") };
        Some(format!("{what} with {}{why}{more}", seen.code))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn seen(event: &str, code: &str) -> Seen {
        let [event, code, what, why] = [event, code, "report.read", "It answered so."].map(str::to_owned);
        Seen { event, what, code, why }
    }

    #[test]
    fn a_kind_is_told_once_and_again_after_a_while() {
        let mut kinds = Kinds::default();
        let second = Duration::from_secs;
        let first = kinds.note(second(0), &seen(CALL_FAILED, "platform_failed")).unwrap();
        assert_eq!(first, "platform call report.read failed with platform_failed: It answered so.");
        for at in 1..20 {
            assert_eq!(kinds.note(second(at), &seen(CALL_FAILED, "platform_failed")), None);
        }
        assert!(kinds.note(second(20), &seen(CALL_FAILED, "platform_rate_limited")).is_some());
        assert!(kinds.note(second(20), &seen(SYNC_FAILED, "platform_failed")).is_some());
        assert_eq!(kinds.note(second(21), &seen("tick", "x")), None);
        let again = kinds.note(second(301), &seen(CALL_FAILED, "platform_failed")).unwrap();
        assert!(again.ends_with("(19 more like this since)"), "{again}");
    }

    /// The test logs the fields as the kit and the sync worker do, through the filter that the runner
    /// installs.
    #[test]
    fn what_fails_at_a_platform_is_a_line_of_its_kind() {
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&told);
        let layer = Told::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()));
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter()));
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..3 {
                tracing::debug!(
                    target: "mooring_kit::client",
                    event = CALL_FAILED,
                    call = "report.read",
                    error.code = "platform_failed",
                    error.chain = "It answered so.",
                    "a platform call failed"
                );
                tracing::warn!(
                    event = SYNC_FAILED,
                    job.kind = "recent",
                    error.code = "platform_failed",
                    "ended"
                );
            }
            tracing::warn!(event = "tick", "nothing to tell");
        });
        assert_eq!(
            *told.lock().unwrap(),
            [
                "platform call report.read failed with platform_failed: It answered so.",
                "sync (recent) failed with platform_failed"
            ]
        );
    }
}
