//! Makes an example of a schema: from the schema's own words, and from plain values where it gives none.

use serde_json::{Map, Value, json};

use super::check::resolve;

/// The body of every id in examples.
const ID: &str = "01J9ZK3V8Q2M4T6W8X0Y2A4B6C";
const TIME: &str = "2026-11-26T20:15:00Z";

/// Makes an example that fits the schema.
pub fn of(description: &Value, schema: &Value) -> Value {
    named(description, schema, "")
}

fn named(description: &Value, schema: &Value, name: &str) -> Value {
    let told = text(schema, "description");
    let schema = resolve(description, schema);
    if let Some(word) = schema.get("enum").and_then(Value::as_array).and_then(|words| words.first()) {
        return word.clone();
    }
    if let Some(first) = schema.get("anyOf").and_then(Value::as_array).and_then(|any| any.first()) {
        return named(description, first, name);
    }
    match kind(schema) {
        "object" => object(description, schema),
        "array" => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            Value::Array(vec![named(description, items, name)])
        }
        "integer" => json!(schema.get("minimum").and_then(Value::as_i64).unwrap_or(0).max(3)),
        "number" => json!(1.5),
        "boolean" => json!(false),
        "null" => Value::Null,
        _ => json!(string(schema, name, if told.is_empty() { text(schema, "description") } else { told })),
    }
}

fn object(description: &Value, schema: &Value) -> Value {
    let mut made = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, property) in properties {
        made.insert(name.clone(), named(description, property, name));
    }
    if let Some(other) = schema.get("additionalProperties").filter(|other| other.is_object()) {
        made.insert("spend".to_owned(), named(description, other, "spend"));
    }
    Value::Object(made)
}

/// Returns the kind of a value; of several kinds the first that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ => "string",
    }
}

fn text<'a>(schema: &'a Value, field: &str) -> &'a str {
    schema.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Makes the shortest realistic text for a schema, by its pattern, format, name or description.
fn string(schema: &Value, name: &str, told: &str) -> String {
    let pattern = text(schema, "pattern");
    if let Some((prefix, _)) = pattern.strip_prefix('^').and_then(|rest| rest.split_once("_[0-7]")) {
        return format!("{prefix}_{ID}");
    }
    if let Some((word, _)) = pattern.strip_prefix("^(").and_then(|rest| rest.split_once(['|', ')'])) {
        return word.replace('\\', "");
    }
    let formatted = match text(schema, "format") {
        "uri" => "https://app.example/connected",
        "email" => "anna@example.com",
        "date" => "2026-11-22",
        "date-time" => TIME,
        _ => "",
    };
    if !formatted.is_empty() {
        return formatted.to_owned();
    }
    if told.contains("RFC 3339") {
        return TIME.to_owned();
    }
    let quoted = told.split('`').nth(1).filter(|word| !word.contains([' ', '_']) && *word != "null");
    quoted.map_or_else(|| by_name(name), str::to_owned)
}

fn by_name(name: &str) -> String {
    let prefix = match name {
        "connection_id" => "con",
        "account_id" => "acc",
        "deletion_id" => "del",
        _ => "",
    };
    if !prefix.is_empty() {
        return format!("{prefix}_{ID}");
    }
    let known = match name {
        "id" => ID,
        "end_user" => "user-4711",
        "currency" => "EUR",
        "time_zone" => "Europe/Berlin",
        "from" | "day" | "provisional_days" => "2026-11-16",
        "to" => "2026-11-22",
        "platform" => "tiktok_ads",
        "level" => "campaign",
        "group_by" => "day",
        "metrics" => "spend",
        "step" => "purge",
        "name" => "Autumn sale",
        "table" => "connections",
        "url" | "status_url" | "settings_url" => "https://api.example.com/connect/…",
        _ => "…",
    };
    known.to_owned()
}
