//! Compares the description with that of the last release: a change that breaks a client needs a version that says so.
//!
//! `docs/api/released.json` is the description of the last release; `cargo xtask openapi --release` writes it. Before 1.0 a
//! step of the minor version may break clients, from then on a step of the major version.

mod schemas;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use mooring_tests_tidy::described::resolve;
use serde_json::{Map, Value};

use schemas::{Direction, Schemas};

/// The file with the description of the last release.
pub fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/released.json")
}

/// Fails when the description breaks clients of the last release and its version does not say so.
pub fn check(description: &Value) -> Result<()> {
    let text = fs::read_to_string(file()).with_context(|| file().display().to_string())?;
    let released = serde_json::from_str(&text)?;
    judge(&released, description)
}

/// Writes the description as that of a release, unless it breaks clients of the one before without saying so.
pub fn write(description: &Value) -> Result<()> {
    if file().exists() {
        check(description)?;
    }
    fs::write(file(), serde_json::to_string_pretty(description)? + "\n")?;
    Ok(())
}

/// Compares two descriptions; an error lists every break that the version does not allow.
pub fn judge(released: &Value, description: &Value) -> Result<()> {
    let breaks = breaks(released, description);
    let (old, new) = (version(released)?, version(description)?);
    let stepped = if old.0 == 0 { (new.0, new.1) > (old.0, old.1) } else { new.0 > old.0 };
    ensure!(
        breaks.is_empty() || stepped,
        "clients of {}.{}.{} break, and the version does not say so (step {} in Cargo.toml, or keep what was there):\n{}",
        old.0,
        old.1,
        old.2,
        if old.0 == 0 { "the minor version" } else { "the major version" },
        breaks.join("\n")
    );
    Ok(())
}

fn version(description: &Value) -> Result<(u64, u64, u64)> {
    let text = description.pointer("/info/version").and_then(Value::as_str).context("no version")?;
    let mut parts = text.split(['.', '-', '+']).map(str::parse::<u64>);
    let mut next =
        || parts.next().context("a version has three parts")?.context("a version is made of numbers");
    Ok((next()?, next()?, next()?))
}

/// Lists what breaks a client of the first description that talks to a server of the second.
pub fn breaks(released: &Value, description: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (place, old) in operations(released, "paths") {
        match operations(description, "paths").into_iter().find(|(known, _)| *known == place) {
            None => found.push(format!("{place}: the operation is gone")),
            Some((_, new)) => {
                Pair { released, description, place: &place, found: &mut found }.operation(old, new);
            }
        }
    }
    for (place, old) in operations(released, "webhooks") {
        match operations(description, "webhooks").into_iter().find(|(known, _)| *known == place) {
            None => found.push(format!("{place}: the event is gone")),
            // A product reads events as it reads answers.
            Some((_, new)) => {
                Pair { released, description, place: &place, found: &mut found }.event(old, new);
            }
        }
    }
    found
}

/// Lists the operations below `paths` or `webhooks`, each with its method and path.
fn operations<'a>(description: &'a Value, below: &str) -> Vec<(String, &'a Value)> {
    let items = description.get(below).and_then(Value::as_object).into_iter().flatten();
    items
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        })
        .collect()
}

/// An operation before and after.
struct Pair<'a> {
    released: &'a Value,
    description: &'a Value,
    place: &'a str,
    found: &'a mut Vec<String>,
}

impl Pair<'_> {
    fn operation(&mut self, old: &Value, new: &Value) {
        self.same(old, new, "/operationId", "its name changed, and with it that of every generated client");
        self.same(old, new, "/security", "who may call it changed");
        self.parameters(old, new);
        self.body(old, new);
        self.answers(old, new);
    }

    fn event(&mut self, old: &Value, new: &Value) {
        let schema = "/requestBody/content/application~1json/schema";
        if let (Some(old), Some(new)) = (old.pointer(schema), new.pointer(schema)) {
            self.schemas(Direction::Answer).compare(old, new, "body");
        }
    }

    fn same(&mut self, old: &Value, new: &Value, pointer: &str, message: &str) {
        if old.pointer(pointer) != new.pointer(pointer) {
            self.say(message);
        }
    }

    fn say(&mut self, message: &str) {
        self.found.push(format!("{}: {message}", self.place));
    }

    fn schemas(&mut self, direction: Direction) -> Schemas<'_> {
        Schemas {
            released: self.released,
            description: self.description,
            direction,
            place: self.place,
            found: self.found,
        }
    }

    fn parameters(&mut self, old: &Value, new: &Value) {
        let (olds, news) = (parameters(self.released, old), parameters(self.description, new));
        let key = |parameter: &Value| (parameter["in"].clone(), parameter["name"].clone());
        for parameter in &olds {
            match news.iter().find(|known| key(known) == key(parameter)) {
                None => self.say(&format!(
                    "the parameter {} is gone, and a call with it is refused",
                    parameter["name"]
                )),
                Some(now) => {
                    let place = format!("parameter {}", parameter["name"]);
                    self.schemas(Direction::Request).compare(&parameter["schema"], &now["schema"], &place);
                }
            }
        }
        for parameter in news.iter().filter(|parameter| parameter["required"] == true) {
            let before = olds.iter().find(|known| key(known) == key(parameter));
            if before.is_none_or(|before| before["required"] != true) {
                self.say(&format!("the parameter {} is required now", parameter["name"]));
            }
        }
    }

    fn body(&mut self, old: &Value, new: &Value) {
        let required =
            |operation: &Value| operation.pointer("/requestBody/required") == Some(&Value::Bool(true));
        if required(new) && !required(old) {
            self.say("a body is required now");
        }
        let contents = |operation: &Value| object(operation.pointer("/requestBody/content"));
        let news = contents(new);
        for (media, content) in contents(old) {
            match news.get(&media) {
                None => self.say(&format!("a body of {media} is refused now")),
                Some(now) => {
                    self.schemas(Direction::Request).compare(schema(&content), schema(now), "body");
                }
            }
        }
    }

    fn answers(&mut self, old: &Value, new: &Value) {
        let news = object(new.get("responses"));
        for (status, answer) in object(old.get("responses")) {
            let Some(now) = news.get(&status) else {
                self.say(&format!("the answer {status} is gone"));
                continue;
            };
            for header in object(answer.get("headers")).keys() {
                if now["headers"].get(header).is_none() {
                    self.say(&format!("the answer {status} has no {header} any more"));
                }
            }
            for (media, content) in object(answer.get("content")) {
                match now["content"].get(&media) {
                    None => self.say(&format!("the answer {status} is no {media} any more")),
                    Some(now) => {
                        let place = format!("answer {status}");
                        self.schemas(Direction::Answer).compare(schema(&content), schema(now), &place);
                    }
                }
            }
        }
    }
}

fn schema(content: &Value) -> &Value {
    content.get("schema").unwrap_or(&Value::Null)
}

fn parameters(description: &Value, operation: &Value) -> Vec<Value> {
    let listed = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    listed.map(|parameter| resolve(description, parameter).clone()).collect()
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
