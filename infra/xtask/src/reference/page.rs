//! One page: the operations of one resource.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use mooring_tests_tidy::described as check;
use serde_json::{Map, Value};

use super::{WRITTEN, example};

/// An operation of the description.
pub(super) struct Operation<'a> {
    method: String,
    path: &'a str,
    about: &'a Value,
}

impl<'a> Operation<'a> {
    pub(super) fn tag(&self) -> &'a str {
        self.about.pointer("/tags/0").and_then(Value::as_str).unwrap_or("other")
    }

    fn text(&self, field: &str) -> &'a str {
        self.about.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Lists all operations, in the order of their paths.
pub(super) fn operations(description: &Value) -> Vec<Operation<'_>> {
    let paths = description.get("paths").and_then(Value::as_object).into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, about)| Operation { method: method.to_uppercase(), path, about })
    });
    all.collect()
}

/// Writes a page.
pub(super) fn render(description: &Value, tag: &str, operations: &[Operation<'_>]) -> Result<String> {
    let mut text = format!(
        "# {tag}\n\n{WRITTEN}\n\nConventions are in [the overview](README.md), codes in [errors](errors.md).\n"
    );
    for operation in operations {
        let written = one(description, operation);
        text += &written.with_context(|| format!("{} {}", operation.method, operation.path))?;
    }
    Ok(text)
}

fn one(description: &Value, operation: &Operation<'_>) -> Result<String> {
    let mut text = format!(
        "\n## {}\n\n`{} {}` · `{}`{}\n",
        operation.text("summary"),
        operation.method,
        operation.path,
        operation.text("operationId"),
        needs(operation),
    );
    let says = operation.text("description");
    if !says.is_empty() {
        writeln!(text, "\n{says}")?;
    }
    text += &parameters(description, operation);
    if let Some(content) = operation.about.pointer("/requestBody/content").and_then(Value::as_object) {
        text += &contents(description, content, "Body", "")?;
    }
    let answers = operation.about.get("responses").and_then(Value::as_object).into_iter().flatten();
    for (status, answer) in answers.filter(|(status, _)| status.starts_with(['2', '3'])) {
        let meaning = answer.get("description").and_then(Value::as_str).unwrap_or_default();
        match answer.get("content").and_then(Value::as_object) {
            Some(content) => text += &contents(description, content, &format!("Answer {status}"), meaning)?,
            None => writeln!(text, "\n**Answer {status}.** {meaning}")?,
        }
    }
    Ok(text)
}

/// Says which credential an operation wants.
fn needs(operation: &Operation<'_>) -> String {
    let Some(scopes) = operation.about.pointer("/security/0/credential") else {
        return " · no credential".to_owned();
    };
    scopes
        .pointer("/0")
        .and_then(Value::as_str)
        .map_or_else(|| " · any credential".to_owned(), |scope| format!(" · scope `{scope}`"))
}

fn parameters(description: &Value, operation: &Operation<'_>) -> String {
    let listed = operation.about.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let rows: String = listed.map(|one| parameter(description, check::resolve(description, one))).collect();
    if rows.is_empty() {
        return rows;
    }
    format!("\n| parameter | in | |\n|---|---|---|\n{rows}")
}

/// Lists the words of a schema, or of the schema that it refers to, is a list of or may be null instead of.
fn words(description: &Value, schema: &Value) -> String {
    let schema = schema.get("items").unwrap_or(schema);
    let schema = schema.pointer("/anyOf/0").unwrap_or(schema);
    let Some(words) = check::resolve(description, schema).get("enum").and_then(Value::as_array) else {
        return String::new();
    };
    let words: Vec<_> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
    format!(" One of {}.", words.join(", "))
}

fn parameter(description: &Value, about: &Value) -> String {
    let text = |field: &str| about.get(field).and_then(Value::as_str).unwrap_or_default();
    let required = about.get("required").and_then(Value::as_bool).unwrap_or(false);
    let must = if required && text("in") != "path" { " (required)" } else { "" };
    let form = about.get("schema").map(|schema| words(description, schema)).unwrap_or_default();
    let meaning = format!("{}{form}", text("description")).replace('|', "\\|");
    format!("| `{}`{must} | {} | {meaning} |\n", text("name"), text("in"))
}

/// Writes the media types of a body, with an example of each JSON body and the meaning of its fields.
fn contents(description: &Value, content: &Map<String, Value>, what: &str, meaning: &str) -> Result<String> {
    let media: Vec<_> = content.keys().map(|media| format!("`{media}`")).collect();
    let mut text = format!("\n**{what}** ({}). {meaning}\n", media.join(" or ")).replace(" \n", "\n");
    if let Some(schema) = content.get("application/json").and_then(|content| content.get("schema")) {
        let named = schema.get("$ref").is_some();
        let shown = if named { example::of(description, schema)? } else { &[] };
        for example in shown {
            let problems = check::problems(description, schema, example);
            ensure!(problems.is_empty(), "the example of {what} does not fit: {}", problems.join("; "));
            writeln!(text, "\n```json\n{}\n```", serde_json::to_string_pretty(example)?)?;
        }
        text += &fields(description, check::resolve(description, schema));
    }
    Ok(text)
}

/// Writes the fields of an object, or of each object that a union consists of.
fn fields(description: &Value, schema: &Value) -> String {
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        return any.iter().map(|one| fields(description, check::resolve(description, one))).collect();
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let row = |(name, about): (&String, &Value)| {
        let must = if required.contains(&name.as_str()) { "" } else { " (optional)" };
        let meaning = about.get("description").and_then(Value::as_str).unwrap_or_default();
        let meaning = format!("{meaning}{}", words(description, about));
        format!("| `{name}`{must} | {} |\n", meaning.replace('\n', " "))
    };
    let rows: String = properties.map(row).collect();
    if rows.is_empty() { rows } else { format!("\n| field | |\n|---|---|\n{rows}") }
}
