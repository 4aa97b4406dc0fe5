//! template.yaml as one JSON value: intrinsic functions in their long form, so that a rule is a function of a value.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::{root, translated};

/// The type of a function's resource.
pub const FUNCTION: &str = "AWS::Serverless::Function";

/// The type of the API's resource.
pub const API: &str = "AWS::Serverless::HttpApi";

/// A template, read once for all rules.
#[derive(Debug, Clone)]
pub struct Template(
    /// The whole document.
    pub Value,
);

impl Template {
    /// Reads template.yaml of the repository.
    pub fn read() -> Result<Self> {
        Self::of_file(&root().join("template.yaml"))
    }

    /// Reads a template as written, or as SAM translated it: puts a translated one's functions, events and API back
    /// into SAM's form, so that the same rules judge both. The routes of the API's definition become events of their
    /// functions.
    pub fn of_file(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let document: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(&text).with_context(|| file.display().to_string())?;
        let mut document = plain(document)?;
        if at(&document, "Transform").is_null() {
            translated::fold(&mut document)?;
        }
        translated::routes(&mut document)?;
        Ok(Self(document))
    }

    /// Lists every resource with its logical id.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        entries(at(&self.0, "Resources"))
    }

    /// Lists the resources of one type.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.resources().filter(move |(_, resource)| text(resource, "Type") == kind)
    }

    /// Lists the functions by their logical id.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.of_type(FUNCTION)
    }

    /// Returns a resource; null when there is none of this name.
    pub fn resource(&self, id: &str) -> &Value {
        at(&self.0, &format!("Resources/{id}"))
    }

    /// Returns a resource's properties; null when there is no such resource.
    pub fn properties(&self, id: &str) -> &Value {
        at(&self.0, &format!("Resources/{id}/Properties"))
    }

    /// Returns a property of a function, its own or the one of `Globals`.
    pub fn of_function<'a>(&'a self, function: &'a Value, path: &str) -> &'a Value {
        let own = at(function, &format!("Properties/{path}"));
        if own.is_null() { at(&self.0, &format!("Globals/Function/{path}")) } else { own }
    }
}

/// Returns the name of a function's binary, which is also its folder.
pub fn binary(function: &Value) -> &str {
    text(function, "Metadata/BuildProperties/Binary")
}

/// Lists the events that start a function, of a type such as `SQS`.
pub fn events<'a>(function: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    entries(at(function, "Properties/Events")).filter(move |(_, event)| text(event, "Type") == kind)
}

/// Returns the value at a path of names and positions such as `Properties/Policies/0`; null when there is none.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(&format!("/{path}")).unwrap_or(&Value::Null)
}

/// Returns the text at a path; empty when there is none.
pub fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    at(value, path).as_str().unwrap_or_default()
}

/// Lists the names and values of an object; nothing for anything else.
pub fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// Lists the items of a list; a single value is a list of one, null is an empty one.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    let (many, one) = match value {
        Value::Array(items) => (items.as_slice(), None),
        Value::Null => (&[][..], None),
        single => (&[][..], Some(single)),
    };
    many.iter().chain(one)
}

/// Lists the texts of a list or of a single value.
pub fn words(value: &Value) -> impl Iterator<Item = &str> {
    items(value).filter_map(Value::as_str)
}

/// Returns the logical id that a `Ref` or `Fn::GetAtt` names.
pub fn target(value: &Value) -> Option<&str> {
    if let Some(id) = at(value, "Ref").as_str() {
        return Some(id);
    }
    at(value, "Fn::GetAtt").as_str().map(|path| path.split_once('.').map_or(path, |(id, _)| id))
}

/// Returns whether any text below a value is accepted by a test.
pub fn any_text(value: &Value, accepts: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => accepts(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, accepts)),
        Value::Object(fields) => fields.values().any(|field| any_text(field, accepts)),
        _ => false,
    }
}

/// Turns `{"Fn::GetAtt": ["A", "Arn"]}` into `{"Fn::GetAtt": "A.Arn"}`.
fn attribute(mut fields: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Array(path)) = fields.get("Fn::GetAtt") {
        let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
        let path = path.join(".");
        fields.insert("Fn::GetAtt".to_owned(), Value::String(path));
    }
    fields
}

/// Turns `!GetAtt A.Arn` into `{"Fn::GetAtt": "A.Arn"}`; keeps every other value.
fn plain(value: serde_yaml_ng::Value) -> Result<Value> {
    use serde_yaml_ng::Value as Yaml;
    Ok(match value {
        Yaml::Tagged(tagged) => {
            let word = tagged.tag.to_string();
            let short = word.trim_start_matches('!');
            let long =
                if matches!(short, "Ref" | "Condition") { short.to_owned() } else { format!("Fn::{short}") };
            Value::Object(Map::from_iter([(long, plain(tagged.value)?)]))
        }
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect::<Result<_>>()?),
        Yaml::Mapping(fields) => {
            let named = fields.into_iter().map(|(name, field)| {
                let name = name.as_str().context("a key of template.yaml is not a text")?.to_owned();
                Ok((name, plain(field)?))
            });
            Value::Object(attribute(named.collect::<Result<_>>()?))
        }
        scalar => serde_json::to_value(scalar)?,
    })
}
