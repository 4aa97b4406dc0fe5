//! The grants of template.yaml's statements: who may do what to which thing, under which conditions.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::{Template, at, binary, entries, items, target, text, words};

/// The type of a role's resource.
pub const ROLE: &str = "AWS::IAM::Role";

/// One statement of a function's role.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The function's binary.
    pub function: String,
    /// The statement's name.
    pub sid: String,
    /// `Allow` or `Deny`.
    pub effect: String,
    /// The allowed actions, such as `dynamodb:GetItem`.
    pub actions: BTreeSet<String>,
    /// The things that the actions are on.
    pub things: Vec<Thing>,
    /// The conditions, as written.
    pub condition: Value,
}

/// The thing on which an action is allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A resource of the template, by its logical id.
    Own(String),
    /// A part of a resource, such as `index/due` of a table.
    Part(String, String),
    /// A name that is put together from parameters, such as the mail identity.
    Named(String),
    /// Anything else; no rule accepts it.
    Unknown(String),
}

impl Grant {
    /// Returns the data keys of a KMS statement: their use and their owner, such as `secret of app_*`.
    pub fn keys(&self) -> BTreeSet<String> {
        let owner = text(&self.condition, "StringLike/kms:EncryptionContext:conn");
        let owner = if owner.is_empty() { "anybody" } else { owner };
        let uses = words(at(&self.condition, "StringEquals/kms:EncryptionContext:use"));
        uses.map(|purpose| format!("{purpose} of {owner}")).collect()
    }

    /// Returns the rows of a table's statement; empty for all rows.
    pub fn rows(&self) -> Vec<&str> {
        words(at(&self.condition, "ForAllValues:StringLike/dynamodb:LeadingKeys")).collect()
    }

    /// Returns whether the statement allows an action.
    pub fn allows(&self, action: &str) -> bool {
        self.effect == "Allow" && self.actions.contains(action)
    }

    /// Returns whether the statement allows any action of a service, such as `kms:`.
    pub fn speaks_to(&self, service: &str) -> bool {
        self.actions.iter().any(|action| action.starts_with(service))
    }
}

/// Lists every statement of every function's role.
pub fn grants(template: &Template) -> Vec<Grant> {
    let of_function = |(_, function)| {
        let role = role(template, at(function, "Properties/Role"));
        statements(role).map(|statement| grant(binary(function), statement)).collect::<Vec<_>>()
    };
    template.functions().flat_map(of_function).collect()
}

/// Returns the role of the template that an ARN names; null when it names another thing.
pub fn role<'a>(template: &'a Template, arn: &Value) -> &'a Value {
    let named = target(arn).and_then(|id| template.of_type(ROLE).find(|(role, _)| *role == id));
    named.map_or(&Value::Null, |(_, role)| role)
}

/// Lists the statements of a role's own policies.
pub fn statements(role: &Value) -> impl Iterator<Item = &Value> {
    let policies = items(at(role, "Properties/Policies"));
    policies.flat_map(|policy| items(at(policy, "PolicyDocument/Statement")))
}

/// Reads one statement, in the name of a function or a schedule.
pub fn grant(function: &str, statement: &Value) -> Grant {
    Grant {
        function: function.to_owned(),
        sid: text(statement, "Sid").to_owned(),
        effect: text(statement, "Effect").to_owned(),
        actions: words(at(statement, "Action")).map(str::to_owned).collect(),
        things: items(at(statement, "Resource")).flat_map(branches).map(thing).collect(),
        condition: at(statement, "Condition").clone(),
    }
}

/// Lists who may decrypt what: pairs of [`Grant::keys`] and a function.
pub fn decrypting(grants: &[Grant]) -> BTreeSet<(String, String)> {
    let of = |grant: &Grant| {
        let mut keys = grant.keys();
        if keys.is_empty() {
            keys.insert("every use".to_owned());
        }
        keys.into_iter().map(|key| (key, grant.function.clone())).collect::<Vec<_>>()
    };
    grants.iter().filter(|grant| grant.allows("kms:Decrypt")).flat_map(of).collect()
}

/// Returns both branches of an `Fn::If` over resources; returns anything else itself.
pub(crate) fn branches(resource: &Value) -> Vec<&Value> {
    match at(resource, "Fn::If").as_array().map(Vec::as_slice) {
        Some([_condition, one, other]) => vec![one, other],
        _ => vec![resource],
    }
}

fn thing(resource: &Value) -> Thing {
    if let Some(id) = target(resource) {
        return Thing::Own(id.to_owned());
    }
    let name = at(resource, "Fn::Sub").as_str();
    match name.and_then(|name| name.strip_prefix("${")).and_then(|rest| rest.split_once(".Arn}/")) {
        Some((id, part)) => Thing::Part(id.to_owned(), part.to_owned()),
        None => match name.filter(|name| name.starts_with("arn:${AWS::Partition}:")) {
            Some(name) => Thing::Named(name.rsplit(':').next().unwrap_or(name).to_owned()),
            None => Thing::Unknown(resource.to_string()),
        },
    }
}

/// Lists the operators and keys of a condition, such as `StringEquals dynamodb:LeadingKeys`.
pub fn condition_keys(condition: &Value) -> BTreeSet<String> {
    let under = |(operator, keys): (&str, &Value)| {
        entries(keys).map(|(key, _)| format!("{operator} {key}")).collect::<Vec<_>>()
    };
    entries(condition).flat_map(under).collect()
}
