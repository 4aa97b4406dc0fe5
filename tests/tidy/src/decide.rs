//! Decides a call as IAM would: whether the statements of one function's role allow it.
//!
//! This module splits a call of an SDK into its needs: an action on a thing, with the partition keys or the encryption
//! context that conditions read. A transaction needs each of its actions; a batch needs its own.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::grants::{Grant, Thing};
use crate::template::{at, entries, items, text, words};

/// The right that a call, or one item of it, needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The action, such as `dynamodb:GetItem`.
    pub action: String,
    /// The thing that the action is on.
    pub thing: Thing,
    /// The partition keys that it touches; `None` for a key that cannot be read from the call.
    pub keys: Vec<Option<String>>,
    /// The encryption context of KMS.
    pub context: Value,
}

/// Returns the needs of a call. An unknown call needs a right that nobody has.
pub fn needs(target: &str, path: &str, body: &Value) -> Vec<Need> {
    match target.split_once('.') {
        Some(("DynamoDB_20120810", operation)) => rows(operation, body),
        Some(("TrentService", operation)) => {
            let context = at(body, "EncryptionContext").clone();
            vec![need(format!("kms:{operation}"), Thing::Own("Key".to_owned()), Vec::new(), context)]
        }
        Some(("AmazonSQS", operation)) => {
            let operation = operation.trim_end_matches("Batch");
            let name = text(body, "QueueUrl").rsplit('/').next().unwrap_or_default();
            vec![need(format!("sqs:{operation}"), Thing::Own(queue(name)), Vec::new(), Value::Null)]
        }
        _ if path == "/v2/email/outbound-emails" => {
            vec![need("ses:SendEmail".to_owned(), Thing::Named(String::new()), Vec::new(), Value::Null)]
        }
        _ => vec![need(format!("{target} {path}"), Thing::Unknown(String::new()), Vec::new(), Value::Null)],
    }
}

/// Returns the narrowest statement that allows a need: of two, the one that names rows, so that a wide statement counts
/// as needed only where no other allows the need.
pub fn allowing<'a>(grants: &'a [Grant], need: &Need) -> Option<&'a Grant> {
    let allows = |grant: &&Grant| {
        grant.allows(&need.action)
            && grant.things.iter().any(|thing| covers(thing, &need.thing))
            && rows_fit(grant, need)
            && context_fits(grant, need)
    };
    grants.iter().filter(allows).min_by_key(|grant| grant.rows().is_empty())
}

/// Returns whether a statement's thing covers the thing of a call. A mail names no identity in its call but its sender,
/// and the template has one.
fn covers(allowed: &Thing, asked: &Thing) -> bool {
    allowed == asked || matches!((allowed, asked), (Thing::Named(_), Thing::Named(_)))
}

/// Decides `ForAllValues`: each key has to fit; an unknown key fits nothing.
fn rows_fit(grant: &Grant, need: &Need) -> bool {
    let patterns = grant.rows();
    let fits = |key: &Option<String>| {
        key.as_ref().is_some_and(|key| patterns.iter().any(|pattern| like(pattern, key)))
    };
    patterns.is_empty() || need.keys.iter().all(fits)
}

fn context_fits(grant: &Grant, need: &Need) -> bool {
    let condition = |operator: &str, fits: &dyn Fn(&str, &str) -> bool| {
        entries(at(&grant.condition, operator)).all(|(key, wanted)| {
            let Some(field) = key.strip_prefix("kms:EncryptionContext:") else { return true };
            let given = text(&need.context, field);
            words(wanted).any(|wanted| fits(wanted, given))
        })
    };
    condition("StringEquals", &|wanted, given| wanted == given) && condition("StringLike", &like)
}

/// Decides `StringLike`: a star stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn rows(operation: &str, body: &Value) -> Vec<Need> {
    match operation {
        "TransactWriteItems" | "TransactGetItems" => {
            items(at(body, "TransactItems")).flat_map(entries).map(|(kind, item)| part(kind, item)).collect()
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let of_table = |(table, asked): (&str, &Value)| {
                let keys = items(at(asked, "Keys")).map(partition);
                let written = items(asked).flat_map(entries).map(|(_, request)| written(request));
                let keys = if operation == "BatchGetItem" { keys.collect() } else { written.collect() };
                need(format!("dynamodb:{operation}"), own(table), keys, Value::Null)
            };
            entries(at(body, "RequestItems")).map(of_table).collect()
        }
        "BatchExecuteStatement" => items(at(body, "Statements")).map(statement).collect(),
        "Query" => vec![query(body)],
        _ => {
            let keys = vec![written(body)];
            vec![need(format!("dynamodb:{operation}"), own(text(body, "TableName")), keys, Value::Null)]
        }
    }
}

/// Returns the need of a part of a transaction.
fn part(kind: &str, item: &Value) -> Need {
    let action =
        if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
    let keys = vec![written(item)];
    need(format!("dynamodb:{action}"), own(text(item, "TableName")), keys, Value::Null)
}

/// Returns the need of `INSERT INTO "table" VALUE {…}`, the only statement that the product sends.
fn statement(one: &Value) -> Need {
    let text = text(one, "Statement");
    let table = text.split('"').nth(1).unwrap_or_default();
    let verb = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let verb = if verb == "insert" { "Insert" } else { "Other" };
    need(format!("dynamodb:PartiQL{verb}"), own(table), vec![None], Value::Null)
}

fn query(body: &Value) -> Need {
    let table = own(text(body, "TableName"));
    let thing = match (table, text(body, "IndexName")) {
        (Thing::Own(table), index) if !index.is_empty() => Thing::Part(table, format!("index/{index}")),
        (table, _) => table,
    };
    let condition = text(body, "KeyConditionExpression");
    let (_, rest) = condition.split_once('=').unwrap_or_default();
    let placeholder = rest.split_whitespace().next().unwrap_or_default().trim_end_matches(')');
    let value = at(body, "ExpressionAttributeValues").get(placeholder);
    let key = value.map(|value| text(value, "S").to_owned());
    need("dynamodb:Query".to_owned(), thing, vec![key], Value::Null)
}

/// Returns the partition key of the row that is read or written.
fn written(request: &Value) -> Option<String> {
    partition(at(request, "Key")).or_else(|| partition(at(request, "Item")))
}

fn partition(key: &Value) -> Option<String> {
    at(key, "pk/S").as_str().map(str::to_owned)
}

/// Turns `mooring-vault` into `VaultTable`, as the set-up and the tests name tables.
fn own(table: &str) -> Thing {
    Thing::Own(format!("{}Table", camel(table.trim_start_matches("mooring-"))))
}

/// Turns `mooring-token-refresh` into `TokenRefreshQueue`.
fn queue(name: &str) -> String {
    format!("{}Queue", camel(name.trim_start_matches("mooring-")))
}

fn camel(words: &str) -> String {
    words.split('-').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn need(action: String, thing: Thing, keys: Vec<Option<String>>, context: Value) -> Need {
    Need { action, thing, keys, context }
}

/// Lists every right of some statements, as function, statement and action.
pub fn rights(grants: &[Grant]) -> BTreeSet<(String, String, String)> {
    let of = |grant: &Grant| {
        let named = |action: &String| (grant.function.clone(), grant.sid.clone(), action.clone());
        grant.actions.iter().map(named).collect::<Vec<_>>()
    };
    grants.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grants::grants;
    use crate::template::Template;

    fn decided(function: &str, target: &str, body: &Value) -> bool {
        let mut all = grants(&Template::read().unwrap());
        all.retain(|grant| grant.function == function);
        let needs = needs(target, "/", body);
        !needs.is_empty() && needs.iter().all(|need| allowing(&all, need).is_some())
    }

    #[test]
    fn a_call_is_allowed_by_its_action_table_key_and_context() {
        let get = |table: &str, pk: &str| json!({ "TableName": table, "Key": { "pk": { "S": pk } } });
        let target = "DynamoDB_20120810.GetItem";
        assert!(decided("deletion-status", target, &get("mooring-ledger", "x")));
        assert!(!decided("deletion-status", target, &get("mooring-vault", "x")));
        assert!(!decided("deletion-status", "DynamoDB_20120810.PutItem", &get("mooring-ledger", "x")));
        assert!(decided("sync-worker", target, &get("mooring-transient", "breaker#tiktok_ads")));
        assert!(!decided("sync-worker", target, &get("mooring-transient", "ten_1")));
        let query = |index: &str| {
            json!({ "TableName": "mooring-ledger", "IndexName": index,
                "KeyConditionExpression": "due_shard = :s AND due_at <= :t",
                "ExpressionAttributeValues": { ":s": { "S": "0" } } })
        };
        assert!(decided("deletion-sweeper", "DynamoDB_20120810.Query", &query("due")));
        assert!(!decided("deletion-sweeper", "DynamoDB_20120810.Query", &query("other")));
        let open = |purpose: &str, conn: &str| json!({ "EncryptionContext": { "app": "mooring", "use": purpose, "conn": conn } });
        assert!(decided("reports-query", "TrentService.Decrypt", &open("data", "con_1")));
        assert!(!decided("reports-query", "TrentService.Decrypt", &open("token", "con_1")));
        assert!(!decided("reports-query", "TrentService.Decrypt", &open("data", "app_tiktok_ads")));
        assert!(!decided("reports-query", "TrentService.Decrypt", &json!({})));
        let send = json!({ "QueueUrl": "http://127.0.0.1:1/000000000000/mooring-sync", "Entries": [] });
        assert!(decided("sync-planner", "AmazonSQS.SendMessageBatch", &send));
        assert!(!decided("deletion-sweeper", "AmazonSQS.SendMessage", &send));
    }

    #[test]
    fn a_transaction_needs_each_of_its_actions() {
        let put = json!({ "Put": { "TableName": "mooring-ledger", "Item": { "pk": { "S": "x" } } } });
        let check =
            json!({ "ConditionCheck": { "TableName": "mooring-vault", "Key": { "pk": { "S": "x" } } } });
        let target = "DynamoDB_20120810.TransactWriteItems";
        assert!(decided("connection-callback", target, &json!({ "TransactItems": [put] })));
        assert!(!decided("connection-callback", target, &json!({ "TransactItems": [put, check] })));
    }

    #[test]
    fn a_batch_and_a_statement_need_actions_of_their_own() {
        let writes = json!({ "RequestItems": { "mooring-reports": [
            { "DeleteRequest": { "Key": { "pk": { "S": "x" } } } }
        ] } });
        let target = "DynamoDB_20120810.BatchWriteItem";
        assert!(decided("deletion-worker", target, &writes));
        assert!(!decided("deletion-worker", "DynamoDB_20120810.DeleteItem", &writes["RequestItems"]));
        assert!(!decided("reports-query", target, &writes));
        let sent = |text: &str| json!({ "Statements": [{ "Statement": text }] });
        let target = "DynamoDB_20120810.BatchExecuteStatement";
        let insert = sent("INSERT INTO \"mooring-reports\" VALUE {'pk': ?}");
        assert!(decided("sync-worker", target, &insert));
        assert!(!decided("reports-query", target, &insert));
        assert!(!decided("sync-worker", target, &sent("DELETE FROM \"mooring-reports\" WHERE pk = ?")));
    }

    #[test]
    fn of_two_statements_the_one_that_names_rows_counts() {
        let mut all = grants(&Template::read().unwrap());
        all.retain(|grant| grant.function == "connect-session-create");
        let put = |pk: &str| {
            let body = json!({ "TableName": "mooring-transient", "Item": { "pk": { "S": pk } } });
            let needs = needs("DynamoDB_20120810.PutItem", "/", &body);
            needs.first().and_then(|need| allowing(&all, need)).map(|grant| grant.sid.clone())
        };
        assert_eq!(put("ten_1").as_deref(), Some("Idempotency"));
        assert_eq!(put("0a1b").as_deref(), Some("Transient"));
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(like("ten_*#hooks", "ten_1#hooks") && like("ten_*", "ten_") && like("a", "a"));
        assert!(!like("ten_*#hooks", "ten_1") && !like("a", "ab") && !like("ten_*", "hook#1"));
    }
}
