//! Compares two schemas, by who writes the value and who reads it.

use std::collections::BTreeSet;

use mooring_tests_tidy::described::resolve;
use serde_json::Value;

/// Who writes the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The client, of the release before: the server must accept what it accepted.
    Request,
    /// The server, of today: the client must find what it found.
    Answer,
}

/// The two descriptions, and where their schemas are compared.
pub(super) struct Schemas<'a> {
    pub(super) released: &'a Value,
    pub(super) description: &'a Value,
    pub(super) direction: Direction,
    pub(super) place: &'a str,
    pub(super) found: &'a mut Vec<String>,
}

impl Schemas<'_> {
    /// Compares the schema of the release with today's.
    pub(super) fn compare(&mut self, old: &Value, new: &Value, at: &str) {
        let (old, new) = (resolve(self.released, old).clone(), resolve(self.description, new).clone());
        self.kinds(&old, &new, at);
        self.words(&old, &new, at);
        self.bounds(&old, &new, at);
        self.alternatives(&old, &new, at);
        self.fields(&old, &new, at);
        if let (Some(old), Some(new)) = (old.get("items"), new.get("items")) {
            self.compare(old, new, &format!("{at}[]"));
        }
    }

    fn say(&mut self, at: &str, message: &str) {
        self.found.push(format!("{}: {at}: {message}", self.place));
    }

    /// What the client writes has to stay allowed; what it reads has to stay within what it knew.
    fn kinds(&mut self, old: &Value, new: &Value, at: &str) {
        let (before, now) = (kinds(old), kinds(new));
        let (wide, narrow) = match self.direction {
            Direction::Request => (&now, &before),
            Direction::Answer => (&before, &now),
        };
        if !wide.is_empty() && !narrow.is_subset(wide) {
            self.say(at, &format!("was {}, is {}", list(&before), list(&now)));
        }
        let format = |schema: &Value| schema.get("format").cloned();
        if format(old) != format(new) && (self.direction == Direction::Answer || format(new).is_some()) {
            self.say(at, "its format changed");
        }
    }

    /// A word that is gone is refused in requests, and is missed by a client that waits for it. A new word is no break: the
    /// description says that lists may gain words.
    fn words(&mut self, old: &Value, new: &Value, at: &str) {
        let (before, now) = (words(old), words(new));
        if before.is_empty() {
            if !now.is_empty() && self.direction == Direction::Request {
                self.say(at, &format!("was free, is one of {}", list(&now)));
            }
            return;
        }
        if now.is_empty() && self.direction == Direction::Request {
            return;
        }
        for gone in before.difference(&now) {
            self.say(at, &format!("the word {gone} is gone"));
        }
    }

    /// What a client sends has to stay within what is taken. A looser bound is no break, and neither is any bound of an
    /// answer: it tells a client more than it knew.
    fn bounds(&mut self, old: &Value, new: &Value, at: &str) {
        if self.direction == Direction::Answer {
            return;
        }
        if new.get("pattern").is_some() && old.get("pattern") != new.get("pattern") {
            self.say(at, "its pattern changed");
        }
        let number = |of: &Value, name: &str| of.get(name).and_then(Value::as_f64);
        for (name, is_upper) in [
            ("maximum", true),
            ("maxLength", true),
            ("maxItems", true),
            ("minimum", false),
            ("minLength", false),
            ("minItems", false),
        ] {
            let Some(now) = number(new, name) else { continue };
            let is_tighter =
                number(old, name).is_none_or(|before| if is_upper { now < before } else { now > before });
            if is_tighter {
                self.say(at, &format!("its {name} is tighter"));
            }
        }
    }

    /// Compares the members of a union, apart from `null`, by their names or their place.
    fn alternatives(&mut self, old: &Value, new: &Value, at: &str) {
        let (before, now) = (members(old), members(new));
        for (place, member) in before.iter().enumerate() {
            let name = |of: &Value| of.get("$ref").cloned();
            let same = match name(member) {
                Some(known) if before.len() > 1 => now.iter().find(|one| name(one) == Some(known.clone())),
                _ => now.get(place),
            };
            match same {
                Some(same) => self.compare(member, same, at),
                None => self.say(at, "one of its forms is gone"),
            }
        }
        if now.len() > before.len() && !before.is_empty() && self.direction == Direction::Answer {
            self.say(at, "it has a form that no client knows");
        }
    }

    fn fields(&mut self, old: &Value, new: &Value, at: &str) {
        let fields =
            |of: &Value| of.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let now = fields(new);
        for (name, field) in fields(old) {
            let at = format!("{at}.{name}");
            match now.get(&name) {
                Some(today) => self.compare(&field, today, &at),
                None => self.say(&at, "the field is gone"),
            }
        }
        let (before, now) = (required(old), required(new));
        match self.direction {
            Direction::Request => {
                for name in now.difference(&before) {
                    self.say(&format!("{at}.{name}"), "the field is required now");
                }
            }
            Direction::Answer => {
                for name in before.difference(&now) {
                    self.say(&format!("{at}.{name}"), "the field can be missing now");
                }
            }
        }
    }
}

fn texts(value: Option<&Value>) -> BTreeSet<String> {
    match value {
        Some(Value::Array(all)) => all.iter().map(text).collect(),
        Some(one) => BTreeSet::from([text(one)]),
        None => BTreeSet::new(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn kinds(schema: &Value) -> BTreeSet<String> {
    let mut kinds = texts(schema.get("type"));
    let union = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    if union.clone().any(|one| one.get("type") == Some(&Value::from("null"))) {
        kinds.extend(["null".to_owned(), "a form".to_owned()]);
    } else if union.count() > 0 {
        kinds.insert("a form".to_owned());
    }
    kinds
}

fn words(schema: &Value) -> BTreeSet<String> {
    let mut words = texts(schema.get("enum"));
    words.extend(texts(schema.get("const")));
    words
}

fn members(schema: &Value) -> Vec<Value> {
    let all = schema.get("anyOf").and_then(Value::as_array).cloned().unwrap_or_default();
    all.into_iter().filter(|one| one.get("type") != Some(&Value::from("null"))).collect()
}

fn required(schema: &Value) -> BTreeSet<String> {
    texts(schema.get("required"))
}

fn list(all: &BTreeSet<String>) -> String {
    all.iter().cloned().collect::<Vec<_>>().join(" or ")
}
