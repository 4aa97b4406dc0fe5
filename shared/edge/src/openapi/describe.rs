//! Builds the description of one operation.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{Api, cursor_form, example_id, headers, id_pattern};
use crate::http::paging::{LONGEST_PAGE, PAGE};

const JSON: &str = "application/json";

/// One operation of the description.
#[derive(Debug, Default)]
pub(super) struct Operation {
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: Cow<'static, str>,
    pub(super) query: Vec<Value>,
    pub(super) narrowed: Map<String, Value>,
    pub(super) examples: Map<String, Value>,
    pub(super) meanings: Map<String, Value>,
    pub(super) body: Option<Value>,
    pub(super) answers: Map<String, Value>,
    pub(super) refusals: Refusals,
}

/// The forms in which an operation refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Refusals {
    /// A problem document, or for a public operation a page, whichever the client prefers.
    #[default]
    AsAsked,
    /// A problem document for everybody.
    Problems,
}

/// Says what an id names, by its prefix.
fn names(prefix: &str) -> &'static str {
    match prefix {
        "con" => "The connection's id.",
        "acc" => "The account's id.",
        "del" => "The deletion's id.",
        "whe" => "The webhook endpoint's id.",
        "dlv" => "The delivery's id.",
        _ => "The id.",
    }
}

/// Describes one operation; [`Self::add`] then adds it to the description.
pub struct Describe<'a> {
    pub(super) api: &'a mut Api,
    pub(super) operation: Operation,
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
    pub fn query(self, name: &str, kind: &str, required: bool, meaning: &str) -> Self {
        self.parameter(name, required, meaning, &json!({ "type": kind }))
    }

    /// Adds a query parameter whose form is that of a type, such as a list of words of [`super::words`].
    #[must_use]
    pub fn query_of<T: JsonSchema>(self, name: &str, required: bool, meaning: &str) -> Self {
        let schema = json!(self.api.schema::<T>());
        self.parameter(name, required, meaning, &schema)
    }

    /// Adds an optional query parameter that may come several times, each time with a value of a type. Generated clients
    /// write lists so; not all of them can write commas instead.
    #[must_use]
    pub fn query_list_of<T: JsonSchema>(mut self, name: &str, meaning: &str) -> Self {
        let schema =
            json!({ "type": "array", "items": self.api.schema::<T>(), "minItems": 1, "uniqueItems": true });
        self.operation.query.push(json!({
            "name": name, "in": "query", "required": false, "description": meaning, "schema": schema,
        }));
        self
    }

    fn parameter(mut self, name: &str, required: bool, meaning: &str, schema: &Value) -> Self {
        self.operation.query.push(json!({
            "name": name, "in": "query", "required": required, "description": meaning, "schema": schema,
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
        let form = json!({ "pattern": id_pattern(prefix) });
        self.narrow(name, form).example(name, json!(example_id(prefix))).meaning(name, names(prefix))
    }

    /// Says what a parameter of the path is.
    #[must_use]
    pub fn meaning(mut self, name: &str, meaning: &str) -> Self {
        self.operation.meanings.insert(name.to_owned(), json!(meaning));
        self
    }

    /// Gives a parameter, in the query or in the path, an example.
    #[must_use]
    pub fn example(mut self, name: &str, example: Value) -> Self {
        self.operation.examples.insert(name.to_owned(), example);
        self
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
        self.operation.body = Some(json!({ "required": true, "content": { JSON: { "schema": schema } } }));
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

    /// Adds the answer 201 with JSON and its address.
    #[must_use]
    pub fn created<T: JsonSchema>(self, meaning: &str) -> Self {
        self.json::<T>("201", meaning).header("201", "Location")
    }

    /// Adds the answer 201 with JSON of a thing that has no address.
    #[must_use]
    pub fn created_without_address<T: JsonSchema>(self, meaning: &str) -> Self {
        self.json::<T>("201", meaning)
    }

    /// Adds the answer 202 with JSON and the address to watch.
    #[must_use]
    pub fn accepted<T: JsonSchema>(self, meaning: &str) -> Self {
        self.json::<T>("202", meaning).header("202", "Location")
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
        self.content("200", media, meaning, &json!({ "type": "string" }))
    }

    /// Adds the answer 200 with a JSON object that the description does not go into.
    #[must_use]
    pub fn any_object(self, meaning: &str) -> Self {
        self.content("200", JSON, meaning, &json!({ "type": "object", "additionalProperties": true }))
    }

    /// Adds the answer 202 with a page, beside JSON if that was added before.
    #[must_use]
    pub fn accepted_page(self, meaning: &str) -> Self {
        self.content("202", "text/html", meaning, &json!({ "type": "string" }))
    }

    /// Says that the operation refuses with problem documents, whatever the client prefers.
    #[must_use]
    pub fn refuses_with_problems(mut self) -> Self {
        self.operation.refusals = Refusals::Problems;
        self
    }

    /// Adds a header to an answer, by the name of its component in the description.
    #[must_use]
    pub fn header(mut self, status: &str, component: &str) -> Self {
        if let Some(answer) = self.operation.answers.get_mut(status) {
            headers::put(answer, component);
        }
        self
    }

    fn content(mut self, status: &str, media: &str, meaning: &str, schema: &Value) -> Self {
        let answer = self
            .operation
            .answers
            .entry(status)
            .or_insert_with(|| json!({ "description": meaning, "content": {} }));
        if let Some(content) = answer.get_mut("content").and_then(Value::as_object_mut) {
            content.insert(media.to_owned(), json!({ "schema": schema }));
        }
        self
    }

    /// Adds the answer 303, a redirect.
    #[must_use]
    pub fn redirects(mut self, meaning: &str) -> Self {
        self.operation.answers.insert("303".into(), json!({ "description": meaning }));
        self.header("303", "Location")
    }

    /// Adds the operation to the description.
    pub fn add(self) {
        self.api.operations.push(self.operation);
    }

    fn json<T: JsonSchema>(self, status: &str, meaning: &str) -> Self {
        let schema = json!(self.api.schema::<T>());
        self.content(status, JSON, meaning, &schema)
    }
}
