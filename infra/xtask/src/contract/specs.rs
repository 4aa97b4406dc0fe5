//! The vendor's interface files, read as data from a folder outside the repository.
//!
//! Where an operation has no description of its own, the official SDK's tables take its place: they name endpoints,
//! bodies and filters, but no query parameters and no answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::operation::{self, Operation, Slot};
use super::schema::{Kind, Schema};

/// The content of the files of one vendor.
#[derive(Debug, Default)]
pub(crate) struct Specs {
    /// Operations by their path below the API's version.
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) metrics: BTreeMap<String, String>,
    pub(crate) scopes: BTreeMap<String, Scope>,
    /// Return codes with their category.
    pub(crate) codes: BTreeMap<u32, String>,
    pub(crate) rates: Rates,
}

/// A permission scope.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Scope {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    #[serde(default)]
    pub(crate) endpoints: BTreeSet<String>,
}

/// The rates at which an app may use the API.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Rates {
    pub(crate) tiers: Vec<Tier>,
    pub(crate) endpoint_limits: Vec<EndpointLimit>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tier {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) default: bool,
    pub(crate) qps: u32,
    pub(crate) qpm: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EndpointLimit {
    pub(crate) endpoint: String,
    pub(crate) basic: Basic,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Basic {
    pub(crate) qps: u32,
}

#[derive(Deserialize)]
struct Endpoints {
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    operation: String,
    method: String,
    path: String,
}

#[derive(Deserialize)]
struct Bodies {
    bodies: BTreeMap<String, Vec<Field>>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    required: bool,
}

#[derive(Deserialize)]
struct Metrics {
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
struct Metric {
    name: String,
    kind: String,
}

#[derive(Deserialize)]
struct Scopes {
    first: Vec<Scope>,
    second: Vec<Scope>,
    third: Vec<Scope>,
}

#[derive(Deserialize)]
struct Codes {
    codes: Vec<Code>,
}

#[derive(Deserialize)]
struct Code {
    code: u32,
    category: String,
}

impl Specs {
    /// Reads a vendor's folder; `base` is the prefix that the API puts before every path, such as `/open_api/v1.3`.
    pub(crate) fn read(folder: &Path, base: &str) -> Result<Self> {
        let (files, derived) = (folder.join("openapi"), folder.join("derived"));
        for part in [&files, &derived] {
            ensure!(
                part.is_dir(),
                "there is no folder {}; --specs names the folder that holds the vendors' interface files, one folder a vendor",
                part.display()
            );
        }
        let Bodies { bodies } = json(&derived.join("sdk_request_fields.json"))?;
        let endpoints = json(&derived.join("sdk_endpoints.json"))?;
        let mut operations: BTreeMap<_, _> = sdk_operations(endpoints, &bodies, base).collect();
        operations.extend(described(&files)?);
        let scopes: Scopes = json(&derived.join("permission_scopes.json"))?;
        let scopes = scopes.first.into_iter().chain(scopes.second).chain(scopes.third);
        let metrics: Metrics = json(&derived.join("report_metrics.json"))?;
        let codes: Codes = json(&derived.join("return_codes.json"))?;
        Ok(Self {
            operations,
            metrics: metrics.metrics.into_iter().map(|metric| (metric.name, metric.kind)).collect(),
            scopes: scopes.map(|scope| (scope.id.clone(), scope)).collect(),
            codes: codes.codes.into_iter().map(|code| (code.code, code.category)).collect(),
            rates: json(&derived.join("rate_limits.json"))?,
        })
    }

    /// Returns the scopes above a scope, the nearest first.
    pub(crate) fn above(&self, scope: &str) -> Vec<String> {
        let parent = |scope: &String| self.scopes.get(scope).and_then(|scope| scope.parent.clone());
        std::iter::successors(parent(&scope.to_owned()), parent).take(self.scopes.len()).collect()
    }
}

fn json<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}

fn described(folder: &Path) -> Result<Vec<(String, Operation)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let file = entry?.path();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if file.extension().is_some_and(|extension| extension == "yml") {
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            all.extend(operation::read(&name, &text)?);
        }
    }
    ensure!(!all.is_empty(), "{} describes no operation", folder.display());
    Ok(all)
}

/// Makes operations from the SDK's tables.
fn sdk_operations<'a>(
    endpoints: Endpoints,
    bodies: &'a BTreeMap<String, Vec<Field>>,
    base: &'a str,
) -> impl Iterator<Item = (String, Operation)> + use<'a> {
    endpoints.endpoints.into_iter().map(move |endpoint| {
        let path = endpoint.path.strip_prefix(base).unwrap_or(&endpoint.path).to_owned();
        let named = |prefix: &str, suffix: &str| format!("{prefix}{}{suffix}", capital(&endpoint.operation));
        let filter = bodies.get(&named("Filtering", "")).map(|fields| {
            let slot = Slot { is_json: true, schema: object(fields, bodies), required: false };
            ("filtering".to_owned(), slot)
        });
        let operation = Operation {
            source: "SDK tables".to_owned(),
            method: endpoint.method.clone(),
            query: filter.into_iter().collect(),
            body: bodies.get(&named("", "Body")).map(|fields| object(fields, bodies)),
            ..Operation::default()
        };
        (path, operation)
    })
}

fn object(fields: &[Field], bodies: &BTreeMap<String, Vec<Field>>) -> Schema {
    let required = fields.iter().filter(|field| field.required).map(|field| field.name.clone());
    Schema {
        required: required.collect(),
        properties: fields.iter().map(|field| (field.name.clone(), typed(&field.kind, bodies))).collect(),
        ..Schema::of(Kind::Object)
    }
}

/// Reads the name of a Java type; an unknown type demands nothing.
fn typed(name: &str, bodies: &BTreeMap<String, Vec<Field>>) -> Schema {
    if let Some(inner) = name.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')) {
        return Schema { items: Some(Box::new(typed(inner, bodies))), ..Schema::of(Kind::Array) };
    }
    match name {
        "String" => Schema::of(Kind::String),
        "Boolean" => Schema::of(Kind::Boolean),
        "Integer" | "Long" => Schema::of(Kind::Integer),
        "Float" | "Double" | "BigDecimal" => Schema::of(Kind::Number),
        model => bodies.get(model).map(|fields| object(fields, bodies)).unwrap_or_default(),
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_folder_is_told_what_belongs_there() {
        let error = Specs::read(Path::new("/nowhere/tiktok"), "").unwrap_err().to_string();
        assert!(error.contains("/nowhere/tiktok/openapi") && error.contains("--specs names"), "{error}");
    }

    #[test]
    fn the_tables_of_the_sdk_stand_in_for_a_file() {
        let endpoints = json!({"endpoints": [
            {"operation": "thingGet", "method": "GET", "path": "/api/v1/thing/get/"},
            {"operation": "thingPut", "method": "POST", "path": "/api/v1/thing/put/"},
        ]});
        let bodies = json!({"bodies": {
            "FilteringThingGet": [{"name": "ids", "type": "List<String>", "required": false}],
            "ThingPutBody": [{"name": "parts", "type": "List<Part>", "required": true}],
            "Part": [{"name": "size", "type": "Long", "required": true}],
        }});
        let bodies: Bodies = serde_json::from_value(bodies).unwrap();
        let all: BTreeMap<_, _> =
            sdk_operations(serde_json::from_value(endpoints).unwrap(), &bodies.bodies, "/api/v1").collect();
        let get = &all["/thing/get/"];
        assert!(!get.query_is_whole && get.query["filtering"].is_json);
        let problem = get.query["filtering"].schema.problem("f", &json!({"ids": [1]})).unwrap();
        assert!(problem.starts_with("f.ids[0]"), "{problem}");
        let body = all["/thing/put/"].body.as_ref().unwrap();
        assert_eq!(body.problem("b", &json!({"parts": [{"size": 3}]})), None);
        assert_eq!(body.problem("b", &json!({})).unwrap(), "b.parts: missing");
        assert!(
            body.problem("b", &json!({"parts": [{"size": "3"}]})).unwrap().starts_with("b.parts[0].size")
        );
    }

    #[test]
    fn scopes_know_what_is_above_them() {
        let scope = |id: &str, parent: Option<&str>| {
            let parent = parent.map(str::to_owned);
            (id.to_owned(), Scope { id: id.to_owned(), parent, endpoints: BTreeSet::new() })
        };
        let scopes = [scope("4", None), scope("40", Some("4")), scope("400", Some("40"))].into();
        let specs = Specs { scopes, ..Specs::default() };
        assert_eq!(specs.above("400"), ["40", "4"]);
        assert!(specs.above("4").is_empty());
    }
}
