//! Checks a value against the part of OpenAPI 3.0 that the vendors' files use, with their own closed lists of words.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The demands on a value; what the file does not demand is not checked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Schema {
    #[serde(rename = "type")]
    pub(crate) kind: Option<Kind>,
    pub(crate) nullable: bool,
    pub(crate) items: Option<Box<Self>>,
    pub(crate) properties: BTreeMap<String, Self>,
    pub(crate) required: Vec<String>,
    pub(crate) maximum: Option<f64>,
    pub(crate) minimum: Option<f64>,
    pub(crate) max_items: Option<usize>,
    pub(crate) min_items: Option<usize>,
    pub(crate) max_length: Option<usize>,
    pub(crate) min_length: Option<usize>,
    #[serde(rename = "x-open-enum")]
    pub(crate) closed: Option<Words>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
}

/// A closed list of words.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Words {
    pub(crate) strict: bool,
    pub(crate) enums: Vec<Word>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Word {
    pub(crate) key: String,
    pub(crate) is_valid: bool,
}

impl Schema {
    /// Makes a schema that demands one kind of value.
    pub(crate) fn of(kind: Kind) -> Self {
        Self { kind: Some(kind), ..Self::default() }
    }

    /// Reads the text of a query parameter; arrays and objects are JSON there.
    pub(crate) fn read(&self, text: &str, is_json: bool) -> Result<Value, String> {
        let wanted = self.kind;
        if is_json || matches!(wanted, Some(Kind::Array | Kind::Object)) {
            return serde_json::from_str(text).map_err(|_| "is not JSON".to_owned());
        }
        if matches!(wanted, Some(Kind::Integer | Kind::Number | Kind::Boolean)) {
            return serde_json::from_str(text).map_err(|_| format!("`{text}` is not what the type says"));
        }
        Ok(Value::String(text.to_owned()))
    }

    /// Returns the first problem of a value, and its place below `at`.
    pub(crate) fn problem(&self, at: &str, value: &Value) -> Option<String> {
        let kind = self.kind?;
        if value.is_null() {
            return (!self.nullable).then(|| format!("{at}: null"));
        }
        if !kind.fits(value) {
            return Some(format!("{at}: {value} where the file says {kind:?}"));
        }
        let here = self.limit_problem(value).or_else(|| self.word_problem(value));
        here.map(|text| format!("{at}: {text}")).or_else(|| self.inner_problem(at, value))
    }

    fn limit_problem(&self, value: &Value) -> Option<String> {
        if let Some(number) = value.as_f64() {
            let beyond = self.maximum.is_some_and(|most| number > most)
                || self.minimum.is_some_and(|least| number < least);
            return beyond.then(|| format!("{number} is beyond its limit"));
        }
        let (size, least, most) = match value {
            Value::String(text) => (text.chars().count(), self.min_length, self.max_length),
            Value::Array(items) => (items.len(), self.min_items, self.max_items),
            _ => return None,
        };
        let beyond = most.is_some_and(|most| size > most) || least.is_some_and(|least| size < least);
        beyond.then(|| format!("a length of {size} is beyond its limit"))
    }

    fn word_problem(&self, value: &Value) -> Option<String> {
        let (words, text) = (self.closed.as_ref()?, value.as_str()?);
        let known = words.enums.iter().any(|word| word.is_valid && word.key == text);
        (words.strict && !known).then(|| format!("`{text}` is none of the words that the file lists"))
    }

    fn inner_problem(&self, at: &str, value: &Value) -> Option<String> {
        match (value, &self.items) {
            (Value::Array(values), Some(items)) => values
                .iter()
                .enumerate()
                .find_map(|(index, value)| items.problem(&format!("{at}[{index}]"), value)),
            (Value::Object(fields), _) => {
                let missing = self.required.iter().find(|name| !fields.contains_key(*name));
                missing.map(|name| format!("{at}.{name}: missing")).or_else(|| {
                    fields
                        .iter()
                        .find_map(|(name, value)| self.field_problem(&format!("{at}.{name}"), name, value))
                })
            }
            _ => None,
        }
    }

    /// Returns the problem of a field. An object without properties demands nothing of its fields.
    fn field_problem(&self, at: &str, name: &str, value: &Value) -> Option<String> {
        match self.properties.get(name) {
            Some(schema) => schema.problem(at, value),
            None if self.properties.is_empty() => None,
            None => Some(format!("{at}: unknown")),
        }
    }
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(yaml: &str) -> Schema {
        serde_yaml_ng::from_str(yaml).unwrap()
    }

    const FILTERS: &str = "
type: array
maxItems: 2
items:
  type: object
  required: [field]
  properties:
    field: {type: string, minLength: 2}
    size: {type: integer, maximum: 20, minimum: 1}
    word:
      type: string
      x-open-enum:
        strict: true
        enums: [{key: IN, is_valid: true}, {key: OUT, is_valid: false}]
";

    #[test]
    fn what_fits_has_no_problem() {
        let schema = schema(FILTERS);
        for value in [json!([]), json!([{"field": "ab", "size": 20, "word": "IN"}])] {
            assert_eq!(schema.problem("f", &value), None, "{value}");
        }
        assert_eq!(Schema::default().problem("f", &json!([null])), None, "a file that says nothing");
    }

    #[test]
    fn every_kind_of_problem_is_found_where_it_is() {
        let schema = schema(FILTERS);
        let cases = [
            (json!({}), "f: "),
            (json!([{"field": "ab"}, {"field": "ab"}, {"field": "ab"}]), "a length of 3"),
            (json!([{"size": 1}]), "f[0].field: missing"),
            (json!([{"field": "a"}]), "f[0].field: a length of 1"),
            (json!([{"field": "ab", "size": 21}]), "f[0].size: 21 is beyond"),
            (json!([{"field": "ab", "size": 0}]), "f[0].size: 0 is beyond"),
            (json!([{"field": "ab", "size": "1"}]), "f[0].size: \"1\" where"),
            (json!([{"field": "ab", "size": 1.5}]), "f[0].size: 1.5 where"),
            (json!([{"field": "ab", "word": "BETWEEN"}]), "f[0].word: `BETWEEN` is none"),
            (json!([{"field": "ab", "word": "OUT"}]), "f[0].word: `OUT` is none"),
            (json!([{"field": null}]), "f[0].field: null"),
            (json!([{"field": "ab", "extra": 1}]), "f[0].extra: unknown"),
        ];
        for (value, wanted) in cases {
            let problem = schema.problem("f", &value).unwrap_or_default();
            assert!(problem.contains(wanted), "{value}: {problem}");
        }
    }

    #[test]
    fn a_query_is_read_by_its_type() {
        assert_eq!(Schema::of(Kind::Integer).read("12", false), Ok(json!(12)));
        assert!(Schema::of(Kind::Integer).read("twelve", false).is_err());
        assert_eq!(Schema::of(Kind::String).read("12", false), Ok(json!("12")));
        assert_eq!(Schema::default().read("[\"a\"]", true), Ok(json!(["a"])));
        assert!(Schema::of(Kind::Array).read("a,b", false).is_err());
    }
}
