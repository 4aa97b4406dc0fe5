//! The served description is the one that the types give.

use std::collections::BTreeSet;

use mooring_tests_tidy::described as check;
use mooring_xtask::reference::{example, folder, pages, write};
use mooring_xtask::{description, openapi_file, openapi_text};
use serde_json::{Value, json};

#[test]
fn the_committed_description_is_what_the_types_say() {
    let committed = std::fs::read_to_string(openapi_file()).unwrap();
    assert!(committed == openapi_text().unwrap(), "run `cargo xtask openapi` and commit what it writes");
}

#[test]
fn the_reference_is_what_the_description_says() {
    let description = description().unwrap();
    write(&description, true).unwrap();
    let written: BTreeSet<String> = pages(&description).unwrap().into_keys().collect();
    let there =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let stale: Vec<String> = there
        .filter(|name| !["README.md", "released.json"].contains(&name.as_str()) && !written.contains(name))
        .collect();
    assert!(stale.is_empty(), "nothing writes docs/api/{stale:?} any more");
}

#[test]
fn examples_are_held_against_the_schemas() {
    let description = description().unwrap();
    let schemas = description["components"]["schemas"].as_object().unwrap();
    let shown = schemas.iter().filter(|(_, schema)| schema.get("examples").is_some());
    for (name, schema) in shown.clone() {
        let good = example::of(&description, schema).unwrap().first().unwrap();
        assert_eq!(check::problems(&description, schema, good), Vec::<String>::new(), "{name}: {good}");
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut lacking = good.clone();
            lacking.as_object_mut().unwrap().remove(required);
            assert!(!check::problems(&description, schema, &lacking).is_empty(), "{name} without {required}");
            let mut wrong = good.clone();
            wrong[required] = json!([["no schema is this"]]);
            assert!(
                !check::problems(&description, schema, &wrong).is_empty(),
                "{name} with {required} wrong"
            );
        }
    }
    assert!(shown.count() >= 30, "few schemas have an example");
}

/// Lists every schema that the description uses, each with its place.
fn all<'a>(value: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("type") || fields.contains_key("enum") {
                found.push((at.to_owned(), value));
            }
            for (name, field) in fields.iter().filter(|(name, _)| !name.starts_with("example")) {
                all(field, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                all(item, &format!("{at}/{place}"), found);
            }
        }
        _ => {}
    }
}

const TIMES: [&str; 5] = ["t0", "at", "by", "until", "timestamp"];
const WORDS: [&str; 9] =
    ["state", "kind", "reason", "outcome", "failure", "step", "level", "platform", "table"];

/// A client reads from keywords alone which texts are times and which are one of some words.
#[test]
fn times_and_words_are_said_in_keywords() {
    let description = description().unwrap();
    let mut found = Vec::new();
    all(&description["components"]["schemas"], "", &mut found);
    for (place, schema) in found {
        let name = place.rsplit('/').next().unwrap_or_default();
        let is_text = schema["type"] == "string" || schema["type"] == json!(["string", "null"]);
        let bare = is_text
            && ["enum", "const", "format", "pattern"].iter().all(|keyword| schema.get(keyword).is_none());
        let timed = name.ends_with("_at") || name.ends_with("_by") || TIMES.contains(&name);
        assert!(
            !(bare && (timed || WORDS.contains(&name))),
            "{place} is a time or one of some words, and its schema does not say so"
        );
        let about = schema["description"].as_str().unwrap_or_default();
        assert!(!about.contains("RFC 3339"), "{place} says its format in words");
    }
}

#[test]
fn each_operation_says_who_may_call_it_and_how_it_fails() {
    let description = description().unwrap();
    for item in description["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(operation["security"].is_array(), "{id} does not say who may call it");
            for status in ["4XX", "5XX"] {
                let of = &operation["responses"][status]["content"]["application/problem+json"]["schema"];
                assert_eq!(*of, json!({ "$ref": "#/components/schemas/Problem" }), "{id} {status}");
            }
            let parameters = operation["parameters"].as_array().unwrap();
            for parameter in parameters.iter().filter(|parameter| parameter["required"] == true) {
                let example = parameter.get("example");
                let example = example.unwrap_or_else(|| panic!("{id}: {} has no example", parameter["name"]));
                let problems = check::problems(&description, &parameter["schema"], example);
                assert!(problems.is_empty(), "{id}: {}: {problems:?}", parameter["name"]);
            }
        }
    }
}
