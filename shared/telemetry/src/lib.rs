//! Log subscriber, field names and redaction.
//!
//! No other crate installs a subscriber. `docs/logging.md` says what must never be logged. The redactor here
//! is the last resort, behind types that cannot be printed; do not rely on it.

pub mod field;
mod redact;
mod terminal;

use std::io::{self, Write};

use tracing::{Span, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;

pub use redact::redact;
pub use terminal::{CALL_FAILED, SYNC_FAILED};

/// The variable with the filter, such as `info,mooring_edge=debug`. Without it, lines from the level `info`
/// on are logged.
pub const FILTER: &str = "LOG_LEVEL";

/// Installs the JSON subscriber of the process; a second call changes nothing.
pub fn init() {
    let filter = std::env::var(FILTER).unwrap_or_default();
    if tracing::subscriber::set_global_default(subscriber(&filter, Redacted(io::stdout))).is_err() {
        tracing::debug!("a subscriber is installed already");
    }
}

/// Makes the JSON subscriber with a filter and a writer. An empty or wrong filter counts as `info`.
pub fn subscriber<W>(filter: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry()
        .with(targets(filter, Targets::new().with_default(LevelFilter::INFO)))
        .with(lines)
}

/// Reads a filter; an empty or wrong one becomes `otherwise`.
fn targets(filter: &str, otherwise: Targets) -> Targets {
    let parsed = Some(filter).filter(|filter| !filter.is_empty()).map(str::parse::<Targets>);
    parsed.and_then(Result::ok).unwrap_or(otherwise)
}

/// Installs the subscriber for people at a terminal. It writes to standard error, so that standard output is the
/// program's own: one line for each error, one when the data folder takes writes again, and one for each kind of failure
/// at a platform, with the same redaction and the same variable.
pub fn init_for_terminal() {
    let filter = std::env::var(FILTER).unwrap_or_default();
    let otherwise =
        Targets::new().with_default(LevelFilter::ERROR).with_target("mooring_aws_local", LevelFilter::WARN);
    let lines = fmt::layer().compact().with_target(false).with_writer(Redacted(io::stderr));
    let lines = lines.with_filter(targets(&filter, otherwise));
    let told = terminal::Told::new(terminal::to_terminal).with_filter(terminal::filter());
    let subscriber = tracing_subscriber::registry().with(lines).with(told);
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("a subscriber is installed already");
    }
}

/// Makes the span of one request or message; every line that is logged inside it carries its id.
pub fn request_span(request_id: &str, invocation: Option<&str>, what: &str) -> Span {
    tracing::info_span!(
        "request",
        { field::REQUEST_ID } = request_id,
        { field::INVOCATION } = invocation,
        { field::ROUTE } = what
    )
}

/// Renders an error with its causes on one line, redacted.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    redact(&text).into_owned()
}

/// Writes whole lines, redacted, to the stream that the function opens.
struct Redacted<W>(fn() -> W);

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(buffer);
        (self.0)().write_all(redact(&line).as_bytes())?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        (self.0)().flush()
    }
}

impl<W: Write> MakeWriter<'_> for Redacted<W> {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self(self.0)
    }
}

#[cfg(test)]
mod tests {
    use mooring_tests_logs::{Lines, listen};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn causes_follow_on_one_line() {
        let error = Outer(io::Error::other("inner anna@example.com"));
        assert_eq!(chain(&error), "outer: inner [redacted]");
    }

    /// The metric filters of template.yaml select lines by `$.event` and `$.level`, which therefore stand at
    /// the top level of a line.
    #[test]
    fn a_line_has_its_level_and_its_event_at_the_top() {
        let lines = Lines::default();
        let _listening = listen(subscriber("info", lines.clone()));
        let _inside = request_span("r", None, "tick").entered();
        tracing::error!(event = "deletion.late", error.code = "x", "late");
        let line: serde_json::Value = serde_json::from_str(&lines.text()).unwrap();
        assert_eq!((line["event"].as_str(), line["level"].as_str()), (Some("deletion.late"), Some("ERROR")));
    }
}
