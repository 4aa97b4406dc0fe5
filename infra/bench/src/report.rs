//! The table of figures.

use std::io::{Write as _, stdout};

use anyhow::{Result, ensure};

/// Figures with their bars.
#[derive(Default)]
pub(crate) struct Report {
    missed: Vec<String>,
}

impl Report {
    /// Prints the machine of these figures.
    pub(crate) fn begin() -> Result<Self> {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let model = model.trim_start_matches(['\t', ' ', ':']);
        writeln!(stdout(), "machine: {cores} cores, {model}; load {}", load.trim())?;
        Ok(Self::default())
    }

    /// Prints a figure without a bar.
    #[expect(
        clippy::unused_self,
        reason = "figures go through the report, whether or not there is a bar to remember"
    )]
    pub(crate) fn state(&self, figure: &str, what: &str, value: &str) -> Result<()> {
        Ok(writeln!(stdout(), "{figure:4} {what:62} {value}")?)
    }

    /// Prints a figure with its bar and whether the figure reached it.
    pub(crate) fn judge(
        &mut self,
        figure: &str,
        what: &str,
        value: &str,
        bar: &str,
        met: bool,
    ) -> Result<()> {
        let verdict = if met { "met" } else { "MISSED" };
        if !met {
            self.missed.push(format!("{figure} {what}"));
        }
        Ok(writeln!(stdout(), "{figure:4} {what:62} {value:>22}   bar {bar:18} {verdict}")?)
    }

    /// Fails if a bar was missed.
    pub(crate) fn end(self) -> Result<()> {
        ensure!(self.missed.is_empty(), "missed: {}", self.missed.join("; "));
        Ok(())
    }
}

/// Returns the middle one of some figures.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
