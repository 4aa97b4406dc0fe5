//! Writes the routes of the API: their throttles, and the API's definition, OpenAPI as API Gateway imports it.
//!
//! The routes come from shared/edge/src/routes.rs. Each function has one integration that all of its routes name: an
//! API may have 300 integrations, and AWS does not raise that quota. Each operation names its path parameters and the
//! default route is marked, as SAM writes them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use mooring_edge::routes::{FALLBACK, PREFLIGHT, ROUTES, Route};

use super::file::{Functions, Throttle, is_behind_api};
use super::{Lines, camel};

/// The key of the integrations in the definition.
const INTEGRATIONS: &str = "x-amazon-apigateway-integrations";

/// Writes the region.
pub(super) fn write(functions: &Functions) -> Result<Lines> {
    let mut out = Lines::default();
    throttles(&mut out, functions)?;
    definition(&mut out);
    out.all(4, ["components:"]);
    out.add(5, format!("{INTEGRATIONS}:"));
    for name in functions.function.keys().filter(|name| is_behind_api(name)) {
        out.add(6, format!("{name}:"));
        out.all(7, ["type: aws_proxy", "httpMethod: POST", "payloadFormatVersion: \"2.0\""]);
        let arn = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions";
        out.add(7, format!("uri: !Sub \"{arn}/${{{}Function.Arn}}/invocations\"", camel(name)));
    }
    Ok(out)
}

fn throttles(out: &mut Lines, functions: &Functions) -> Result<()> {
    out.add(3, "RouteSettings:");
    let mut add = |key: &str, throttle: Throttle| {
        let Throttle { rate, burst } = throttle;
        out.add(4, format!("\"{key}\": {{ThrottlingBurstLimit: {burst}, ThrottlingRateLimit: {rate}}}"));
    };
    for route in ROUTES.iter().chain([&PREFLIGHT]) {
        let Route { method, path, .. } = route;
        if let Some(throttle) = throttle(functions, route)? {
            add(&format!("{method} {path}"), throttle);
        }
    }
    let fallback = functions.function.get(FALLBACK).and_then(|function| function.throttle);
    add("$default", fallback.with_context(|| format!("`{FALLBACK}` answers $default and has no throttle"))?);
    Ok(())
}

fn throttle(functions: &Functions, route: &Route) -> Result<Option<Throttle>> {
    let function = functions.function.get(route.function);
    let function = function.with_context(|| format!("no function `{}`", route.function))?;
    let public = function.public_throttle.filter(|_| route.is_public());
    Ok(public.or(function.throttle))
}

fn definition(out: &mut Lines) {
    out.add(3, "DefinitionBody:");
    out.add(4, "openapi: 3.0.1");
    out.add(4, "info: {title: !Ref AWS::StackName, version: \"1.0\"}");
    out.add(4, "paths:");
    let mut paths: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in ROUTES.iter().chain([&PREFLIGHT]) {
        paths.entry(route.path).or_default().push(route);
    }
    for (path, routes) in paths {
        out.add(5, format!("{path}:"));
        for Route { function, method, .. } in routes {
            let parameters = parameters(path);
            let method = method.to_ascii_lowercase();
            out.add(6, format!("{method}: {{{}, {parameters}responses: {{}}}}", integration(function)));
        }
    }
    out.add(5, "$default:");
    let fallback = integration(FALLBACK);
    out.add(
        6,
        format!("x-amazon-apigateway-any-method: {{{fallback}, isDefaultRoute: true, responses: {{}}}}"),
    );
}

fn integration(function: &str) -> String {
    format!("x-amazon-apigateway-integration: {{$ref: \"#/components/{INTEGRATIONS}/{function}\"}}")
}

/// Writes the path parameters of an operation; empty when there are none.
fn parameters(path: &str) -> String {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let listed: Vec<String> =
        names.map(|name| format!("{{name: {name}, in: path, required: true}}")).collect();
    if listed.is_empty() { String::new() } else { format!("parameters: [{}], ", listed.join(", ")) }
}
