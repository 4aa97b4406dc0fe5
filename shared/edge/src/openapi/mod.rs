//! Generates OpenAPI 3.1 from the Rust types: functions describe their operations, and the route table gives
//! their paths.

mod guards;
pub mod problems;

use std::borrow::Cow;

use mooring_domain::people::caller::Scope;
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Map;
pub use serde_json::{Value, json};

use crate::http::paging::{LONGEST_PAGE, PAGE};
use crate::http::problem::Problem;
use crate::routes::{FALLBACK, ROUTES, Route};

/// Collects the description of the API.
pub struct Api {
    schemas: SchemaGenerator,
    operations: Vec<Operation>,
}

/// One operation of the description.
#[derive(Debug, Default)]
pub struct Operation {
    id: &'static str,
    summary: &'static str,
    description: Cow<'static, str>,
    query: Vec<Value>,
    narrowed: Map<String, Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
}

impl Default for Api {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
        });
        Self { schemas: settings.into_generator(), operations: Vec::new() }
    }
}

impl Api {
    /// Begins the description of an operation of the route table.
    pub fn operation(&mut self, id: &'static str, summary: &'static str) -> Describe<'_> {
        Describe { api: self, operation: Operation { id, summary, ..Operation::default() } }
    }

    fn schema<T: JsonSchema>(&mut self) -> Schema {
        self.schemas.subschema_for::<T>()
    }

    /// Builds the document; an error names the operation that is missing or unknown.
    pub fn build(mut self) -> Result<Value, String> {
        let problem = self.schema::<Problem<'_>>();
        for operation in &self.operations {
            if !ROUTES.iter().any(|route| route.operation_id == operation.id) {
                return Err(format!("{} is described and has no route", operation.id));
            }
        }
        let mut paths = Map::new();
        for route in ROUTES {
            let described = self.operations.iter().find(|operation| operation.id == route.operation_id);
            let described = described.ok_or_else(|| format!("{} is not described", route.operation_id))?;
            let item = paths.entry(route.path).or_insert_with(|| json!({}));
            if let Some(item) = item.as_object_mut() {
                item.insert(route.method.to_lowercase(), described.to_json(route, &problem));
            }
        }
        let mut schemas = self.schemas.take_definitions(true);
        schemas.sort_keys();
        Ok(document(&paths, &schemas))
    }
}

fn document(paths: &Map<String, Value>, schemas: &Map<String, Value>) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mooring",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Connects ad and social accounts, syncs and reports, and lets go with proof. \
                Times are RFC 3339 in UTC, days belong to the account's time zone, money is in micro units.",
        },
        "paths": paths,
        "x-problems": problems::table(),
        "components": {
            "schemas": schemas,
            "parameters": guards::parameters(),
            "headers": guards::headers(),
            "securitySchemes": { "credential": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key (`moor_live_…`) on a server, a frontend token (`moor_ft_live_…`) in a browser; outside of a deployment `test` stands in the place of `live`.",
            } },
        },
    })
}

/// Describes one operation; [`Self::add`] then adds it to the description.
pub struct Describe<'a> {
    api: &'a mut Api,
    operation: Operation,
}

impl Describe<'_> {
    /// Adds a text that says more than the summary.
    #[must_use]
    pub fn says(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.operation.description = description.into();
        self
    }

    /// Adds a query parameter with its JSON type and its meaning; `required` says that a call must have it.
    #[must_use]
    pub fn query(mut self, name: &str, kind: &str, required: bool, meaning: &str) -> Self {
        self.operation.query.push(json!({
            "name": name, "in": "query", "required": required, "description": meaning, "schema": { "type": kind },
        }));
        self
    }

    /// Restricts a parameter, in the query or in the path, by keywords of JSON Schema.
    #[must_use]
    pub fn narrow(mut self, name: &str, keywords: Value) -> Self {
        self.operation.narrowed.insert(name.to_owned(), keywords);
        self
    }

    /// Restricts a parameter, in the query or in the path, to an id with a prefix.
    #[must_use]
    pub fn id(self, name: &str, prefix: &str) -> Self {
        self.narrow(name, json!({ "pattern": id_pattern(prefix) }))
    }

    /// Adds the parameters of a list in pages, as [`crate::Paging`] reads them.
    #[must_use]
    pub fn paged(self) -> Self {
        let how_many = format!("How many, from 1 to {LONGEST_PAGE}; {PAGE} without it.");
        self.query("limit", "integer", false, &how_many)
            .narrow("limit", json!({ "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE }))
            .query("cursor", "string", false, "Where to go on: `next_cursor` of the page before.")
            .narrow("cursor", cursor_form())
    }

    /// Adds a JSON body to the request.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self) -> Self {
        let schema = self.api.schema::<T>();
        self.operation.body =
            Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }));
        self
    }

    /// Adds a form of text fields, as people's browsers send it, to the request.
    #[must_use]
    pub fn form(mut self) -> Self {
        let schema = json!({ "type": "object", "additionalProperties": { "type": "string" } });
        let content = json!({ "application/x-www-form-urlencoded": { "schema": schema } });
        self.operation.body = Some(json!({ "content": content }));
        self
    }

    /// Adds the answer 200 with JSON.
    #[must_use]
    pub fn ok<T: JsonSchema>(self, meaning: &str) -> Self {
        self.json::<T>("200", meaning)
    }

    /// Adds the answer 201 with JSON.
    #[must_use]
    pub fn created<T: JsonSchema>(self, meaning: &str) -> Self {
        self.json::<T>("201", meaning)
    }

    /// Adds the answer 202 with JSON.
    #[must_use]
    pub fn accepted<T: JsonSchema>(self, meaning: &str) -> Self {
        self.json::<T>("202", meaning)
    }

    /// Adds the answer 204.
    #[must_use]
    pub fn empties(mut self, meaning: &str) -> Self {
        self.operation.answers.insert("204".into(), json!({ "description": meaning }));
        self
    }

    /// Adds the answer 200 without a body.
    #[must_use]
    pub fn bare(mut self, meaning: &str) -> Self {
        self.operation.answers.insert("200".into(), json!({ "description": meaning }));
        self
    }

    /// Adds the answer 200 with another media type, beside JSON if that was added before.
    #[must_use]
    pub fn media(self, media: &str, meaning: &str) -> Self {
        self.text("200", media, meaning)
    }

    /// Adds the answer 202 with a page, beside JSON if that was added before.
    #[must_use]
    pub fn accepted_page(self, meaning: &str) -> Self {
        self.text("202", "text/html", meaning)
    }

    fn text(mut self, status: &str, media: &str, meaning: &str) -> Self {
        let answer = self
            .operation
            .answers
            .entry(status)
            .or_insert_with(|| json!({ "description": meaning, "content": {} }));
        if let Some(content) = answer.get_mut("content").and_then(Value::as_object_mut) {
            content.insert(media.to_owned(), json!({ "schema": { "type": "string" } }));
        }
        self
    }

    /// Adds the answer 303, a redirect.
    #[must_use]
    pub fn redirects(mut self, meaning: &str) -> Self {
        let location = json!({ "Location": { "schema": { "type": "string" } } });
        self.operation.answers.insert("303".into(), json!({ "description": meaning, "headers": location }));
        self
    }

    /// Adds the operation to the description.
    pub fn add(self) {
        self.api.operations.push(self.operation);
    }

    fn json<T: JsonSchema>(mut self, status: &str, meaning: &str) -> Self {
        let schema = self.api.schema::<T>();
        let content = json!({ "application/json": { "schema": schema } });
        self.operation.answers.insert(status.into(), json!({ "description": meaning, "content": content }));
        self
    }
}

/// The pattern of a product's reference to a person.
pub const END_USER_PATTERN: &str = "^[!-?A-~]+$";

/// Returns the pattern of ids with a prefix.
pub fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$")
}

/// Returns the schema keywords of cursors.
pub fn cursor_form() -> Value {
    json!({ "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 2048 })
}

/// Returns the resource that a route concerns; pages for people count as one resource.
pub fn tag(route: &Route) -> &'static str {
    let resource = route.path.strip_prefix("/v1/").and_then(|rest| rest.split('/').next());
    match resource {
        Some(resource) => resource,
        None if route.function == FALLBACK => "description",
        None => "pages",
    }
}

impl Operation {
    /// Adds the restrictions of a parameter to its schema.
    fn narrowed(&self, parameter: &mut Value) {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some(keywords) = self.narrowed.get(name).and_then(Value::as_object).cloned() else { return };
        if let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) {
            schema.extend(keywords);
        }
    }

    fn to_json(&self, route: &Route, problem: &Schema) -> Value {
        let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> = in_path
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        parameters.extend(self.query.iter().cloned());
        for parameter in &mut parameters {
            self.narrowed(parameter);
        }
        let repeatable = !route.is_public() && route.method == "POST";
        parameters.extend(repeatable.then(guards::key));
        let mut answers = self.answers.clone();
        let media = if route.is_public() { "text/html" } else { "application/problem+json" };
        let refusal = if route.is_public() { json!({ "type": "string" }) } else { json!(problem) };
        answers.insert(
            "4XX".into(),
            json!({ "description": "Refused; says what to do.", "content": { media: { "schema": &refusal } } }),
        );
        if !route.is_public() {
            guards::limit(&mut answers, &refusal, repeatable);
        }
        let mut operation = Map::new();
        operation.insert("operationId".into(), json!(self.id));
        operation.insert("summary".into(), json!(self.summary));
        operation.insert("tags".into(), json!([tag(route)]));
        operation.insert("parameters".into(), json!(parameters));
        operation.insert("responses".into(), json!(answers));
        if !self.description.is_empty() {
            operation.insert("description".into(), json!(self.description));
        }
        if let Some(body) = &self.body {
            operation.insert("requestBody".into(), body.clone());
        }
        if !route.is_public() {
            let scopes: Vec<_> = route.scope().map(Scope::as_str).into_iter().collect();
            operation.insert("security".into(), json!([{ "credential": scopes }]));
        }
        Value::Object(operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_to_be_described_and_nothing_else() {
        let error = Api::default().build().unwrap_err();
        assert!(error.contains("is not described"), "{error}");
        let mut api = Api::default();
        api.operation("inventedOperation", "Nothing").add();
        assert_eq!(api.build().unwrap_err(), "inventedOperation is described and has no route");
    }
}
