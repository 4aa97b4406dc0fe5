//! One operation as a vendor's file describes it. This module knows the form of the files, not the values that are
//! compared with them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

use super::schema::Schema;

/// The header of the token. TikTok's files list the token among the query parameters, but it travels as a header of
/// this name.
pub(crate) const TOKEN: &str = "Access-Token";

/// The fields that a request may and must carry, and that an answer may hold.
#[derive(Debug, Default)]
pub(crate) struct Operation {
    /// The file of this description.
    pub(crate) source: String,
    pub(crate) method: String,
    pub(crate) host: Option<String>,
    pub(crate) query: BTreeMap<String, Slot>,
    /// True when `query` holds every parameter of the operation.
    pub(crate) query_is_whole: bool,
    pub(crate) needs_token: bool,
    pub(crate) body: Option<Schema>,
    pub(crate) envelope: Option<Schema>,
    /// The names in an answer's data.
    pub(crate) names: Option<Value>,
}

/// A query parameter.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) required: bool,
    pub(crate) is_json: bool,
    pub(crate) schema: Schema,
}

#[derive(Deserialize)]
struct File {
    paths: BTreeMap<String, BTreeMap<String, Described>>,
    #[serde(default)]
    servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    url: String,
}

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(rename = "requestBody")]
    body: Option<Content>,
    #[serde(default)]
    responses: BTreeMap<String, Content>,
    #[serde(default, rename = "x-open-rules")]
    rules: Rules,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(default)]
    required: bool,
    schema: Option<Schema>,
    #[serde(default)]
    content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
struct Media {
    #[serde(default)]
    schema: Schema,
}

#[derive(Default, Deserialize)]
struct Rules {
    response_rule: Option<Value>,
}

/// Reads the operations of one file, by path.
pub(crate) fn read(source: &str, text: &str) -> Result<Vec<(String, Operation)>> {
    let file: File = serde_yaml_ng::from_str(text).with_context(|| source.to_owned())?;
    let host = file.servers.into_iter().next().map(|server| server.url);
    let operations = file.paths.into_iter().flat_map(|(path, methods)| {
        methods.into_iter().map(move |(method, described)| (path.clone(), method, described))
    });
    Ok(operations
        .map(|(path, method, described)| (path, described.into_operation(source, &method, host.as_ref())))
        .collect())
}

impl Described {
    fn into_operation(self, source: &str, method: &str, host: Option<&String>) -> Operation {
        let needs_token = self.parameters.iter().any(|parameter| parameter.name == TOKEN);
        let others = self.parameters.into_iter().filter(|parameter| parameter.name != TOKEN);
        Operation {
            source: source.to_owned(),
            method: method.to_uppercase(),
            host: host.cloned(),
            query: others.map(Parameter::into_slot).collect(),
            query_is_whole: true,
            needs_token,
            body: self.body.and_then(Content::into_schema),
            envelope: self
                .responses
                .into_iter()
                .find(|(status, _)| status == "200")
                .and_then(|(_, c)| c.into_schema()),
            names: self.rules.response_rule,
        }
    }
}

impl Parameter {
    fn into_slot(self) -> (String, Slot) {
        let Self { name, required, schema, content } = self;
        let is_json = schema.is_none();
        let schema = schema.or_else(|| Content { content }.into_schema()).unwrap_or_default();
        (name, Slot { required, is_json, schema })
    }
}

impl Content {
    fn into_schema(self) -> Option<Schema> {
        self.content.into_values().next().map(|media| media.schema)
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::Kind;
    use super::*;

    #[test]
    fn a_file_says_what_a_request_carries_and_what_an_answer_holds() {
        let text = "
paths:
  /thing/get/:
    get:
      parameters:
      - {name: ids, in: query, required: true, content: {application/json: {schema: {type: array}}}}
      - {name: page, in: query, schema: {type: integer, maximum: 9}}
      - {name: Access-Token, in: query, required: true, schema: {type: string}}
      responses:
        '200': {content: {application/json: {schema: {type: object, properties: {code: {type: integer}}}}}}
      x-open-rules: {response_rule: {list: $.rpc.output.things}}
  /thing/put/:
    post:
      requestBody: {content: {application/json: {schema: {type: object, required: [id]}}}}
servers: [{url: api.example}]
";
        let read: BTreeMap<_, _> = read("thing.yml", text).unwrap().into_iter().collect();
        let get = &read["/thing/get/"];
        assert_eq!((get.method.as_str(), get.host.as_deref()), ("GET", Some("api.example")));
        assert!(get.needs_token && !get.query.contains_key(TOKEN));
        assert!(get.query["ids"].required && get.query["ids"].is_json);
        assert_eq!(get.query["ids"].schema.kind, Some(Kind::Array));
        assert_eq!(get.query["page"].schema.maximum, Some(9.0));
        assert!(get.envelope.as_ref().unwrap().properties.contains_key("code"));
        assert_eq!(get.names.as_ref().unwrap()["list"], "$.rpc.output.things");
        let put = &read["/thing/put/"];
        assert_eq!((put.method.as_str(), put.needs_token), ("POST", false));
        assert_eq!(put.body.as_ref().unwrap().required, ["id"]);
    }

    #[test]
    fn a_file_that_is_none_is_named() {
        let error = read("broken.yml", "paths: 7").unwrap_err();
        assert!(format!("{error:#}").starts_with("broken.yml: "), "{error:#}");
    }
}
