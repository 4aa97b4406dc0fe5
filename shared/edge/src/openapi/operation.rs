//! Writes one operation of the description: its own parts, and those that all operations of its kind share.

use mooring_domain::people::caller::Scope;
use schemars::Schema;
use serde_json::{Map, Value, json};

use super::describe::{Operation, Refusals};
use super::{guards, tag};
use crate::routes::Route;

const PROBLEM: &str = "application/problem+json";

impl Operation {
    pub(super) fn to_json(&self, route: &Route, problem: &Schema) -> Value {
        let mut operation = Map::new();
        operation.insert("operationId".into(), json!(self.id));
        operation.insert("summary".into(), json!(self.summary));
        operation.insert("description".into(), json!(self.description));
        operation.insert("tags".into(), json!([tag(route)]));
        operation.insert("parameters".into(), json!(self.parameters(route)));
        operation.insert("responses".into(), json!(self.answers(route, problem)));
        if let Some(body) = &self.body {
            operation.insert("requestBody".into(), body.clone());
        }
        let scopes: Vec<_> = route.scope().map(Scope::as_str).into_iter().collect();
        let security = if route.is_public() { json!([]) } else { json!([{ "credential": scopes }]) };
        operation.insert("security".into(), security);
        Value::Object(operation)
    }

    fn parameters(&self, route: &Route) -> Vec<Value> {
        let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> = in_path
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        parameters.extend(self.query.iter().cloned());
        for parameter in &mut parameters {
            self.narrowed(parameter);
        }
        parameters.extend(is_repeatable(route).then(guards::key));
        parameters
    }

    /// Adds the restrictions of a parameter to its schema, and its example.
    fn narrowed(&self, parameter: &mut Value) {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let (Some(example), Some(parameter)) = (self.examples.get(&name), parameter.as_object_mut()) {
            parameter.insert("example".into(), example.clone());
        }
        if let (Some(meaning), Some(parameter)) = (self.meanings.get(&name), parameter.as_object_mut()) {
            parameter.entry("description").or_insert_with(|| meaning.clone());
        }
        let Some(keywords) = self.narrowed.get(&name).and_then(Value::as_object).cloned() else { return };
        if let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) {
            schema.extend(keywords);
        }
    }

    fn answers(&self, route: &Route, problem: &Schema) -> Map<String, Value> {
        let mut answers = self.answers.clone();
        let mut content = json!({ PROBLEM: { "schema": problem } });
        let as_page = route.is_public() && self.refusals == Refusals::AsAsked;
        if let Some(content) = content.as_object_mut().filter(|_| as_page) {
            content.insert("text/html".into(), json!({ "schema": { "type": "string" } }));
        }
        let refused = json!({ "description": "Refused; says what to do.", "content": content });
        answers.insert("4XX".into(), refused);
        let failed = "Mooring, or the platform behind it, failed. `retryable` says whether the same call can succeed later; \
                      the operator finds the cause by `request_id`.";
        answers.insert("5XX".into(), json!({ "description": failed, "content": content }));
        if !route.is_public() {
            guards::limit(&mut answers, &content);
        }
        guards::stamp(&mut answers, !route.is_public(), is_repeatable(route));
        answers
    }
}

fn is_repeatable(route: &Route) -> bool {
    !route.is_public() && route.method == "POST"
}
