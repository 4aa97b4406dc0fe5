//! Compares the connector's requests with the files.

use std::collections::BTreeSet;

use mooring_domain::platform::manifest::{Call, Manifest};
use serde_json::{Map, Value};
use url::Url;

use super::ledger::{Ledger, Rule};
use super::operation::{Operation, TOKEN};
use super::schema::Schema;
use super::specs::Specs;
use super::tap::Exchange;

/// Returns the prefix that the API puts before every path of the files.
pub(crate) fn base(manifest: &Manifest) -> String {
    format!("/open_api/{}", manifest.version)
}

/// Finds the call that an exchange made.
pub(crate) fn call_of(manifest: &Manifest, exchange: &Exchange) -> Option<&'static Call> {
    manifest.calls.iter().find(|call| call.path == exchange.path && call.method == exchange.method)
}

/// Finds the files' description of a call.
pub(crate) fn operation_of<'a>(specs: &'a Specs, manifest: &Manifest, call: &Call) -> Option<&'a Operation> {
    specs.operations.get(call.path.strip_prefix(&base(manifest))?)
}

/// Checks every call of the manifest and every request that was made.
pub(crate) fn check(specs: &Specs, manifest: &Manifest, exchanges: &[Exchange], ledger: &mut Ledger) {
    for call in manifest.calls {
        let made = exchanges.iter().any(|exchange| call_of(manifest, exchange) == Some(call));
        let never = (!made).then(|| "the connector was not brought to make this call".to_owned());
        ledger.check(call.name, Rule::Operation, "made", never);
        let operation = operation_of(specs, manifest, call);
        ledger.source(call.name, operation.map_or("nothing", |operation| &operation.source));
        ledger.check(call.name, Rule::Operation, "", operation_problem(manifest, call, operation));
    }
    for exchange in exchanges {
        if let Some(call) = call_of(manifest, exchange) {
            request(call, operation_of(specs, manifest, call), exchange, ledger);
        } else {
            let stray = format!("{} is no call of the manifest", exchange.method);
            ledger.check("stray", Rule::Operation, &exchange.path, Some(stray));
        }
    }
}

fn operation_problem(manifest: &Manifest, call: &Call, operation: Option<&Operation>) -> Option<String> {
    let Some(operation) = operation else { return Some(format!("no file describes {}", call.path)) };
    if operation.method != call.method {
        return Some(format!("{} says {}, the manifest {}", operation.source, operation.method, call.method));
    }
    let host = Url::parse(manifest.api_origin).ok().and_then(|url| url.host_str().map(str::to_owned));
    let elsewhere = operation.host.is_some() && operation.host != host;
    elsewhere.then(|| format!("{} names the host {:?}", operation.source, operation.host))
}

fn request(call: &Call, operation: Option<&Operation>, exchange: &Exchange, ledger: &mut Ledger) {
    let in_query =
        exchange.query.iter().any(|(name, _)| name.eq_ignore_ascii_case(TOKEN) || name == "access_token");
    let leaked = in_query.then(|| "the token is in the query".to_owned());
    ledger.check(call.name, Rule::Token, "query", leaked);
    let Some(operation) = operation else { return };
    if operation.needs_token {
        let missing = (!exchange.carries_token).then(|| format!("the header {TOKEN} is missing"));
        ledger.check(call.name, Rule::Token, "", missing);
    }
    query(call, operation, exchange, ledger);
    body(call, operation, exchange, ledger);
}

fn query(call: &Call, operation: &Operation, exchange: &Exchange, ledger: &mut Ledger) {
    let mut seen = BTreeSet::new();
    for (name, text) in &exchange.query {
        let again = (!seen.insert(name.as_str())).then(|| "comes twice".to_owned());
        match operation.query.get(name) {
            Some(slot) => {
                let problem = match slot.schema.read(text, slot.is_json) {
                    Ok(value) => slot.schema.problem(name, &value),
                    Err(problem) => Some(format!("{name} {problem}")),
                };
                ledger.check(call.name, Rule::Names, name, again);
                ledger.check(call.name, Rule::Values, name, problem);
            }
            None if operation.query_is_whole => {
                let unknown = format!("{} has no such query parameter", operation.source);
                ledger.check(call.name, Rule::Names, name, Some(unknown));
            }
            None => {}
        }
    }
    for (name, _) in operation.query.iter().filter(|(_, slot)| slot.required) {
        let missing =
            (!seen.contains(name.as_str())).then(|| "a required query parameter is missing".to_owned());
        ledger.check(call.name, Rule::Required, name, missing);
    }
}

fn body(call: &Call, operation: &Operation, exchange: &Exchange, ledger: &mut Ledger) {
    if exchange.body.is_empty() && operation.body.is_none() {
        return;
    }
    let other = exchange.content_type != "application/json";
    ledger.check(
        call.name,
        Rule::Values,
        "body",
        other.then(|| format!("sent as `{}`", exchange.content_type)),
    );
    let Some(schema) = &operation.body else {
        let unknown = format!("{} knows no body", operation.source);
        return ledger.check(call.name, Rule::Names, "body", Some(unknown));
    };
    match serde_json::from_slice(&exchange.body) {
        Ok(Value::Object(fields)) => body_fields(call, schema, &fields, ledger),
        _ => ledger.check(call.name, Rule::Values, "body", Some("the body is no JSON object".to_owned())),
    }
}

fn body_fields(call: &Call, schema: &Schema, fields: &Map<String, Value>, ledger: &mut Ledger) {
    for (name, value) in fields {
        let known = schema.properties.get(name);
        let unknown = known.is_none().then(|| "the file has no such field of the body".to_owned());
        ledger.check(call.name, Rule::Names, name, unknown);
        if let Some(schema) = known {
            ledger.check(call.name, Rule::Values, name, schema.problem(name, value));
        }
    }
    for name in &schema.required {
        let missing =
            (!fields.contains_key(name)).then(|| "a required field of the body is missing".to_owned());
        ledger.check(call.name, Rule::Required, name, missing);
    }
}

#[cfg(test)]
mod tests {
    use mooring_tiktok_ads::MANIFEST;

    use super::super::operation;
    use super::*;

    const REPORT: &str = "
paths:
  /report/integrated/get/:
    get:
      parameters:
      - {name: report_type, in: query, required: true, schema: {type: string, x-open-enum: {strict: true, enums: [{key: BASIC, is_valid: true}]}}}
      - {name: metrics, in: query, content: {application/json: {schema: {type: array, maxItems: 2, items: {type: string}}}}}
      - {name: page_size, in: query, schema: {type: integer, maximum: 1000}}
      - {name: Access-Token, in: query, required: true, schema: {type: string}}
servers: [{url: business-api.tiktok.com}]
";
    const EXCHANGE: &str = "
paths:
  /oauth2/access_token/:
    post:
      requestBody: {content: {application/json: {schema: {type: object, required: [app_id, secret],
        properties: {app_id: {type: string}, secret: {type: string}}}}}}
";

    /// Lists the problems of one request, without those of calls that the test's files do not describe.
    fn problems(exchange: Exchange, files: &[&str]) -> Vec<String> {
        let read = files.iter().flat_map(|text| operation::read("x.yml", text).unwrap());
        let specs = Specs { operations: read.collect(), ..Specs::default() };
        let mut ledger = Ledger::default();
        check(&specs, &MANIFEST, &[exchange], &mut ledger);
        let told = |finding: &super::super::ledger::Finding| {
            finding.rule != Rule::Operation
                || finding.detail.contains("host")
                || finding.detail.contains("says")
        };
        ledger
            .findings()
            .into_iter()
            .filter(told)
            .map(|f| format!("{} {}", f.rule.word(), f.subject))
            .collect()
    }

    fn report(query: &[(&str, &str)]) -> Exchange {
        Exchange {
            method: "GET".to_owned(),
            path: "/open_api/v1.3/report/integrated/get/".to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            carries_token: true,
            ..Exchange::default()
        }
    }

    #[test]
    fn a_request_that_fits_has_no_problem() {
        let good = [("report_type", "BASIC"), ("metrics", r#"["spend"]"#), ("page_size", "1000")];
        assert!(problems(report(&good), &[REPORT]).is_empty());
    }

    #[test]
    fn every_departure_of_a_query_is_found() {
        let basic = ("report_type", "BASIC");
        let cases: [(&[(&str, &str)], &str); 9] = [
            (&[], "required report.read report_type"),
            (&[("report_type", "BASICS")], "values report.read report_type"),
            (&[basic, ("metric", "[]")], "names report.read metric"),
            (&[basic, ("metrics", "spend")], "values report.read metrics"),
            (&[basic, ("metrics", r#"["a","b","c"]"#)], "values report.read metrics"),
            (&[basic, ("metrics", "[1]")], "values report.read metrics"),
            (&[basic, ("page_size", "1001")], "values report.read page_size"),
            (&[basic, basic], "names report.read report_type"),
            (&[basic, ("access_token", "t")], "token report.read query"),
        ];
        for (query, wanted) in cases {
            let found = problems(report(query), &[REPORT]);
            assert!(found.contains(&wanted.to_owned()), "{query:?}: {found:?}");
        }
        let bare = Exchange { carries_token: false, ..report(&[basic]) };
        assert_eq!(problems(bare, &[REPORT]), ["token report.read"]);
    }

    #[test]
    fn method_and_host_are_those_of_the_file() {
        let good = [("report_type", "BASIC")];
        let post = REPORT.replace("get:\n", "post:\n");
        assert_eq!(problems(report(&good), &[&post]), ["operation report.read"]);
        let host = REPORT.replace("business-api", "other-api");
        assert_eq!(problems(report(&good), &[&host]), ["operation report.read"]);
    }

    #[test]
    fn a_body_has_known_fields_and_the_required_ones() {
        let exchange = |body: &str| Exchange {
            method: "POST".to_owned(),
            path: "/open_api/v1.3/oauth2/access_token/".to_owned(),
            content_type: "application/json".to_owned(),
            body: body.as_bytes().to_vec(),
            ..Exchange::default()
        };
        assert!(problems(exchange(r#"{"app_id": "1", "secret": "s"}"#), &[EXCHANGE]).is_empty());
        let found = problems(exchange(r#"{"app_id": 1, "extra": 1}"#), &[EXCHANGE]);
        let wanted =
            ["names token.exchange extra", "required token.exchange secret", "values token.exchange app_id"];
        assert_eq!(found, wanted);
        assert_eq!(problems(exchange("[]"), &[EXCHANGE]), ["values token.exchange body"]);
        let form = Exchange {
            content_type: "text/plain".to_owned(),
            ..exchange(r#"{"app_id": "1", "secret": "s"}"#)
        };
        assert_eq!(problems(form, &[EXCHANGE]), ["values token.exchange body"]);
    }

    #[test]
    fn a_call_outside_the_manifest_is_found() {
        let stray = Exchange { path: "/open_api/v1.3/campaign/create/".to_owned(), ..Exchange::default() };
        let mut ledger = Ledger::default();
        check(&Specs::default(), &MANIFEST, &[stray], &mut ledger);
        assert!(ledger.findings().iter().any(|finding| finding.subject.starts_with("stray ")));
    }
}
