//! Checks a value against the keywords of JSON Schema that the API's description uses.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// Follows a reference into the description.
pub fn resolve<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
    target.and_then(|pointer| description.pointer(pointer)).unwrap_or(schema)
}

/// Lists every problem of a value.
pub fn problems(description: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { description, found: &mut found }.value(schema, value, "$");
    found
}

struct Check<'a> {
    description: &'a Value,
    found: &'a mut Vec<String>,
}

impl Check<'_> {
    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let schema = resolve(self.description, schema);
        if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
            let fits = any.iter().any(|one| problems(self.description, one, value).is_empty());
            self.hold(fits, at, "fits none of the alternatives");
        }
        if let Some(one) = schema.get("oneOf").and_then(Value::as_array) {
            let fitting = one.iter().filter(|one| problems(self.description, one, value).is_empty()).count();
            self.hold(fitting == 1, at, &format!("fits {fitting} of the alternatives"));
        }
        if let Some(word) = schema.get("const") {
            self.hold(word == value, at, "is another word");
        }
        if let Some(kinds) = schema.get("type") {
            let one = |kind: &Value| kind.as_str().is_some_and(|kind| is_kind(kind, value));
            self.hold(
                one(kinds) || kinds.as_array().is_some_and(|all| all.iter().any(one)),
                at,
                "has another type",
            );
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            self.hold(words.contains(value), at, "is none of the words");
        }
        if let Some(least) = schema.get("minimum").and_then(Value::as_i64) {
            self.hold(value.as_i64().is_none_or(|number| number >= least), at, "is too small");
        }
        match value {
            Value::String(text) => self.text(schema, text, at),
            Value::Object(fields) => self.object(schema, fields, at),
            Value::Array(items) => {
                let of = schema.get("items").unwrap_or(&Value::Bool(true)).clone();
                for (place, item) in items.iter().enumerate() {
                    self.value(&of, item, &format!("{at}[{place}]"));
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, schema: &Value, text: &str, at: &str) {
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        self.hold(has_format(format, text), at, &format!("is no {format} as Mooring writes it"));
        let bound =
            |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let length = text.chars().count();
        self.hold(bound("minLength").is_none_or(|least| length >= least), at, "is too short");
        self.hold(bound("maxLength").is_none_or(|most| length <= most), at, "is too long");
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            let fits = regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
            self.hold(fits, at, "does not fit its pattern");
        }
    }

    fn object(&mut self, schema: &Value, fields: &serde_json::Map<String, Value>, at: &str) {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            self.hold(fields.contains_key(name), at, &format!("lacks `{name}`"));
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, value) in fields {
            let at = format!("{at}.{name}");
            match (known.and_then(|known| known.get(name)), schema.get("additionalProperties")) {
                (Some(property), _) => self.value(property, value, &at),
                (None, Some(Value::Bool(false))) => self.hold(false, &at, "is not known"),
                (None, Some(other)) => self.value(other, value, &at),
                (None, None) => {}
            }
        }
    }

    fn hold(&mut self, fits: bool, at: &str, problem: &str) {
        if !fits {
            self.found.push(format!("{at} {problem}"));
        }
    }
}

/// Returns whether a text has a format. Mooring writes every time in UTC and to the millisecond, so that nothing else is a
/// time here.
fn has_format(format: &str, text: &str) -> bool {
    match format {
        "date-time" => text.parse::<Timestamp>().is_ok_and(|at| format!("{at:.3}") == text),
        "date" => text.parse::<Date>().is_ok_and(|day| day.to_string() == text),
        "uri" => text.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty()),
        _ => true,
    }
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(schema: &Value, value: &Value) -> bool {
        problems(&Value::Null, schema, value).is_empty()
    }

    #[test]
    fn a_time_has_three_digits_of_milliseconds_and_is_utc() {
        let time = json!({ "type": "string", "format": "date-time" });
        assert!(fits(&time, &json!("2026-11-26T10:00:31.120Z")));
        for other in [
            "2026-11-26T10:00:31Z",
            "2026-11-26T10:00:31.12Z",
            "2026-11-26T10:00:31.123456Z",
            "2026-11-26T11:00:31.123+01:00",
        ] {
            assert!(!fits(&time, &json!(other)), "{other}");
        }
    }

    #[test]
    fn words_numbers_and_addresses_are_held() {
        assert!(
            !fits(&json!({ "enum": ["a"] }), &json!("b")) && fits(&json!({ "enum": ["a"] }), &json!("a"))
        );
        assert!(!fits(&json!({ "minimum": 1 }), &json!(0)) && fits(&json!({ "minimum": 1 }), &json!(1)));
        assert!(
            !fits(&json!({ "format": "uri" }), &json!("/a"))
                && fits(&json!({ "format": "uri" }), &json!("https://a"))
        );
    }
}
