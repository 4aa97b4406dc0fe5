//! The stored rows as text: every key, the name of every attribute, values in clear, and the lengths of sealed ones.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use anyhow::Result;
use aws_sdk_dynamodb::types::AttributeValue;
use mooring_domain::base::table::Table;
use mooring_local::Stack;

/// A value that each run has anew, and the name that the text shows in its place.
pub type Alias = (String, &'static str);

/// The rows as they were last, to tell what a step changed.
#[derive(Debug, Default)]
pub struct Snapshot {
    rows: BTreeMap<String, String>,
    text: String,
}

impl Snapshot {
    /// Adds a step: what came (`+`), what changed (`~`) and what went (`-`) since the step before.
    pub async fn add(&mut self, stack: &Stack, step: &str, aliases: &[Alias]) -> Result<()> {
        let mut rows = BTreeMap::new();
        for table in Table::ALL {
            for item in stack.items(table).await? {
                let (key, row) = line(table, item, aliases);
                rows.insert(key, row);
            }
        }
        writeln!(self.text, "\n# {step}")?;
        for (key, row) in &rows {
            match self.rows.get(key) {
                None => writeln!(self.text, "+ {key} {row}")?,
                Some(before) if before != row => writeln!(self.text, "~ {key} {row}")?,
                Some(_) => {}
            }
        }
        for key in self.rows.keys().filter(|key| !rows.contains_key(*key)) {
            writeln!(self.text, "- {key}")?;
        }
        self.rows = rows;
        Ok(())
    }

    /// Returns all steps.
    pub fn text(&self) -> &str {
        self.text.trim_start()
    }
}

/// Writes a row: its key, and its other attributes by name.
fn line(table: Table, item: HashMap<String, AttributeValue>, aliases: &[Alias]) -> (String, String) {
    let item: BTreeMap<_, _> = item.into_iter().collect();
    let known =
        |text: &str| aliases.iter().fold(text.to_owned(), |text, (value, name)| text.replace(value, name));
    let part = |name: &str| item.get(name).map(|value| known(&shown(value))).unwrap_or_default();
    let rest = item.iter().filter(|(name, _)| !matches!(name.as_str(), "pk" | "sk"));
    let rest: Vec<_> = rest.map(|(name, value)| format!("{name}={}", known(&shown(value)))).collect();
    (format!("{} {} | {}", table.as_str(), part("pk"), part("sk")), format!("{{{}}}", rest.join(", ")))
}

/// Writes a value; bytes are sealed or packed, so that only their number is known beforehand.
fn shown(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => format!("#{number}"),
        AttributeValue::B(bytes) => format!("<{} bytes>", bytes.as_ref().len()),
        AttributeValue::Ss(texts) => format!("{texts:?}"),
        AttributeValue::L(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        AttributeValue::M(map) => {
            let map: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, shown(value))).collect();
            format!("{map:?}")
        }
        other => format!("{other:?}"),
    }
}
