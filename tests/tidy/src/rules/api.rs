//! The API's definition: how its routes reach functions, and the quotas of an HTTP API.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{API, Rule};
use crate::template::{Template, at, entries, events, text};

/// The quota of routes and of integrations of an HTTP API (Amazon API Gateway quotas). AWS raises the first and not the
/// second.
const MOST: usize = 300;

/// The path of the integrations in a definition.
const INTEGRATIONS: &str = "components/x-amazon-apigateway-integrations";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "one-integration-a-function",
        why: "a route with an integration of its own uses up a quota that cannot be raised; another payload is read by nobody",
        check: one_integration,
    },
    Rule {
        name: "api-quotas",
        why: "API Gateway refuses what is over its quotas at the deploy, not before",
        check: |template| {
            let routes: usize =
                template.functions().map(|(_, function)| events(function, "HttpApi").count()).sum();
            let integrations = definitions(template).map(|(_, body)| entries(at(body, INTEGRATIONS)).count());
            let counted = [("routes", routes), ("integrations", integrations.sum())];
            let over = counted.into_iter().filter(|(_, count)| *count > MOST);
            over.map(|(what, count)| format!("{count} {what}; an HTTP API has {MOST}")).collect()
        },
    },
];

fn definitions(template: &Template) -> impl Iterator<Item = (&str, &Value)> {
    template.of_type(API).map(|(id, api)| (id, at(api, "Properties/DefinitionBody")))
}

fn one_integration(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (id, body) in definitions(template) {
        let mut named = BTreeSet::new();
        for (path, method, operation) in operations(body) {
            let reference = text(operation, "x-amazon-apigateway-integration/$ref");
            match reference.strip_prefix("#/").and_then(|path| path.strip_prefix(INTEGRATIONS)) {
                Some(name) => drop(named.insert(name.trim_start_matches('/'))),
                None => {
                    found.push(format!("{id}: {method} {path} has to name the integration of its function"));
                }
            }
        }
        let mut functions = BTreeSet::new();
        for (name, integration) in entries(at(body, INTEGRATIONS)) {
            let good = text(integration, "type") == "aws_proxy"
                && text(integration, "httpMethod") == "POST"
                && text(integration, "payloadFormatVersion") == "2.0";
            if !good {
                found.push(format!("{id} {name}: hands events over as payload 2.0, by POST"));
            }
            if !functions.insert(text(integration, "uri/Fn::Sub")) {
                found.push(format!("{id} {name}: its function has another integration"));
            }
            if !named.contains(name) {
                found.push(format!("{id} {name}: no route names it"));
            }
        }
    }
    found
}

/// Lists the operations of a definition with their path and method.
fn operations(body: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let below = |(path, methods)| entries(methods).map(move |(method, operation)| (path, method, operation));
    entries(at(body, "paths")).flat_map(below)
}
