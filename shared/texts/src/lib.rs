//! The texts of pages and mails as data: one file of `texts/` a language, embedded in the binary.
//!
//! A further language is a file and a line of `FILES`. Its file has the same keys as the others, which a test of this
//! crate holds. The crate knows no page: a page asks for a text by its key, and fills in the values.

mod fill;
mod letters;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mooring_domain::base::locale::Locale;

pub use fill::{Fill, harmless};
pub use letters::Letters;

/// Every language by its tag. The first one is the language of whoever understands none of them.
const FILES: &[(&str, &str)] =
    &[("en", include_str!("../texts/en.toml")), ("de", include_str!("../texts/de.toml"))];

/// A language of pages and mails.
pub struct Language {
    /// The tag of BCP 47, as it stands in `<html lang>`.
    pub tag: &'static str,
    file: &'static str,
    texts: OnceLock<BTreeMap<String, String>>,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Language({})", self.tag)
    }
}

/// Lists the languages, the default one first.
pub fn languages() -> &'static [Language] {
    static ALL: OnceLock<Vec<Language>> = OnceLock::new();
    ALL.get_or_init(|| {
        FILES.iter().map(|(tag, file)| Language { tag, file, texts: OnceLock::new() }).collect()
    })
}

/// Returns the language of whoever understands none of the others.
pub fn default_language() -> &'static Language {
    static NONE: Language = Language { tag: "en", file: "", texts: OnceLock::new() };
    languages().first().unwrap_or(&NONE)
}

/// Finds the language that fits a tag best, as the lookup of RFC 4647 does: the whole tag, then the tag without its last
/// part, down to the bare language.
pub fn find(tag: &str) -> Option<&'static Language> {
    let mut tag = tag;
    loop {
        if let Some(found) = languages().iter().find(|language| language.tag.eq_ignore_ascii_case(tag)) {
            return Some(found);
        }
        (tag, _) = tag.rsplit_once('-')?;
    }
}

/// Finds the language of a locale; without one, or for an unknown one, the default language.
pub fn of_locale(locale: Option<&Locale>) -> &'static Language {
    locale.and_then(|locale| find(locale.as_str())).unwrap_or_else(default_language)
}

impl Language {
    /// Returns the text of a key. A key that the language lacks has the text of the default language; a test holds that
    /// none lacks.
    pub fn text<'a>(&'static self, key: &'a str) -> &'a str {
        self.find(key).or_else(|| default_language().find(key)).unwrap_or(key)
    }

    /// Finds the text of a key.
    pub fn find(&'static self, key: &str) -> Option<&'static str> {
        self.texts.get_or_init(|| read(self.file)).get(key).map(String::as_str)
    }

    /// Takes the text of a key to fill its places in.
    pub fn fill(&'static self, key: &str) -> Fill {
        Fill::new(self, self.text(key))
    }

    /// Takes the text of a key that depends on a number, and fills in `count`. The forms of a number stand below the key as
    /// `one` and `other`; a language with further forms gets its rule here.
    pub fn count(&'static self, key: &str, count: usize) -> Fill {
        let form = if count == 1 { "one" } else { "other" };
        self.fill(&format!("{key}.{form}")).with("count", self.number(count))
    }

    /// Writes a whole number with the language's separators.
    pub fn number(&'static self, number: usize) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(self.text("format.thousands"));
            }
            text.push(digit);
        }
        text
    }

    /// Writes the day of an instant, in UTC.
    pub fn date(&'static self, at: Timestamp) -> String {
        let at = TimeZone::UTC.to_datetime(at);
        let month = self.text("format.months").split(' ').nth(usize::try_from(at.month() - 1).unwrap_or(0));
        let date = self.fill("format.date").with("day", at.day().to_string());
        date.with("month", month.unwrap_or_default()).with("year", at.year().to_string()).plain()
    }

    /// Writes day and minute of an instant, in UTC.
    pub fn time(&'static self, at: Timestamp) -> String {
        let clock = TimeZone::UTC.to_datetime(at).strftime("%H:%M").to_string();
        self.fill("format.time").with("date", self.date(at)).with("clock", clock).plain()
    }
}

/// Reads a file of texts: tables of tables, whose names become parts of the key, as in `connect.title`.
fn read(file: &str) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    if let Ok(table) = file.parse::<toml::Table>() {
        flatten("", &table, &mut texts);
    }
    texts
}

fn flatten(prefix: &str, table: &toml::Table, texts: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, texts),
            toml::Value::String(text) => drop(texts.insert(key, text.clone())),
            _ => {}
        }
    }
}
