//! The printed steps of a run: a line when each begins and ends, a table at the end.

use std::time::{Duration, Instant};

use mooring_local::screen::{done, heading, table};

/// The steps done so far.
pub(crate) struct Steps {
    started: Instant,
    rows: Vec<Vec<String>>,
}

impl Steps {
    /// Begins a run.
    pub(crate) fn begin(title: &str) -> Self {
        heading(title);
        Self { started: Instant::now(), rows: Vec::new() }
    }

    /// Notes a step that was done, with its figure.
    pub(crate) fn done(&mut self, what: &str, figure: impl Into<String>) {
        let (figure, at) = (figure.into(), seconds(self.started.elapsed()));
        done(&format!("{at:>7}  {what}: {figure}"));
        self.rows.push(vec![what.to_owned(), figure, at]);
    }

    /// Prints everything once more as a table.
    pub(crate) fn end(self) {
        heading("Results");
        table(&["what", "figure", "after"], &self.rows);
    }
}

fn seconds(time: Duration) -> String {
    format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100)
}
