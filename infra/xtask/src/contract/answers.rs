//! Compares the sandbox's answers with the files: envelope, names in the data, return codes, figures.

use std::collections::{BTreeMap, BTreeSet};

use mooring_domain::platform::manifest::Manifest;
use serde_json::{Map, Value};

use super::ledger::{Ledger, Rule};
use super::requests::{call_of, operation_of};
use super::schema::Schema;
use super::specs::Specs;
use super::tap::Exchange;

/// Checks every answer.
pub(crate) fn check(specs: &Specs, manifest: &Manifest, exchanges: &[Exchange], ledger: &mut Ledger) {
    // Files of one vendor share the envelope, so it also holds for calls without a file.
    let common = specs.operations.values().find_map(|operation| operation.envelope.as_ref());
    let mut held: BTreeMap<&str, Held<'_>> = BTreeMap::new();
    for exchange in exchanges {
        let Some(call) = call_of(manifest, exchange) else { continue };
        let operation = operation_of(specs, manifest, call);
        let own = operation.and_then(|operation| operation.envelope.as_ref()).or(common);
        ledger.check(
            call.name,
            Rule::Envelope,
            "",
            own.and_then(|schema| envelope_problem(schema, exchange)),
        );
        let code = exchange.answer.get("code").and_then(Value::as_u64).unwrap_or_default();
        let known = code == 0 || u32::try_from(code).is_ok_and(|code| specs.codes.contains_key(&code));
        let unknown = (!known).then(|| "the sandbox answers with a code that the list has not".to_owned());
        ledger.check(call.name, Rule::Codes, &format!("answered {code}"), unknown);
        let data = exchange.answer.get("data");
        if let (0, Some(rule), Some(data)) = (code, operation.and_then(|o| o.names.as_ref()), data) {
            let entry = held.entry(call.name).or_insert_with(|| Held { rule, names: BTreeSet::new() });
            names_of(rule, data, "", &mut entry.names);
        }
        figures(specs, call.name, exchange, ledger);
    }
    for (call, held) in held {
        held.compare(call, ledger);
    }
}

/// The names in all answers to a call, beside the names that the file lists.
struct Held<'a> {
    rule: &'a Value,
    names: BTreeSet<String>,
}

impl Held<'_> {
    fn compare(&self, call: &str, ledger: &mut Ledger) {
        let mut listed = BTreeSet::new();
        listed_names(self.rule, "", &mut listed);
        for name in &self.names {
            let unknown = (!listed.contains(name)).then(|| "the file does not list this name".to_owned());
            ledger.check(call, Rule::Answer, name, unknown);
        }
        for name in listed.difference(&self.names) {
            ledger.check(call, Rule::Answer, name, Some("listed, and no answer had it".to_owned()));
        }
    }
}

fn envelope_problem(schema: &Schema, exchange: &Exchange) -> Option<String> {
    if (exchange.status, exchange.answer_type.as_str()) != (200, "application/json") {
        return Some(format!("status {} with `{}`", exchange.status, exchange.answer_type));
    }
    let Some(answer) = exchange.answer.as_object() else { return Some("no JSON object".to_owned()) };
    let missing = schema.properties.keys().find(|name| !answer.contains_key(*name));
    missing.map(|name| format!("{name}: missing")).or_else(|| schema.problem("answer", &exchange.answer))
}

/// Lists the names of a response rule: a key may end in brackets, and a list of one object describes elements.
fn listed_names(rule: &Value, above: &str, into: &mut BTreeSet<String>) {
    for (name, below) in fields_of(rule) {
        let path = format!("{above}{}", name.trim_end_matches("[]"));
        listed_names(below, &format!("{path}."), into);
        into.insert(path);
    }
}

/// Lists the names in data, as deep as the rule describes them.
fn names_of(rule: &Value, data: &Value, above: &str, into: &mut BTreeSet<String>) {
    let deeper: BTreeMap<&str, &Value> =
        fields_of(rule).map(|(name, below)| (name.trim_end_matches("[]"), below)).collect();
    for (name, value) in fields_of(data) {
        let path = format!("{above}{name}");
        if let Some(below) = deeper.get(name.as_str()).filter(|below| fields_of(below).next().is_some()) {
            names_of(below, value, &format!("{path}."), into);
        }
        into.insert(path);
    }
}

/// Returns the fields of an object, or of every object in a list.
fn fields_of(value: &Value) -> Box<dyn Iterator<Item = (&String, &Value)> + '_> {
    match value {
        Value::Object(fields) => Box::new(fields.iter()),
        Value::Array(items) => Box::new(items.iter().flat_map(fields_of)),
        _ => Box::new(std::iter::empty()),
    }
}

/// Checks that figures are text of the metric's kind, or the dash that stands for none.
fn figures(specs: &Specs, call: &str, exchange: &Exchange, ledger: &mut Ledger) {
    let rows = exchange.answer.pointer("/data/list").and_then(Value::as_array).into_iter().flatten();
    let metrics = rows.filter_map(|row| row.get("metrics").and_then(Value::as_object)).flat_map(Map::iter);
    for (name, value) in metrics {
        let problem = match specs.metrics.get(name) {
            Some(kind) => figure_problem(kind, value),
            None => Some("no such metric".to_owned()),
        };
        ledger.check(call, Rule::Metrics, name, problem);
    }
}

fn figure_problem(kind: &str, value: &Value) -> Option<String> {
    let Some(text) = value.as_str() else { return Some(format!("{value} is no text")) };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = match kind {
        "int" => digits(text),
        "decimal" => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction)
        }
        _ => true,
    };
    (!fits && text != "-").then(|| format!("`{text}` where the file says {kind}"))
}

#[cfg(test)]
mod tests {
    use mooring_tiktok_ads::MANIFEST;
    use serde_json::json;

    use super::super::operation;
    use super::*;

    const INFO: &str = "
paths:
  /advertiser/info/:
    get:
      responses:
        '200': {content: {application/json: {schema: {type: object, properties: {
          code: {type: integer, nullable: true}, data: {type: object, nullable: true},
          message: {type: string}, request_id: {type: string}}}}}}
      x-open-rules: {response_rule: {'list[][]': [{id: $.a, name: $.b}], page_info: $.c}}
";

    fn problems(answer: Value, status: u16) -> Vec<String> {
        let operations = operation::read("x.yml", INFO).unwrap().into_iter().collect();
        let metrics = [("spend", "decimal"), ("clicks", "int")];
        let metrics = metrics.map(|(name, kind)| (name.to_owned(), kind.to_owned())).into();
        let codes = [(40105, "Authentication related".to_owned())].into();
        let specs = Specs { operations, metrics, codes, ..Specs::default() };
        let exchange = Exchange {
            method: "GET".to_owned(),
            path: "/open_api/v1.3/advertiser/info/".to_owned(),
            status,
            answer_type: "application/json".to_owned(),
            answer,
            ..Exchange::default()
        };
        let mut ledger = Ledger::default();
        check(&specs, &MANIFEST, &[exchange], &mut ledger);
        ledger.findings().into_iter().map(|f| format!("{} {}", f.rule.word(), f.subject)).collect()
    }

    fn success(data: &Value) -> Value {
        json!({"code": 0, "message": "OK", "request_id": "1", "data": data})
    }

    fn whole() -> Value {
        json!({"list": [{"id": "1", "name": "a"}], "page_info": {"page": 1}})
    }

    #[test]
    fn an_answer_that_fits_has_no_problem() {
        assert!(problems(success(&whole()), 200).is_empty());
        let refusal = json!({"code": 40105, "message": "No.", "request_id": "1", "data": {}});
        assert!(problems(refusal, 200).is_empty());
    }

    #[test]
    fn names_are_those_of_the_file() {
        let mut extra = whole();
        extra["list"][0]["surprise"] = json!(1);
        assert_eq!(problems(success(&extra), 200), ["answer account.read list.surprise"]);
        let short = json!({"list": [{"id": "1", "name": "a"}]});
        assert_eq!(problems(success(&short), 200), ["answer account.read page_info"]);
    }

    #[test]
    fn the_envelope_is_the_documented_one() {
        let answers = [
            json!({"code": 0, "message": "OK", "data": whole()}),
            json!({"code": "0", "message": "OK", "request_id": "1", "data": whole()}),
            json!({"code": 0, "message": "OK", "request_id": "1", "data": whole(), "more": 1}),
            json!([]),
        ];
        for answer in answers {
            let found = problems(answer.clone(), 200);
            assert!(found.contains(&"envelope account.read".to_owned()), "{answer}: {found:?}");
        }
        assert_eq!(problems(success(&whole()), 401), ["envelope account.read"]);
    }

    #[test]
    fn codes_and_figures_are_known() {
        let unknown = json!({"code": 40199, "message": "No.", "request_id": "1", "data": {}});
        assert_eq!(problems(unknown, 200), ["codes account.read answered 40199"]);
        let row = |metrics: Value| {
            let mut data = whole();
            data["list"][0] = json!({"id": "1", "name": "a", "metrics": metrics});
            let found = problems(success(&data), 200);
            found.into_iter().filter(|one| one.starts_with("metrics")).collect::<Vec<_>>()
        };
        assert!(row(json!({"spend": "1.20", "clicks": "-"})).is_empty());
        for (name, value) in
            [("spend", json!(1.2)), ("spend", json!("1,2")), ("clicks", json!("1.5")), ("likes", json!("1"))]
        {
            assert_eq!(row(json!({name: value})), [format!("metrics account.read {name}")]);
        }
    }
}
