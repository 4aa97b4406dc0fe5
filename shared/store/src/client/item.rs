//! Writes and reads attributes of items by explicit names, strictly. The families' `items` do it for each
//! domain value.
//!
//! A stored item that does not parse is an internal error, never an empty value.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use mooring_domain::vault::keys::SealedBox;
use mooring_domain::{Error, Kind, Result};

/// An item in the SDK's form.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attribute of the partition key.
pub(crate) const PK: &str = "pk";

/// The attribute of the sort key.
pub(crate) const SK: &str = "sk";

/// The attribute of TTL: when it removes the row, in whole seconds.
pub(crate) const EXPIRES_AT: &str = "expires_at";

/// The name of the due index.
pub(crate) const INDEX: &str = "due";

/// The attribute of the due index's hash key.
pub(crate) const DUE_SHARD: &str = "due_shard";

/// The attribute of the due index's range key.
pub(crate) const DUE_AT: &str = "due_at";

/// The attribute of the state of a connection, account or fence.
pub(crate) const STATE: &str = "state";

/// Makes a text value.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// Makes a number value.
#[expect(clippy::needless_pass_by_value, reason = "numbers are handed over, not lent")]
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Makes a value of an instant in whole seconds, the form that TTL reads.
pub(crate) fn seconds(at: Timestamp) -> AttributeValue {
    number(at.as_second())
}

/// Makes a value of an instant with all its digits.
pub(crate) fn time(at: Timestamp) -> AttributeValue {
    text(at.to_string())
}

/// Makes a value of bytes.
pub(crate) fn bytes(value: &[u8]) -> AttributeValue {
    AttributeValue::B(value.to_vec().into())
}

/// Makes a value of true or false.
pub(crate) fn flag(value: bool) -> AttributeValue {
    AttributeValue::Bool(value)
}

/// Makes a list value of texts.
pub(crate) fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> AttributeValue {
    AttributeValue::L(values.into_iter().map(text).collect())
}

/// Makes a list value of maps.
pub(crate) fn maps(values: impl IntoIterator<Item = Draft>) -> AttributeValue {
    AttributeValue::L(values.into_iter().map(|draft| AttributeValue::M(draft.0)).collect())
}

/// Makes a map value.
pub(crate) fn map(draft: Draft) -> AttributeValue {
    AttributeValue::M(draft.0)
}

/// Builds an item for a write.
#[derive(Default)]
pub(crate) struct Draft(Item);

impl Draft {
    /// Starts from an item that was read.
    pub(crate) fn of(item: Item) -> Self {
        Self(item)
    }

    /// Adds a value.
    pub(crate) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Adds a text.
    pub(crate) fn text(self, name: &str, value: impl Into<String>) -> Self {
        self.with(name, text(value))
    }

    /// Adds a value if there is one; otherwise leaves the attribute out.
    pub(crate) fn maybe(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds the instant from which TTL removes the row.
    pub(crate) fn expiring(self, at: Timestamp) -> Self {
        self.with(EXPIRES_AT, seconds(at))
    }

    /// Adds the instant from which TTL removes the row, if there is one.
    pub(crate) fn maybe_expiring(self, at: Option<Timestamp>) -> Self {
        self.maybe(EXPIRES_AT, at.map(seconds))
    }

    /// Returns the item.
    pub(crate) fn done(self) -> Item {
        self.0
    }
}

/// Reads the attributes of an item.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    what: &'static str,
    item: &'a Item,
}

impl<'a> Fields<'a> {
    /// Makes a reader of an item; its errors name the item by `what`.
    pub(crate) fn of(what: &'static str, item: &'a Item) -> Self {
        Self { what, item }
    }

    /// Makes the error of an attribute that is missing or has the wrong shape. The error does not show the
    /// value.
    pub(crate) fn broken(&self, name: &str) -> Error {
        let message = format!("A stored {} does not parse at `{name}`.", self.what);
        Error::new(Kind::Internal, "broken_item", message)
    }

    fn maybe<T>(&self, name: &str, read: impl FnOnce(&'a AttributeValue) -> Option<T>) -> Result<Option<T>> {
        match self.item.get(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| self.broken(name)),
        }
    }

    fn must<T>(&self, name: &str, found: Result<Option<T>>) -> Result<T> {
        found?.ok_or_else(|| self.broken(name))
    }

    /// Reads a text that may be missing.
    pub(crate) fn maybe_text(&self, name: &str) -> Result<Option<&'a str>> {
        self.maybe(name, |value| value.as_s().ok().map(String::as_str))
    }

    /// Reads a text.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str> {
        self.must(name, self.maybe_text(name))
    }

    /// Reads a text that may be missing and converts it by a function.
    pub(crate) fn maybe_word<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        self.maybe(name, |value| parse(value.as_s().ok()?))
    }

    /// Reads a text and converts it by a function.
    pub(crate) fn word<T>(&self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        self.must(name, self.maybe_word(name, parse))
    }

    /// Reads a text that may be missing and parses it.
    pub(crate) fn maybe_parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        self.maybe_word(name, |text| text.parse().ok())
    }

    /// Reads a text and parses it: ids, currencies, instants with all their digits.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Result<T> {
        self.must(name, self.maybe_parsed(name))
    }

    /// Reads a number that may be missing.
    pub(crate) fn maybe_number<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        self.maybe(name, |value| value.as_n().ok()?.parse().ok())
    }

    /// Reads a number.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<T> {
        self.must(name, self.maybe_number(name))
    }

    /// Reads an instant in whole seconds that may be missing.
    pub(crate) fn maybe_seconds(&self, name: &str) -> Result<Option<Timestamp>> {
        self.maybe(name, |value| Timestamp::from_second(value.as_n().ok()?.parse().ok()?).ok())
    }

    /// Reads an instant in whole seconds.
    pub(crate) fn seconds(&self, name: &str) -> Result<Timestamp> {
        self.must(name, self.maybe_seconds(name))
    }

    /// Reads bytes that may be missing.
    pub(crate) fn maybe_bytes(&self, name: &str) -> Result<Option<&'a [u8]>> {
        self.maybe(name, |value| value.as_b().ok().map(AsRef::as_ref))
    }

    /// Reads bytes.
    pub(crate) fn bytes(&self, name: &str) -> Result<&'a [u8]> {
        self.must(name, self.maybe_bytes(name))
    }

    /// Reads a sealed box.
    pub(crate) fn sealed(&self, name: &str) -> Result<SealedBox> {
        self.bytes(name).map(|bytes| SealedBox(bytes.to_vec()))
    }

    /// Reads true or false; a missing value is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.maybe(name, |value| value.as_bool().ok().copied())?.unwrap_or_default())
    }

    fn list(&self, name: &str) -> Result<&'a [AttributeValue]> {
        self.must(name, self.maybe(name, |value| value.as_l().ok().map(Vec::as_slice)))
    }

    /// Reads a list of texts and converts each by a function.
    pub(crate) fn words<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let read = |value: &AttributeValue| value.as_s().ok().and_then(|text| parse(text));
        self.list(name)?.iter().map(|value| read(value).ok_or_else(|| self.broken(name))).collect()
    }

    /// Reads a list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>> {
        self.words(name, |text| Some(text.to_owned()))
    }

    /// Reads a list of texts that may be missing; a missing list is empty.
    pub(crate) fn maybe_texts(&self, name: &str) -> Result<Vec<String>> {
        if self.item.contains_key(name) { self.texts(name) } else { Ok(Vec::new()) }
    }

    /// Reads a map.
    pub(crate) fn map(&self, name: &str) -> Result<Self> {
        let item = self.must(name, self.maybe(name, |value| value.as_m().ok()))?;
        Ok(Self { what: self.what, item })
    }

    /// Reads a list of maps, each by a function.
    pub(crate) fn maps<T>(&self, name: &str, read: impl Fn(Self) -> Result<T>) -> Result<Vec<T>> {
        let map = |value: &'a AttributeValue| {
            let item = value.as_m().map_err(|_| self.broken(name))?;
            read(Self { what: self.what, item })
        };
        self.list(name)?.iter().map(map).collect()
    }
}

/// Returns whether the row has not expired yet. An expired row counts as absent, however late TTL removes it.
pub(crate) fn is_live(item: &Item, now: Timestamp) -> Result<bool> {
    let expires_at = Fields::of("expiry", item).maybe_seconds(EXPIRES_AT)?;
    Ok(expires_at.is_none_or(|at| at > now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_absent_from_its_second_on() {
        let at = Timestamp::from_second(1_000).unwrap();
        let item = Draft::default().expiring(at).done();
        assert!(is_live(&item, Timestamp::from_millisecond(999_999).unwrap()).unwrap());
        assert!(!is_live(&item, at).unwrap());
        assert!(is_live(&Item::new(), Timestamp::MAX).unwrap());
    }

    #[test]
    fn wrong_shapes_are_faults_that_do_not_show_the_value() {
        let item = Draft::default().text("version", "hunter2").with("scopes", number(3)).done();
        let fields = Fields::of("row", &item);
        let error = fields.number::<u64>("version").unwrap_err();
        assert!(error.message.contains("`version`") && !format!("{error:?}").contains("hunter2"));
        assert!(fields.texts("scopes").is_err());
        assert!(fields.text("missing").is_err());
        assert_eq!(fields.maybe_text("missing").unwrap(), None);
    }
}
