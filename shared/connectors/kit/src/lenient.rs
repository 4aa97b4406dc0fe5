//! Reads odd values without losing the values around them: text that people wrote, and lists item by item.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde_json::value::RawValue;

/// Text that people wrote, in any JSON form: half of a surrogate pair becomes a replacement mark, a number becomes its
/// digits, and anything else becomes no text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(pub Option<String>);

impl Text {
    /// Returns the text, if there is one.
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(text_of(&raw)))
    }
}

/// Returns the text of a value: a string, or the literal of a number.
pub fn text_of(raw: &RawValue) -> Option<String> {
    let literal = raw.get();
    match literal.as_bytes().first()? {
        b'"' => serde_json::Deserializer::from_str(literal).deserialize_bytes(Lossy).ok(),
        b'-' | b'0'..=b'9' => Some(literal.to_owned()),
        _ => None,
    }
}

/// Reads strings as bytes: JSON can write half of a surrogate pair, and Rust's text cannot hold it.
struct Lossy;

impl Visitor<'_> for Lossy {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// A list that keeps its odd items apart.
#[derive(Debug)]
pub struct Items<T> {
    /// The items as agreed, in order.
    pub read: Vec<T>,
    /// The odd items, as they came.
    pub odd: Vec<Box<RawValue>>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self { read: Vec::new(), odd: Vec::new() }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut items = Self::default();
        for raw in Vec::<Box<RawValue>>::deserialize(deserializer)? {
            match serde_json::from_str(raw.get()) {
                Ok(item) => items.read.push(item),
                Err(_) => items.odd.push(raw),
            }
        }
        Ok(items)
    }
}

/// Reads a value that a platform may leave empty: `null` becomes the default.
pub fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a list that must not cost the rest of its answer: what is no list counts as an empty one.
pub fn list_or_none<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Items<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

/// Reads a body as text: bytes that are not UTF-8 become replacement marks, and a byte order mark at the start is
/// dropped.
pub fn body(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Named {
        id: u32,
        #[serde(default)]
        name: Text,
    }

    #[test]
    fn text_is_read_however_it_comes() {
        for (json, text) in [
            (r#""Caf\u00e9""#, Some("Café")),
            (r#""half \ud83d""#, Some("half \u{fffd}\u{fffd}\u{fffd}")),
            ("12.50", Some("12.50")),
            ("null", None),
            ("[1]", None),
            (r#"{"en":"x"}"#, None),
            ("true", None),
        ] {
            assert_eq!(serde_json::from_str::<Text>(json).unwrap().as_deref(), text, "{json}");
        }
    }

    #[test]
    fn an_odd_item_leaves_the_others_alone() {
        let json = r#"[{"id":1,"name":7},{"id":"x"},{"id":2},null]"#;
        let items: Items<Named> = serde_json::from_str(json).unwrap();
        assert_eq!(items.read.iter().map(|item| item.id).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(items.read[0].name.as_deref(), Some("7"));
        assert_eq!(items.odd.len(), 2);
        assert!(serde_json::from_str::<Items<Named>>("{}").is_err());
    }

    #[test]
    fn a_body_is_text_whatever_its_bytes_are() {
        assert_eq!(body(b"\xef\xbb\xbf{}"), "{}");
        assert_eq!(body(b"\"a\xff\""), "\"a\u{fffd}\"");
    }

    #[test]
    fn what_is_no_list_is_an_empty_one() {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default, deserialize_with = "list_or_none")]
            list: Items<u8>,
        }
        for (json, read) in [
            (r#"{"list": [1, "x", 2]}"#, vec![1, 2]),
            (r#"{"list": "1,2"}"#, vec![]),
            (r#"{"list": {"0": 1}}"#, vec![]),
            (r#"{"list": true}"#, vec![]),
            (r#"{"list": null}"#, vec![]),
            ("{}", vec![]),
        ] {
            assert_eq!(serde_json::from_str::<Answer>(json).unwrap().list.read, read, "{json}");
        }
    }
}
