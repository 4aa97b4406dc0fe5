//! The tour's output: headings, ticks, tables, sparklines.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Prints one line.
#[expect(clippy::print_stdout, reason = "the tour is for reading in a terminal")]
pub fn say(line: &str) {
    println!("{line}");
}

/// Prints a heading.
pub fn heading(text: &str) {
    say(&format!("\n\u{1b}[1m{text}\u{1b}[0m"));
}

/// Prints a step that was done.
pub fn done(text: &str) {
    say(&format!("  \u{1b}[32m✓\u{1b}[0m {text}"));
}

/// Makes a progress bar with a name.
pub fn bar(bars: &indicatif::MultiProgress, name: &str, length: u64) -> ProgressBar {
    let bar = bars.add(ProgressBar::new(length));
    let template = "  {prefix} [{bar:30.green/dim}] {pos:>4}/{len} day chunks {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("█▌ "));
    }
    bar.set_prefix(pad(name, 26));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Draws values as small columns; a missing value is a dot, not a zero.
pub fn sparkline(values: &[Option<i64>]) -> String {
    let most = values.iter().flatten().copied().max().unwrap_or(0).max(1);
    values
        .iter()
        .map(|value| match value {
            None => '·',
            Some(value) => {
                let step = value.clamp(&0, &most).saturating_mul(7) / most;
                usize::try_from(step).ok().and_then(|step| BARS.get(step)).copied().unwrap_or('█')
            }
        })
        .collect()
}

/// Shortens a text to a number of terminal columns.
pub fn shorten(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        if kept.width() + letter.width().unwrap_or(0) >= most {
            break;
        }
        kept.push(letter);
    }
    kept + "…"
}

/// Fills a text up with spaces; wide letters take two columns.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// Prints a table with the first column to the left and the others to the right.
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        cells.chain(head.get(column).map(|cell| cell.width())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { pad(cell, *width) } else { format!("{cell:>width$}") }
        });
        padded.collect::<Vec<_>>().join("  ")
    };
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    say(&format!("  \u{1b}[2m{}\u{1b}[0m", line(&head)));
    for row in rows {
        say(&format!("  {}", line(row)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_day_is_not_a_zero() {
        assert_eq!(sparkline(&[Some(0), None, Some(7), Some(14)]), "▁·▄█");
        assert_eq!(shorten("Sommer-Kampagne", 7), "Sommer…");
    }
}
