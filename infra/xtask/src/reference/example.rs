//! Finds the example of a schema: the one that is written beside the Rust type.

use anyhow::{Context as _, Result};
use mooring_tests_tidy::described::resolve;
use serde_json::Value;

/// Returns the examples of a schema, or of the schema that it refers to. A body or an answer without one is refused.
pub fn of<'a>(description: &'a Value, schema: &'a Value) -> Result<&'a [Value]> {
    let of = resolve(description, schema);
    of.get("examples")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .filter(|all| !all.is_empty())
        .with_context(|| {
            let name = schema.get("$ref").and_then(Value::as_str).unwrap_or("a type");
            format!("{name} has no example: write `#[schemars(example = …)]` at its Rust type")
        })
}
