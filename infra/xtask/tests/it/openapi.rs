//! The served description is the one that the types give.

use std::collections::BTreeSet;

use mooring_xtask::reference::{check, example, folder, pages, write};
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
    let stale: Vec<String> = there.filter(|name| name != "README.md" && !written.contains(name)).collect();
    assert!(stale.is_empty(), "nothing writes docs/api/{stale:?} any more");
}

#[test]
fn examples_are_held_against_the_schemas() {
    let description = description().unwrap();
    let schemas = description["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        let good = example::of(&description, schema);
        assert_eq!(check::problems(&description, schema, &good), Vec::<String>::new(), "{name}: {good}");
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut lacking = good.clone();
            lacking.as_object_mut().unwrap().remove(required);
            assert!(!check::problems(&description, schema, &lacking).is_empty(), "{name} without {required}");
            let mut wrong = good.clone();
            wrong[required] = json!({ "no": ["schema", "is", "this"] });
            assert!(
                !check::problems(&description, schema, &wrong).is_empty(),
                "{name} with {required} wrong"
            );
        }
    }
}
