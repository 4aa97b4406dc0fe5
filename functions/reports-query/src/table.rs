//! Writes the CSV of an answer: one line for each row, exact decimals, and texts that no spreadsheet reads as
//! a formula.

use mooring_domain::base::money::Micros;
use mooring_domain::platform::figures::Unit;
use mooring_domain::report::ops::query_report::{Query, Report, ReportRow};
use mooring_domain::{Error, Kind, Result};

use crate::words::{day_reason, day_status, overall, unit};

/// Writes the rows of the page under a line of column names.
pub(crate) fn write(query: &Query, report: &Report) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let overall = overall(&report.days);
    writer.write_record(header(query)).map_err(failed)?;
    for row in &report.rows {
        let status = row.day.and_then(|day| report.days.iter().find(|info| info.day == day));
        let status =
            status.map_or((overall, None), |info| (day_status(info.status), day_reason(info.status)));
        writer.write_record(line(query, report, row, status)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| failed(error.into_error()))
}

fn header(query: &Query) -> Vec<&'static str> {
    let mut names = Vec::new();
    if query.group_by.day {
        names.push("day");
    }
    if query.group_by.entity {
        names.extend(["entity_id", "entity_name", "entity_status", "parent_id"]);
    }
    names.extend(query.columns.iter().map(|column| column.as_str()));
    names.extend(["currency", "status", "reason"]);
    names
}

fn line(
    query: &Query,
    report: &Report,
    row: &ReportRow,
    (status, reason): (&str, Option<&str>),
) -> Vec<String> {
    let mut fields = Vec::new();
    fields.extend(row.day.map(|day| day.to_string()));
    if let Some(id) = &row.entity {
        let text = |pick: fn(&mooring_domain::platform::figures::Entity) -> &String| {
            row.described.as_ref().map(|entity| harmless(pick(entity))).unwrap_or_default()
        };
        fields.extend([harmless(id), text(|entity| &entity.name)]);
        fields.extend([text(|entity| &entity.status), text(|entity| &entity.parent)]);
    }
    for column in &query.columns {
        fields.push(column.of(&row.values).map(|value| number(unit(*column), value)).unwrap_or_default());
    }
    fields.extend([report.currency.as_str(), status, reason.unwrap_or_default()].map(str::to_owned));
    fields
}

/// Writes an exact decimal. A value that the platform did not report is an empty field.
fn number(unit: Unit, value: i64) -> String {
    match unit {
        Unit::Count => value.to_string(),
        Unit::Money | Unit::Decimal => Micros(value).to_string(),
    }
}

/// Keeps a spreadsheet from running a text as a formula: OWASP's list of first characters ("CSV Injection")
/// with their full-width forms, which some programs read as the plain ones. Characters that a program may
/// skip before them do not hide them. Numbers do not pass through this function: [`number`] writes them.
///
/// A program in whose language a semicolon or a tab separates columns cuts a text there, and each part is a cell to it.
fn harmless(text: &str) -> String {
    let skipped = |c: char| c.is_whitespace() || c.is_control() || UNSEEN.contains(&c);
    let begins = |cell: &str| cell.trim_start_matches(skipped).starts_with(FORMULA);
    let mut safe = String::with_capacity(text.len() + 1);
    if begins(text) || text.starts_with(['\t', '\r', '\n']) {
        safe.push('\'');
    }
    for (at, c) in text.char_indices() {
        safe.push(c);
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        if [';', '\t'].contains(&c) && begins(rest) {
            safe.push('\'');
        }
    }
    safe
}

/// The characters with which a formula begins.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// The characters without width that are neither whitespace nor control characters: those that join, and those that turn
/// the direction of writing.
const UNSEEN: [char; 18] = [
    '\u{feff}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{ad}', '\u{200e}', '\u{200f}', '\u{61c}',
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
    '\u{2069}',
];

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Internal, "csv", "The table could not be written.").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula_to_a_spreadsheet_and_other_texts_stay_as_they_are() {
        for formula in [
            "=1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\r=1",
            "\n=1",
            " =1",
            "\r\n @x",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{200b}-1",
            "\u{0}=1",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}x",
            "\tplain",
            "\nplain",
        ] {
            assert_eq!(harmless(formula), format!("'{formula}"), "{formula:?}");
        }
        for (text, safe) in [
            ("Sale;=cmd", "Sale;'=cmd"),
            ("a; +1;b;-2", "a;' +1;b;'-2"),
            ("=1;=2", "'=1;'=2"),
            ("a\t@x", "a\t'@x"),
            ("\t=1;=2", "'\t'=1;'=2"),
            ("\u{202e}=1", "'\u{202e}=1"),
            ("\u{2066}=1", "'\u{2066}=1"),
        ] {
            assert_eq!(harmless(text), safe, "{text:?}");
        }
        for plain in ["", "Sale", "a;b", "1;2", "'quoted", "1 = 1", " a", "7", "a\n=1", "é", "−5"] {
            assert_eq!(harmless(plain), plain);
        }
    }

    #[test]
    fn numbers_stay_numbers_below_zero_too() {
        assert_eq!(number(Unit::Count, -3), "-3");
        assert_eq!(number(Unit::Money, -1_500_000), "-1.5");
    }
}
