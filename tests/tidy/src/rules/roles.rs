//! Roles: one for each function and each schedule, stated in full, and nothing that AWS or SAM adds.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Rule, unless};
use crate::grants::{Grant, ROLE, Thing, grant, grants, role, statements};
use crate::template::{Template, at, binary, entries, events, items, target, text, words};

/// Characters that IAM allows for all own policies of a role together, without white space.
const POLICY: usize = 10_240;

/// The characters of an ARN with the names of a long stack in it.
const NAME: usize = 100;

/// The actions of Lambda in the name of a function that takes from a queue.
const TAKES: [&str; 3] = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// The actions of Lambda in the name of every function.
const LOGS: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "function-own-role",
        why: "a shared role gives each function the rights of all; to a role that it makes, SAM adds AWS's own policies on *",
        check: function_own_role,
    },
    Rule {
        name: "schedule-own-role",
        why: "what starts a function may start that one and nothing else, and only a schedule of this account",
        check: schedule_own_role,
    },
    Rule {
        name: "iam-statements-only",
        why: "a managed policy, or a role that nothing here uses, widens without a change here",
        check: statements_only,
    },
    Rule {
        name: "iam-policy-size",
        why: "IAM refuses a role with more at the deploy, not before",
        check: |template| {
            let good = |_: &str, role: &Value| policy_size(role) <= POLICY;
            unless(template.of_type(ROLE), good, "its policies have more than 10,240 characters")
        },
    },
    Rule {
        name: "iam-own-log-group",
        why: "who can write into a foreign log can hide there, or make up what others did",
        check: |template| {
            each_function(template, |function| {
                let group = target(template.of_function(function, "LoggingConfig/LogGroup"));
                (LOGS.as_slice(), group.into_iter().collect())
            })
        },
    },
    Rule {
        name: "iam-takes-own-queue",
        why: "who can take from a foreign queue can lose its work",
        check: |template| {
            each_function(template, |function| {
                let queues =
                    events(function, "SQS").filter_map(|(_, event)| target(at(event, "Properties/Queue")));
                (TAKES.as_slice(), queues.collect())
            })
        },
    },
    Rule {
        name: "invoke-own-api",
        why: "a function that anybody's API may call answers to anybody",
        check: invoke_own_api,
    },
    Rule {
        name: "one-permission-a-function",
        why: "a permission for each route fills the stack; a function without one answers nobody",
        check: one_permission,
    },
];

/// Counts the characters of all own policies of a role, as IAM counts them. A name that AWS gives is not known yet, and
/// is longer than its reference.
pub fn policy_size(role: &Value) -> usize {
    let policies = items(at(role, "Properties/Policies"));
    policies.map(|policy| named(at(policy, "PolicyDocument")).to_string().len()).sum()
}

/// Returns a value with a name of 100 characters in place of each intrinsic function.
fn named(value: &Value) -> Value {
    match value {
        Value::Object(fields) if fields.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => {
            Value::String("x".repeat(NAME))
        }
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), named(field))).collect(),
        Value::Array(items) => items.iter().map(named).collect(),
        other => other.clone(),
    }
}

/// Returns whom a role trusts, and under which condition, as written.
fn trust(role: &Value) -> Vec<(&str, &Value)> {
    let statements = items(at(role, "Properties/AssumeRolePolicyDocument/Statement"));
    let allowed = statements.filter(|statement| text(statement, "Effect") == "Allow");
    let services = |statement| {
        let all = entries(at(statement, "Principal")).flat_map(|(kind, who)| {
            let named: Vec<&str> = if kind == "Service" { words(who).collect() } else { vec!["somebody"] };
            named.into_iter().map(|who| (who, at(statement, "Condition"))).collect::<Vec<_>>()
        });
        all.collect::<Vec<_>>()
    };
    allowed.flat_map(services).collect()
}

fn function_own_role(template: &Template) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (id, function) in template.functions() {
        let arn = at(function, "Properties/Role");
        let own = role(template, arn);
        if own.is_null() {
            found.push(format!("{id}: Role has to name a role of this template"));
        } else if !matches!(trust(own).as_slice(), [("lambda.amazonaws.com", Value::Null)]) {
            found.push(format!("{id}: its role has to trust Lambda and nobody else"));
        }
        if !seen.insert(target(arn)) {
            found.push(format!("{id}: its role is another one's too"));
        }
        if !template.of_function(function, "Policies").is_null() {
            found.push(format!("{id}: Policies beside a Role do nothing: put the statements into the role"));
        }
    }
    found
}

fn schedule_own_role(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (id, function) in template.functions() {
        for (name, event) in events(function, "ScheduleV2") {
            let own = role(template, at(event, "Properties/RoleArn"));
            let here =
                |condition: &Value| at(condition, "StringEquals/aws:SourceAccount/Ref") == "AWS::AccountId";
            let trusts = trust(own);
            let trusted =
                matches!(trusts.as_slice(), [("scheduler.amazonaws.com", condition)] if here(condition));
            let may: Vec<Grant> =
                statements(own).map(|statement| grant(binary(function), statement)).collect();
            let starts = matches!(may.as_slice(), [one] if one.allows("lambda:InvokeFunction")
                && one.actions.len() == 1 && one.things == [Thing::Own(id.to_owned())]);
            if !(trusted && starts) {
                found.push(format!(
                    "{id} {name}: needs a role that the scheduler of this account has, to start it"
                ));
            }
        }
    }
    found
}

fn statements_only(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for (_, function) in template.functions() {
        used.extend(target(at(function, "Properties/Role")));
        used.extend(
            events(function, "ScheduleV2").filter_map(|(_, event)| target(at(event, "Properties/RoleArn"))),
        );
    }
    let iam = template.resources().filter(|(_, resource)| text(resource, "Type").starts_with("AWS::IAM::"));
    for (id, resource) in iam {
        if text(resource, "Type") != ROLE || !used.contains(id) {
            found.push(format!("{id}: rights are statements in the role of a function or a schedule"));
        }
        for managed in items(at(resource, "Properties/ManagedPolicyArns")) {
            found.push(format!("{id}: {managed} is not ours to say"));
        }
        for policy in items(at(resource, "Properties/Policies")) {
            if !at(policy, "PolicyDocument/Statement").is_array() {
                found.push(format!("{id}: {policy} is not a list of statements"));
            }
        }
    }
    found
}

/// Compares the things of some actions of each function's role with those that the role has to have, and no others.
fn each_function<'a>(
    template: &'a Template,
    wanted: impl Fn(&'a Value) -> (&'a [&'a str], BTreeSet<&'a str>),
) -> Vec<String> {
    let all = grants(template);
    let mut found = Vec::new();
    for (_, function) in template.functions() {
        let (actions, on) = wanted(function);
        let wanted: BTreeSet<Thing> = on.into_iter().map(|id| Thing::Own(id.to_owned())).collect();
        for action in actions {
            let mine = all.iter().filter(|grant| grant.function == binary(function) && grant.allows(action));
            let has: BTreeSet<Thing> = mine.flat_map(|grant| grant.things.clone()).collect();
            if has != wanted {
                found.push(format!("{} may {action} on {has:?} in place of {wanted:?}", binary(function)));
            }
        }
    }
    found
}

fn permissions(template: &Template) -> impl Iterator<Item = (&str, &Value)> {
    template.of_type("AWS::Lambda::Permission")
}

/// Checks that a permission is for the API of this template. A permission that SAM adds for an event of its own has
/// another form.
fn invoke_own_api(template: &Template) -> Vec<String> {
    let arn = |api| {
        format!("arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/*/*")
    };
    let good = |_: &str, permission: &Value| {
        let properties = at(permission, "Properties");
        let from = text(properties, "SourceArn/Fn::Sub");
        text(properties, "Action") == "lambda:InvokeFunction"
            && text(properties, "Principal") == "apigateway.amazonaws.com"
            && template.of_type(super::API).any(|(api, _)| from == arn(api))
    };
    unless(permissions(template), good, "only the API of this template starts a function")
}

fn one_permission(template: &Template) -> Vec<String> {
    let of = |id: &str| {
        let mine = |permission: &Value| target(at(permission, "Properties/FunctionName")) == Some(id);
        permissions(template).filter(|(_, permission)| mine(permission)).count()
    };
    let bad = template.functions().filter_map(|(id, function)| {
        let wanted = usize::from(events(function, "HttpApi").next().is_some());
        let has = of(id);
        (has != wanted).then(|| format!("{}: has {has} permissions in place of {wanted}", binary(function)))
    });
    bad.collect()
}
