//! Judges template.yaml by our own rules, and every rule by a broken copy that it has to refuse.

use std::collections::BTreeSet;

use mooring_tests_tidy::permissions::text_of;
use mooring_tests_tidy::root;
use mooring_tests_tidy::rules::{EXCEPTIONS, RULES, Rule};
use mooring_tests_tidy::template::{Template, text};
use serde_json::Value;

use crate::fixtures;

#[test]
fn the_template_holds_every_rule() {
    let template = Template::read().unwrap();
    let told = |rule: &Rule| {
        let found = (rule.check)(&template).into_iter();
        found.map(|violation| format!("[{}] {violation} ({})", rule.name, rule.why)).collect::<Vec<_>>()
    };
    let found: Vec<String> = RULES.iter().flat_map(told).collect();
    assert!(found.is_empty(), "template.yaml breaks our rules\n{}", found.join("\n"));
}

#[test]
fn the_committed_permissions_are_what_the_template_says() {
    let committed = std::fs::read_to_string(root().join("docs/permissions.md")).unwrap();
    let said = text_of(&Template::read().unwrap()).unwrap();
    assert!(committed == said, "run `cargo xtask permissions` and commit what it writes");
}

#[test]
fn every_rule_has_a_failing_fixture() {
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(rules.len(), RULES.len(), "two rules have the same name");
    let proven: BTreeSet<&str> = fixtures::all().iter().map(|fixture| fixture.rule).collect();
    assert_eq!(rules, proven, "rules on the left, rules with a failing fixture on the right");
}

#[test]
fn every_rule_fires() {
    let whole = Template::read().unwrap();
    for fixture in fixtures::all() {
        let mut broken = whole.clone();
        for (path, value) in &fixture.edits {
            edit(&mut broken.0, path, value).unwrap_or_else(|| panic!("{}: no {path}", fixture.rule));
        }
        let rule = RULES.iter().find(|rule| rule.name == fixture.rule).unwrap();
        let found = (rule.check)(&broken);
        let named = found.iter().any(|violation| violation.contains(fixture.names));
        assert!(named, "{} does not see {:?} as {}: {found:?}", rule.name, fixture.edits, fixture.names);
    }
}

#[test]
fn every_exception_has_a_reason() {
    for (place, reason) in EXCEPTIONS {
        assert!(reason.len() > 20, "{place}: say why");
    }
}

/// Puts a value at a path of names, positions and `Field=value` choices; null removes it. `None` if nothing changes.
fn edit(document: &mut Value, path: &str, value: &Value) -> Option<()> {
    let (place, last) = path.rsplit_once('/')?;
    // As in a JSON pointer, for names that have a slash themselves.
    let last = &last.replace("~1", "/");
    let mut at = document;
    for step in place.split('/') {
        at = match (at, step.split_once('=')) {
            (Value::Array(items), Some((field, wanted))) => {
                items.iter_mut().find(|item| text(item, field) == wanted)?
            }
            (Value::Array(items), None) => items.get_mut(step.parse::<usize>().ok()?)?,
            (Value::Object(fields), _) => fields.get_mut(step)?,
            _ => return None,
        };
    }
    match at {
        Value::Object(fields) if value.is_null() => fields.remove(last).map(drop),
        Value::Object(fields) => {
            (fields.insert(last.to_owned(), value.clone()).as_ref() != Some(value)).then_some(())
        }
        Value::Array(items) if last == "+" => {
            items.push(value.clone());
            Some(())
        }
        _ => None,
    }
}
