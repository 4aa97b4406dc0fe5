//! The stored rows as text: every key, the name of every attribute, values in clear, and the lengths of sealed ones.
//!
//! A seed fixes most ids. A number stands for each value that hangs on a data key, which KMS draws anew in each run, or
//! on the id of a request: the first such value is `hex_1`, `acc_1` or `evt_1`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use aws_sdk_dynamodb::types::AttributeValue;
use mooring_domain::base::table::Table;
use mooring_local::Stack;

/// The attributes whose text each run draws anew: the id of a request, and the digest of account ids.
const FRESH: [&str; 2] = ["request", "choice"];

/// The rows of all tables, and the text of what each step changed.
#[derive(Debug)]
pub struct Snapshot {
    origins: Vec<(String, &'static str)>,
    numbers: HashMap<String, String>,
    rows: BTreeMap<String, String>,
    text: String,
}

impl Snapshot {
    /// Begins with empty tables; a name stands for each origin, whose port each run has anew.
    pub fn new(origins: Vec<(String, &'static str)>) -> Self {
        Self { origins, numbers: HashMap::new(), rows: BTreeMap::new(), text: String::new() }
    }

    /// Adds a step: the rows that came (`+`), changed (`~`) and went (`-`) since the step before.
    pub async fn add(&mut self, stack: &Stack, step: &str) -> Result<()> {
        let mut raw = Vec::new();
        for table in Table::ALL {
            let items = stack.items(table).await?;
            raw.extend(items.into_iter().map(|item| self.row(table, &item.into_iter().collect())));
        }
        self.number(&raw);
        let rows = raw.iter().map(|(key, rest)| (self.numbered(key), self.numbered(rest)));
        let rows: BTreeMap<_, _> = rows.collect();
        let heading = format!("\n# {step}");
        let lines = [heading].into_iter().chain(changes(&self.rows, &rows));
        self.text.extend(lines.flat_map(|line| [line, "\n".to_owned()]));
        self.rows = rows;
        Ok(())
    }

    /// Returns all steps.
    pub fn text(&self) -> &str {
        self.text.trim_start()
    }

    /// Writes a row: its key, and its other attributes by name.
    fn row(&self, table: Table, item: &BTreeMap<String, AttributeValue>) -> (String, String) {
        let text = |name: &str, value: &AttributeValue| match value {
            AttributeValue::S(text) if FRESH.contains(&name) => format!("<{} characters>", text.len()),
            value => self.named(&shown(value)),
        };
        let part = |name: &str| item.get(name).map(|value| text(name, value)).unwrap_or_default();
        let rest = item.iter().filter(|(name, _)| !matches!(name.as_str(), "pk" | "sk"));
        let rest: Vec<_> = rest.map(|(name, value)| format!("{name}={}", text(name, value))).collect();
        (format!("{} {} | {}", table.as_str(), part("pk"), part("sk")), format!("{{{}}}", rest.join(", ")))
    }

    fn named(&self, text: &str) -> String {
        self.origins.iter().fold(text.to_owned(), |text, (origin, name)| text.replace(origin, name))
    }

    /// Gives a number to each new value that differs between runs, in an order that does not: that of the rows with
    /// these values left out.
    fn number(&mut self, rows: &[(String, String)]) {
        loop {
            let fresh = |text: &str| words(text).any(|word| self.is_unnumbered(word));
            let waiting = rows.iter().map(|(key, rest)| format!("{key} {rest}")).filter(|row| fresh(row));
            let Some((_, row)) = waiting.map(|row| (self.numbered(&row), row)).min() else { return };
            for word in words(&row) {
                if self.is_unnumbered(word) {
                    let kind = kind(word).unwrap_or_default();
                    let before = self.numbers.values().filter(|number| number.starts_with(kind)).count();
                    self.numbers.insert(word.to_owned(), format!("{kind}_{}", before + 1));
                }
            }
        }
    }

    fn is_unnumbered(&self, word: &str) -> bool {
        kind(word).is_some() && !self.numbers.contains_key(word)
    }

    /// Returns the text with numbers in place of values that differ between runs; those without a number yet look alike.
    fn numbered(&self, text: &str) -> String {
        words(text)
            .filter_map(|word| Some((word, kind(word)?)))
            .fold(text.to_owned(), |text, (word, kind)| {
                text.replace(word, self.numbers.get(word).map_or(kind, String::as_str))
            })
    }
}

/// Splits a text into words of letters, digits and `_`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
}

/// Returns the kind of a value that differs between runs: a keyed digest or the id of a key, the id of an account,
/// which is derived from such a digest, or of an event.
fn kind(word: &str) -> Option<&'static str> {
    let is_hex = || word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match word.len() {
        32 if is_hex() => Some("hex"),
        30 if word.starts_with("acc_") => Some("acc"),
        30 if word.starts_with("evt_") => Some("evt"),
        _ => None,
    }
}

/// Lists what changed between two steps, a line a row. Rows that differ by the day of their key alone share a line.
fn changes(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let came = now.iter().filter_map(|(key, row)| match before.get(key) {
        None => Some(('+', key, row.as_str())),
        Some(old) => (old != row).then_some(('~', key, row.as_str())),
    });
    let went = before.keys().filter(|key| !now.contains_key(*key)).map(|key| ('-', key, ""));
    let mut lines: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for (sign, key, row) in came.chain(went) {
        let (key, day) = split_day(key);
        lines.entry((key, sign, row)).or_default().extend(day);
    }
    let line = |((key, sign, row), days): ((String, char, &str), BTreeSet<&str>)| {
        let days: Vec<_> = days.into_iter().collect();
        format!("{sign} {key} {row} {}", days.join(" ")).trim_end().to_owned()
    };
    lines.into_iter().map(line).collect()
}

/// Takes the day off the end of a key, if it ends with one.
fn split_day(key: &str) -> (String, Option<&str>) {
    let is_day = |text: &str| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    match key.len().checked_sub(10).and_then(|at| key.split_at_checked(at)) {
        Some((start, day)) if is_day(day) => (format!("{start}*"), Some(day)),
        _ => (key.to_owned(), None),
    }
}

/// Writes a value. Of bytes, which are sealed or wrapped, it writes the length.
fn shown(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => format!("#{number}"),
        AttributeValue::Bool(value) => value.to_string(),
        AttributeValue::B(bytes) => format!("<{} bytes>", bytes.as_ref().len()),
        AttributeValue::L(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        AttributeValue::M(map) => {
            let map: BTreeMap<_, _> = map.iter().collect();
            let map: Vec<_> = map.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
            format!("{{{}}}", map.join(", "))
        }
        other => format!("{other:?}"),
    }
}
