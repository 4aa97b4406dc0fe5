//! Permissions: the actions of the roles, their things, and who may open which kind of sealed value.

use std::collections::BTreeSet;

use mooring_edge::routes::ROUTES;
use serde_json::Value;

use super::Rule;
use crate::grants::{Grant, Thing, branches, condition_keys, decrypting, grants};
use crate::template::{Template, at, entries, items, text, words};

/// Who may decrypt which keys, and no other.
pub const DECRYPTS: &[(&str, &[&str])] = &[
    ("data of con_*", &["connection-confirm", "connections-read", "reports-query", "sync-worker"]),
    (
        "secret of app_*",
        &[
            "connect-page",
            "connect-session-create",
            "connection-callback",
            "deletion-request",
            "deletion-worker",
            "mail-worker",
            "sync-worker",
        ],
    ),
    ("secret of whe_*", &["webhook-worker"]),
    ("token of con_*", &["deletion-worker", "sync-worker"]),
];

/// Who may generate which new data keys.
const MINTS: &[(&str, &[&str])] = &[
    ("data of con_*", &["connection-callback", "connection-confirm"]),
    ("secret of whe_*", &["webhook-endpoint-change", "webhook-endpoint-create"]),
    ("token of con_*", &["connection-callback"]),
];

/// Wildcards that AWS offers no way around, each with its reason.
pub const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "Key Account: action kms:*",
        "without the account's root in its policy nobody could ever change the key",
    ),
    ("Key Account: resource *", "in a key's own policy the resource is that key"),
    ("Key OnlyWithApp: resource *", "in a key's own policy the resource is that key; and it denies"),
    ("Key OnlyWithUse: resource *", "in a key's own policy the resource is that key; and it denies"),
];

/// The actions that a function's role may ever have: rows, data keys, messages, mails, its log lines. None of them
/// makes, changes or deletes a table, a backup, a queue, a key or a log group, and none scans.
const ACTIONS: [&str; 18] = [
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "ses:SendEmail",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
];

/// Who may write many rows at once, although such a write has no conditions: function, table, reason.
const BATCHES: [(&str, &str, &str); 6] = [
    ("deletion-worker", "ConnectionsTable", "purges"),
    ("deletion-worker", "DirectoryTable", "purges"),
    ("deletion-worker", "ReportsTable", "purges"),
    ("deletion-worker", "TransientTable", "purges"),
    ("deletion-worker", "VaultTable", "purges"),
    (
        "sync-worker",
        "ReportsTable",
        "parts of a sheet, which no reader sees before the conditional write of its head",
    ),
];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "iam-no-wildcard", why: "a star grants what nobody has thought of", check: no_wildcard },
    Rule {
        name: "iam-only-known-actions",
        why: "functions work on rows, keys, messages and mails; nobody can delete a table or schedule a key's end",
        check: |template| {
            let unknown = |grant: &Grant| {
                let unknown = grant.actions.iter().filter(|action| !ACTIONS.contains(&action.as_str()));
                unknown
                    .map(|action| format!("{} {}: {action}", grant.function, grant.sid))
                    .collect::<Vec<_>>()
            };
            grants(template).iter().flat_map(unknown).collect()
        },
    },
    Rule {
        name: "iam-reads-write-nothing",
        why: "a GET runs while it is counted, so that its function may leave nothing behind if a limit refuses it",
        check: reads_write_nothing,
    },
    Rule {
        name: "iam-own-resources",
        why: "a right on a name that is not of this template is a right on somebody else's data",
        check: own_resources,
    },
    Rule {
        name: "kms-bound-to-app-use-and-owner",
        why: "a right on the key without its context opens everything that was ever sealed",
        check: bound_to_use,
    },
    Rule {
        name: "kms-key-denies-without-context",
        why: "the key itself refuses whoever comes without saying for what",
        check: key_denies,
    },
    Rule {
        name: "kms-decrypt-list",
        why: "each use is opened by the functions that need it (security: who may decrypt) and by no other",
        check: |template| {
            let listed = pairs(DECRYPTS);
            differences(&decrypting(&grants(template)), &listed, "decrypt")
        },
    },
    Rule {
        name: "kms-mint-list",
        why: "who can make a data key can seal under it what nobody expects",
        check: |template| {
            let mints = |grant: &Grant| {
                let keys = grant.keys().into_iter();
                keys.map(|key| (key, grant.function.clone())).collect::<Vec<_>>()
            };
            let all = grants(template);
            let found = all.iter().filter(|grant| grant.allows("kms:GenerateDataKey")).flat_map(mints);
            differences(&found.collect(), &pairs(MINTS), "make data keys")
        },
    },
    Rule {
        name: "iam-batch-writes",
        why: "a batch carries no conditions: an old value could replace a newer one, a purged row come back",
        check: |template| {
            let batch = |grant: &&Grant| grant.allows("dynamodb:BatchWriteItem");
            let bad = |grant: &Grant, thing: &Thing| {
                let known = |(function, table, _): &(&str, &str, &str)| {
                    *function == grant.function && *thing == Thing::Own((*table).to_owned())
                };
                !BATCHES.iter().any(known)
            };
            let all = grants(template);
            let of = |grant: &Grant| {
                let things = grant.things.iter().filter(|thing| bad(grant, thing));
                things.map(|thing| format!("{}: batches on {thing:?}", grant.function)).collect::<Vec<_>>()
            };
            all.iter().filter(batch).flat_map(of).collect()
        },
    },
    Rule {
        name: "iam-conditions-known",
        why: "a condition with a slip in its name allows everything or nothing",
        check: |template| {
            let known = [
                "StringEquals kms:EncryptionContext:app",
                "StringEquals kms:EncryptionContext:use",
                "StringLike kms:EncryptionContext:conn",
                "ForAllValues:StringLike dynamodb:LeadingKeys",
            ];
            let unknown = |grant: &Grant| {
                let keys = condition_keys(&grant.condition).into_iter();
                let keys = keys.filter(|key| !known.contains(&key.as_str()));
                keys.map(|key| format!("{} {}: {key}", grant.function, grant.sid)).collect::<Vec<_>>()
            };
            grants(template).iter().flat_map(unknown).collect()
        },
    },
];

fn pairs(list: &[(&str, &[&str])]) -> BTreeSet<(String, String)> {
    let of = |(purpose, functions): &(&str, &[&str])| {
        let purpose = (*purpose).to_owned();
        functions.iter().map(|function| (purpose.clone(), (*function).to_owned())).collect::<Vec<_>>()
    };
    list.iter().flat_map(of).collect()
}

fn differences(
    found: &BTreeSet<(String, String)>,
    listed: &BTreeSet<(String, String)>,
    what: &str,
) -> Vec<String> {
    let more = found.difference(listed).map(|(purpose, function)| {
        format!("{function} may {what} for {purpose}: take it away, or list it in rules/permissions.rs")
    });
    let fewer = listed
        .difference(found)
        .map(|(purpose, function)| format!("{function} is listed to {what} for {purpose}, and may not"));
    more.chain(fewer).collect()
}

/// Lists every statement of the template: of roles and their trust, of keys, of queues and whatever else has a policy.
fn all_statements(template: &Template) -> Vec<(String, &Value)> {
    let of = |(id, resource): (&str, _)| {
        let mut policies = Vec::new();
        policies_below(at(resource, "Properties"), &mut policies);
        let all = policies.into_iter().flat_map(|policy| items(at(policy, "Statement")));
        let id = id.to_owned();
        all.map(move |statement| (format!("{id} {}", text(statement, "Sid")), statement)).collect::<Vec<_>>()
    };
    template.resources().flat_map(of).collect()
}

/// Collects everything below a value that has the form of a policy.
fn policies_below<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    if !at(value, "Statement").is_null() {
        found.push(value);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| policies_below(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| policies_below(field, found)),
        _ => {}
    }
}

/// Lists the resources of a statement as texts: a text, or the pattern of `Fn::Sub`.
fn resources(statement: &Value) -> impl Iterator<Item = &str> {
    let named = |resource| Value::as_str(resource).or_else(|| at(resource, "Fn::Sub").as_str());
    items(at(statement, "Resource")).flat_map(branches).filter_map(named)
}

/// The actions of a function behind a GET of the API, beside its log lines and the statements that count and log its
/// calls.
const READS: [&str; 4] = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "kms:Decrypt"];

/// The statements that every function of the API has, by which a call is counted and logged.
const GUARDS: [&str; 3] = ["AccessLog", "Limits", "Logs"];

fn reads_write_nothing(template: &Template) -> Vec<String> {
    let reading: BTreeSet<&str> = ROUTES
        .iter()
        .filter(|route| !route.is_public() && matches!(route.method, "GET" | "HEAD"))
        .map(|route| route.function)
        .collect();
    let own =
        |grant: &Grant| reading.contains(grant.function.as_str()) && !GUARDS.contains(&grant.sid.as_str());
    let writes = |grant: Grant| {
        let writes = grant.actions.iter().filter(|action| !READS.contains(&action.as_str()));
        writes.map(|action| format!("{} {}: {action}", grant.function, grant.sid)).collect::<Vec<_>>()
    };
    grants(template).into_iter().filter(own).flat_map(writes).collect()
}

fn no_wildcard(template: &Template) -> Vec<String> {
    let mut stars = Vec::new();
    for (place, statement) in all_statements(template) {
        let actions = words(at(statement, "Action")).filter(|action| action.contains('*'));
        stars.extend(actions.map(|action| format!("{place}: action {action}")));
        let wide = resources(statement).filter(|resource| resource.contains('*'));
        stars.extend(wide.map(|resource| format!("{place}: resource {resource}")));
        if ["NotAction", "NotResource", "NotPrincipal"].iter().any(|field| !at(statement, field).is_null()) {
            stars.push(format!("{place}: says what not"));
        }
        let everybody = |principal: &Value| words(principal).any(|who| who == "*");
        let principal = at(statement, "Principal");
        let named = entries(principal).any(|(_, who)| everybody(who));
        if text(statement, "Effect") == "Allow" && (everybody(principal) || named) {
            stars.push(format!("{place}: allows everybody"));
        }
    }
    let known = |star: &String| EXCEPTIONS.iter().any(|(place, _)| place == star);
    let unused = EXCEPTIONS.iter().filter(|(place, _)| !stars.iter().any(|star| star == place));
    let unused = unused.map(|(place, _)| format!("{place}: excepted, and not there"));
    stars.iter().filter(|star| !known(star)).cloned().chain(unused).collect()
}

fn own_resources(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for grant in grants(template) {
        let place = format!("{} {}", grant.function, grant.sid);
        if grant.things.is_empty() || grant.sid.is_empty() || grant.effect != "Allow" {
            found.push(format!("{place}: a statement has a Sid, allows, and names its resource"));
        }
        for thing in &grant.things {
            let good = match thing {
                Thing::Own(id) | Thing::Part(id, _) => !template.properties(id).is_null(),
                Thing::Named(name) => matches!(&**name, "identity/${MailFrom}" | "identity/${MailIdentity}"),
                Thing::Unknown(_) => false,
            };
            if !good {
                found.push(format!("{place}: {thing:?} is not of this template"));
            }
        }
    }
    found
}

fn bound_to_use(template: &Template) -> Vec<String> {
    let keys = ["data of con_*", "secret of app_*", "secret of whe_*", "token of con_*"];
    let unbound = |grant: &Grant| {
        let app = text(&grant.condition, "StringEquals/kms:EncryptionContext:app");
        let named = grant.keys();
        app != "mooring" || named.is_empty() || named.iter().any(|key| !keys.contains(&key.as_str()))
    };
    let all = grants(template);
    let bad = all.iter().filter(|grant| grant.speaks_to("kms:") && unbound(grant));
    bad.map(|grant| format!("{} {}: bind it to app, use and owner", grant.function, grant.sid)).collect()
}

fn key_denies(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (id, key) in template.of_type("AWS::KMS::Key") {
        for field in ["app", "use"] {
            let denies = |statement: &Value| {
                let actions: Vec<&str> = words(at(statement, "Action")).collect();
                text(statement, "Effect") == "Deny"
                    && text(statement, "Principal") == "*"
                    && ["kms:Decrypt", "kms:GenerateDataKey"].iter().all(|action| actions.contains(action))
                    && condition_keys(at(statement, "Condition")).len() == 1
                    && text(statement, &format!("Condition/Null/kms:EncryptionContext:{field}")) == "true"
            };
            if !items(at(key, "Properties/KeyPolicy/Statement")).any(denies) {
                found.push(format!("{id}: has to deny whoever does not name the {field}"));
            }
        }
    }
    found
}
