//! Generates OpenAPI 3.1 from the Rust types: functions describe their operations, and the route table gives
//! their paths.

mod describe;
mod guards;
mod headers;
mod operation;
pub mod problems;
mod webhooks;
pub mod words;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
pub use serde_json::{Map, Value, json};

pub use self::describe::Describe;
use self::describe::Operation;
use crate::http::problem::Problem;
use crate::routes::{FALLBACK, ROUTES, Route};

/// Collects the description of the API.
pub struct Api {
    schemas: SchemaGenerator,
    operations: Vec<Operation>,
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
        let webhooks = webhooks::describe(&mut self.schemas);
        let mut schemas = self.schemas.take_definitions(true);
        schemas.extend(webhooks::schemas());
        schemas.sort_keys();
        Ok(document(&paths, &webhooks, &schemas, &tags()?))
    }
}

/// What each tag of [`tag`] is about.
const TAGS: &[(&str, &str)] = &[
    ("frontend-tokens", "Credentials for browsers."),
    ("connect-sessions", "Send a person to connect an account."),
    ("connections", "Activate, list, read and disconnect connections."),
    ("reports", "Figures of one account, as JSON or as CSV."),
    ("deletion-requests", "Have a connection, an account or the whole tenant deleted."),
    ("deletions", "Watch deletions, and keep their receipts."),
    ("webhook-endpoints", "Hear of what happens: endpoints and their deliveries."),
    ("events", "What Mooring sends to your webhook endpoints."),
    ("credential", "Whose credential calls, and what is left of its limits."),
    ("access-log", "The calls that were made."),
    ("usage", "How many calls there were."),
    ("pages", "Pages that people see in their browsers, most of them without a credential."),
    ("description", "The API itself: its description, and whether it answers."),
];

fn tags() -> Result<Vec<Value>, String> {
    if let Some(route) = ROUTES.iter().find(|route| TAGS.iter().all(|(name, _)| *name != tag(route))) {
        return Err(format!("TAGS says nothing about `{}`", tag(route)));
    }
    Ok(TAGS.iter().map(|(name, about)| json!({ "name": name, "description": about })).collect())
}

fn document(
    paths: &Map<String, Value>,
    webhooks: &Map<String, Value>,
    schemas: &Map<String, Value>,
    tags: &[Value],
) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mooring",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Connects ad and social accounts, syncs and reports, and lets go with proof. \
                Times are RFC 3339 in UTC, to the millisecond; days belong to the account's time zone; money is in \
                micro units. Answers may gain fields, and lists of words may gain words.",
        },
        "servers": [
            { "url": "/", "description": "The deployment that serves this description." },
            { "url": "http://127.0.0.1:8787", "description": "The local runner." },
        ],
        "tags": tags,
        "paths": paths,
        "webhooks": webhooks,
        "x-problems": problems::table(),
        "components": {
            "schemas": schemas,
            "parameters": guards::parameters(),
            "headers": headers::components(),
            "securitySchemes": { "credential": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key (`moor_live_…`) on a server, a frontend token (`moor_ft_live_…`) in a browser; outside of a deployment `test` stands in the place of `live`.",
            } },
        },
    })
}

/// The pattern of a product's reference to a person.
pub const END_USER_PATTERN: &str = "^[!-?A-~]+$";

/// Returns the pattern of ids with a prefix.
pub fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$")
}

/// Returns the id of examples with a prefix.
pub fn example_id(prefix: &str) -> String {
    format!("{prefix}_01M84BE57HGM2KX7ZQW3V5T9R4")
}

/// Returns the schema keywords of cursors.
pub fn cursor_form() -> Value {
    json!({ "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 2048 })
}

/// Returns the resource that a route concerns; pages for people count as one resource.
pub fn tag(route: &Route) -> &'static str {
    let resource = route.path.strip_prefix("/v1/").and_then(|rest| rest.split(['/', '.']).next());
    match resource {
        Some(resource) => resource,
        None if route.function == FALLBACK => "description",
        None => "pages",
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
