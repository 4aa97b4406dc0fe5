//! Checks a value against the keywords of JSON Schema that the description uses.

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
