//! Puts what SAM made of a template back into SAM's form: each function with its events, the API with its stage.
//!
//! Everything else stays as it is. So a role, a permission or a log group that SAM added is seen by the rules, and the
//! rules are written once.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use crate::template::{API, FUNCTION, at, entries, target, text};

type Resources = Map<String, Value>;

/// Folds a translated template.
pub(crate) fn fold(mut document: Value) -> Result<Value> {
    let resources = document.get_mut("Resources").and_then(Value::as_object_mut).context("no resources")?;
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
    apis(resources)?;
    Ok(document)
}

/// Gives each API the settings of its stage, and each function the routes that the API's body sends to it.
fn apis(resources: &mut Resources) -> Result<()> {
    for (_, stage) in taken(resources, "AWS::ApiGatewayV2::Stage") {
        let api = target(at(&stage, "Properties/ApiId")).map(str::to_owned);
        let own = properties_of(resources, api.as_deref())?;
        for (name, value) in entries(at(&stage, "Properties")) {
            put(own, name, value.clone());
        }
    }
    let mut routes = Vec::new();
    for (id, api) in resources.iter_mut().filter(|(_, api)| text(api, "Type") == "AWS::ApiGatewayV2::Api") {
        retype(api, API);
        for (path, operations) in entries(at(api, "Properties/Body/paths")) {
            for (method, operation) in entries(operations) {
                let uri = text(operation, "x-amazon-apigateway-integration/uri/Fn::Sub");
                let function = uri.split_once("/functions/${").and_then(|(_, rest)| rest.split_once(".Arn}"));
                let (function, _) =
                    function.with_context(|| format!("{method} {path} goes to no function"))?;
                routes.push((function.to_owned(), route(id, method, path)));
            }
        }
        at_mut(api, "Properties").and_then(|properties| properties.remove("Body"));
    }
    for (function, route) in routes {
        let name = format!("{} {}", text(&route, "Properties/Method"), text(&route, "Properties/Path"));
        event(resources, Some(&function), &name, route)?;
    }
    Ok(())
}

fn route(api: &str, method: &str, path: &str) -> Value {
    let method = match method {
        "x-amazon-apigateway-any-method" => "ANY".to_owned(),
        method => method.to_ascii_uppercase(),
    };
    let path = if path == "/$default" { "$default" } else { path };
    json!({ "Type": "HttpApi", "Properties": { "ApiId": { "Ref": api }, "Method": method, "Path": path } })
}

/// Takes every resource of a type out.
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
