//! Puts a template that SAM translated back into SAM's form: each function with its events, the API with its stage;
//! and, in both forms, the routes of the API's definition to their functions.
//!
//! Everything else stays as it is. So the rules see a role, a permission or a log group that SAM added, and exist only
//! once.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use crate::template::{API, FUNCTION, at, entries, target, text};

type Resources = Map<String, Value>;

/// Folds a translated template.
pub(crate) fn fold(document: &mut Value) -> Result<()> {
    let resources = resources_of(document)?;
    for resource in
        resources.values_mut().filter(|resource| text(resource, "Type") == "AWS::Lambda::Function")
    {
        retype(resource, FUNCTION);
    }
    for (id, mapping) in taken(resources, "AWS::Lambda::EventSourceMapping") {
        let mut properties = at(&mapping, "Properties").clone();
        let queue = at(&properties, "EventSourceArn").clone();
        put(&mut properties, "Queue", queue);
        let function = target(at(&mapping, "Properties/FunctionName"));
        event(resources, function, &id, json!({ "Type": "SQS", "Properties": properties }))?;
    }
    for (id, schedule) in taken(resources, "AWS::Scheduler::Schedule") {
        let mut properties = at(&schedule, "Properties").clone();
        for (name, value) in entries(at(&schedule, "Properties/Target")) {
            put(&mut properties, name, value.clone());
        }
        let function = target(at(&schedule, "Properties/Target/Arn"));
        event(resources, function, &id, json!({ "Type": "ScheduleV2", "Properties": properties }))?;
    }
    for (_, config) in taken(resources, "AWS::Lambda::EventInvokeConfig") {
        let mut properties = at(&config, "Properties").clone();
        if at(&properties, "DestinationConfig") == &json!({}) {
            properties.as_object_mut().map(|fields| fields.remove("DestinationConfig"));
        }
        let function = target(at(&config, "Properties/FunctionName"));
        put(properties_of(resources, function)?, "EventInvokeConfig", properties);
    }
    apis(resources)
}

/// Gives each API the settings of its stage, and its body the name that it has in SAM's form.
fn apis(resources: &mut Resources) -> Result<()> {
    for (_, stage) in taken(resources, "AWS::ApiGatewayV2::Stage") {
        let api = target(at(&stage, "Properties/ApiId")).map(str::to_owned);
        let own = properties_of(resources, api.as_deref())?;
        for (name, value) in entries(at(&stage, "Properties")) {
            put(own, name, value.clone());
        }
    }
    for api in resources.values_mut().filter(|api| text(api, "Type") == "AWS::ApiGatewayV2::Api") {
        retype(api, API);
        let own = at_mut(api, "Properties").context("an API without properties")?;
        if let Some(body) = own.remove("Body") {
            own.insert("DefinitionBody".to_owned(), body);
        }
    }
    Ok(())
}

/// Gives each function the routes that the definition of an API sends to it, as events.
pub(crate) fn routes(document: &mut Value) -> Result<()> {
    let resources = resources_of(document)?;
    let mut routes = Vec::new();
    for (id, api) in resources.iter().filter(|(_, api)| text(api, "Type") == API) {
        let body = at(api, "Properties/DefinitionBody");
        for (path, operations) in entries(at(body, "paths")) {
            for (method, operation) in entries(operations) {
                let function = goes_to(body, operation);
                let function = function.with_context(|| format!("{method} {path} goes to no function"))?;
                routes.push((function.to_owned(), route(id, method, path)));
            }
        }
    }
    for (function, route) in routes {
        let name = format!("{} {}", text(&route, "Properties/Method"), text(&route, "Properties/Path"));
        event(resources, Some(&function), &name, route)?;
    }
    Ok(())
}

/// Returns the function of an operation, whose integration stands there or is named there.
fn goes_to<'a>(body: &'a Value, operation: &'a Value) -> Option<&'a str> {
    let own = at(operation, "x-amazon-apigateway-integration");
    let named = own.get("$ref").and_then(Value::as_str);
    let integration = named.map_or(own, |name| at(body, name.trim_start_matches("#/")));
    let (_, rest) = text(integration, "uri/Fn::Sub").split_once("/functions/${")?;
    rest.split_once(".Arn}").map(|(function, _)| function)
}

fn resources_of(document: &mut Value) -> Result<&mut Resources> {
    document.get_mut("Resources").and_then(Value::as_object_mut).context("no resources")
}

fn route(api: &str, method: &str, path: &str) -> Value {
    let method = match method {
        "x-amazon-apigateway-any-method" => "ANY".to_owned(),
        method => method.to_ascii_uppercase(),
    };
    let path = if path == "/$default" { "$default" } else { path };
    json!({ "Type": "HttpApi", "Properties": { "ApiId": { "Ref": api }, "Method": method, "Path": path } })
}

/// Removes every resource of a type and returns it.
fn taken(resources: &mut Resources, kind: &str) -> Vec<(String, Value)> {
    let ids: Vec<String> =
        resources.iter().filter(|(_, one)| text(one, "Type") == kind).map(|(id, _)| id.clone()).collect();
    ids.into_iter().filter_map(|id| resources.remove(&id).map(|one| (id, one))).collect()
}

fn event(resources: &mut Resources, function: Option<&str>, name: &str, event: Value) -> Result<()> {
    let properties = properties_of(resources, function)?;
    if at(properties, "Events").is_null() {
        put(properties, "Events", json!({}));
    }
    at_mut(properties, "Events").map(|events| events.insert(name.to_owned(), event));
    Ok(())
}

fn properties_of<'a>(resources: &'a mut Resources, id: Option<&str>) -> Result<&'a mut Value> {
    let Some(resource) = id.and_then(|id| resources.get_mut(id)) else {
        bail!("{id:?} is not a resource of the translated template");
    };
    resource.get_mut("Properties").context("a resource without properties")
}

fn at_mut<'a>(value: &'a mut Value, field: &str) -> Option<&'a mut Map<String, Value>> {
    value.get_mut(field).and_then(Value::as_object_mut)
}

fn put(value: &mut Value, field: &str, new: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(field.to_owned(), new);
    }
}

fn retype(resource: &mut Value, kind: &str) {
    put(resource, "Type", Value::String(kind.to_owned()));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const URI: &str = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${AFunction.Arn}/invocations";

    fn started(operation: &Value, components: &Value) -> Result<Value> {
        let paths = json!({ "/v1/a": { "get": operation }, "$default": { "x-amazon-apigateway-any-method": operation } });
        let body = json!({ "paths": paths, "components": components });
        let mut document = json!({ "Resources": {
            "Api": { "Type": API, "Properties": { "DefinitionBody": body } },
            "AFunction": { "Type": FUNCTION, "Properties": {} },
        } });
        routes(&mut document)?;
        Ok(at(&document, "Resources/AFunction/Properties/Events").clone())
    }

    #[test]
    fn a_route_is_an_event_of_its_function_however_its_integration_is_named() {
        let integration = json!({ "uri": { "Fn::Sub": URI } });
        let named = json!({ "x-amazon-apigateway-integration": { "$ref": "#/components/all/a" } });
        let there = json!({ "x-amazon-apigateway-integration": integration });
        let components = json!({ "all": { "a": integration } });
        for (operation, components) in [(named.clone(), components), (there, Value::Null)] {
            let events = started(&operation, &components).unwrap();
            let keys: BTreeSet<&str> = entries(&events).map(|(key, _)| key).collect();
            assert_eq!(keys, BTreeSet::from(["ANY $default", "GET /v1/a"]));
        }
        let error = started(&named, &json!({})).unwrap_err().to_string();
        assert!(error.contains("goes to no function"), "{error}");
    }
}
