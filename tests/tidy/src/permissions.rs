//! The rights of each function, evaluated from the statements of template.yaml in the form of docs/permissions.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::grants::{Grant, Thing, grants};
use crate::rules::EXCEPTIONS;
use crate::template::{Template, at, binary, entries, target, text};
use anyhow::Result;

const HEAD: &str = "# Who may do what

`cargo xtask permissions` evaluates the statements of template.yaml; do not edit. A test compares the page, and rules in
`tests/tidy` hold the template to the lists below: nobody else may decrypt, and no role may make, change or delete a table,
a backup, a queue, a key or a log, or scan a table.

";

const ADDED: &str = "## Rights that are not in the list

Each role is stated in full in template.yaml; neither SAM nor AWS adds a policy to it. Lambda writes the log lines and takes
the messages in the name of the function. EventBridge Scheduler has a role for each schedule, which may call the one
function that it starts (rule schedule-own-role).

";

/// Returns the evaluation of a template's statements, ready to be written.
pub fn text_of(template: &Template) -> Result<String> {
    let all = grants(template);
    let deletes = ["dynamodb:DeleteItem", "dynamodb:BatchWriteItem"];
    let mut out = String::from(HEAD);
    list(&mut out, "Who may decrypt", "keys", &by_key(&all, "kms:Decrypt"))?;
    list(&mut out, "Who may make data keys", "keys", &by_key(&all, "kms:GenerateDataKey"))?;
    list(&mut out, "Who may delete rows", "table", &by_thing(&all, &deletes))?;
    list(&mut out, "Who may send", "to", &by_thing(&all, &["sqs:SendMessage", "ses:SendEmail"]))?;
    list(&mut out, "What starts each function", "by", &starts(template))?;
    rights(&mut out, &all)?;
    out.push_str(ADDED);
    out.push_str("## Wildcards that AWS requires\n\n| where | why |\n|---|---|\n");
    for (place, reason) in EXCEPTIONS {
        writeln!(out, "| {} | {reason} |", place.replace('*', "\\*"))?;
    }
    Ok(out)
}

type Listed = BTreeMap<String, BTreeSet<String>>;

fn list(out: &mut String, title: &str, of: &str, listed: &Listed) -> Result<()> {
    write!(out, "## {title}\n\n| {of} | functions |\n|---|---|\n")?;
    for (thing, functions) in listed {
        writeln!(out, "| {thing} | {} |", functions.iter().cloned().collect::<Vec<_>>().join(", "))?;
    }
    out.push('\n');
    Ok(())
}

fn by_key(all: &[Grant], action: &str) -> Listed {
    let mut listed = Listed::new();
    for grant in all.iter().filter(|grant| grant.allows(action)) {
        for key in grant.keys() {
            listed.entry(key.replace('*', "…")).or_default().insert(grant.function.clone());
        }
    }
    listed
}

fn by_thing(all: &[Grant], actions: &[&str]) -> Listed {
    let mut listed = Listed::new();
    for grant in all.iter().filter(|grant| actions.iter().any(|action| grant.allows(action))) {
        for thing in &grant.things {
            let function = format!("{}{}", grant.function, only(grant));
            listed.entry(label(thing)).or_default().insert(function);
        }
    }
    for functions in listed.values_mut() {
        // A function that may touch every row is not named again for some of them.
        let whole = functions.clone();
        let narrowed =
            |name: &String| name.split_once(" rows ").is_some_and(|(name, _)| whole.contains(name));
        functions.retain(|name| !narrowed(name));
    }
    listed
}

fn starts(template: &Template) -> Listed {
    let mut listed = Listed::new();
    for (_, function) in template.functions() {
        for (_, event) in entries(at(function, "Properties/Events")) {
            let by = match text(event, "Type") {
                "HttpApi" => {
                    format!("`{} {}`", text(event, "Properties/Method"), text(event, "Properties/Path"))
                }
                "SQS" => target(at(event, "Properties/Queue")).unwrap_or_default().to_owned(),
                _ => text(event, "Properties/ScheduleExpression").to_owned(),
            };
            listed.entry(by).or_default().insert(binary(function).to_owned());
        }
    }
    listed
}

fn rights(out: &mut String, all: &[Grant]) -> Result<()> {
    out.push_str("## Each function\n\n| function | on | may | only |\n|---|---|---|---|\n");
    let mut rows: Vec<[String; 4]> = all.iter().flat_map(rows).collect();
    rows.sort();
    for row in rows {
        writeln!(out, "| {} |", row.join(" | "))?;
    }
    out.push('\n');
    Ok(())
}

fn rows(grant: &Grant) -> Vec<[String; 4]> {
    let actions =
        grant.actions.iter().map(|action| action.split_once(':').map_or(&**action, |(_, name)| name));
    let actions = actions.collect::<Vec<_>>().join(", ");
    let keys = grant.keys().into_iter().collect::<Vec<_>>().join(", ").replace('*', "…");
    let only = if keys.is_empty() { only(grant).trim_start().to_owned() } else { keys };
    let row = |thing| [grant.function.clone(), label(thing), actions.clone(), only.clone()];
    grant.things.iter().map(row).collect()
}

fn only(grant: &Grant) -> String {
    let rows = grant.rows();
    if rows.is_empty() { String::new() } else { format!(" rows `{}`", rows.join("`, `")) }
}

fn label(thing: &Thing) -> String {
    match thing {
        Thing::Own(id) => id.clone(),
        Thing::Part(id, part) => format!("{id} {part}"),
        Thing::Named(name) | Thing::Unknown(name) => format!("`{name}`"),
    }
}
