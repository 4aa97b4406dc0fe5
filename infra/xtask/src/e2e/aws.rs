//! The deployed tables, queues, mappings and logs, reached over the services' own protocols, past every function.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use super::cloud::{Cloud, text};

/// An item of a table, each attribute with its type.
pub(crate) type Item = Map<String, Value>;

/// The tables that hold the rows of a connection.
pub(crate) const HOLDING: [&str; 4] = ["directory", "connections", "vault", "reports"];

/// The queues, by their resources.
pub(crate) const SYNC: &str = "SyncQueue";
pub(crate) const SYNC_DEAD: &str = "SyncDeadLetters";
pub(crate) const DELETION: &str = "DeletionQueue";
pub(crate) const DELETION_DEAD: &str = "DeletionDeadLetters";

impl Cloud {
    /// Calls a resource of a service that has a path for each.
    pub(crate) async fn rest(
        &self,
        method: Method,
        service: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value> {
        let request = self.request(method, service, path).header("content-type", "application/json");
        answered(request.body(body.to_string())).await.with_context(|| path.to_owned())
    }

    /// Calls an operation of a service with a JSON protocol.
    pub(crate) async fn call(&self, service: &str, operation: &str, body: &Value) -> Result<Value> {
        let request = self.request(Method::POST, service, "/").header("x-amz-target", operation);
        let request = request.header("content-type", "application/x-amz-json-1.0").body(body.to_string());
        answered(request).await.with_context(|| operation.to_owned())
    }

    /// ministack reads the service's name from the credential and does not check the signature.
    fn request(&self, method: Method, service: &str, path: &str) -> RequestBuilder {
        let scope = format!("Credential=test/20260101/eu-central-1/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
        self.client.request(method, format!("{}{path}", self.endpoint)).header("authorization", authorization)
    }

    /// Reads every item of a table.
    pub(crate) async fn items(&self, table: &str) -> Result<Vec<Item>> {
        let name = self.places.tables.get(table).with_context(|| format!("no table {table}"))?;
        let (mut items, mut from) = (Vec::new(), Value::Null);
        loop {
            let mut question = json!({ "TableName": name, "ConsistentRead": true });
            if !from.is_null() {
                question["ExclusiveStartKey"] = from;
            }
            let mut page = self.call("dynamodb", "DynamoDB_20120810.Scan", &question).await?;
            let found = page["Items"].take();
            items.extend(serde_json::from_value::<Vec<Item>>(found)?);
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                return Ok(items);
            }
        }
    }

    /// Counts the items whose keys contain a text, by table; tables without such an item are left out.
    pub(crate) async fn held(&self, what: &str) -> Result<BTreeMap<&'static str, usize>> {
        let mut held = BTreeMap::new();
        for table in HOLDING {
            let items = self.items(table).await?;
            let count = items
                .iter()
                .filter(|item| key(item, "pk").contains(what) || key(item, "sk").contains(what))
                .count();
            if count > 0 {
                held.insert(table, count);
            }
        }
        Ok(held)
    }

    /// Puts an item back, if an attribute still has its old value. Returns false when it has not.
    pub(crate) async fn put_back(&self, table: &str, item: &Item, unchanged: &str) -> Result<bool> {
        let body = json!({
            "TableName": self.places.tables.get(table),
            "Item": item,
            "ConditionExpression": "#a = :a",
            "ExpressionAttributeNames": { "#a": unchanged },
            "ExpressionAttributeValues": { ":a": item.get(unchanged) },
        });
        match self.call("dynamodb", "DynamoDB_20120810.PutItem", &body).await {
            Err(error) if format!("{error:#}").contains("ConditionalCheckFailed") => Ok(false),
            other => other.map(|_| true),
        }
    }

    fn queue(&self, queue: &str) -> Result<&str> {
        self.places.queues.get(queue).map(String::as_str).with_context(|| format!("no queue {queue}"))
    }

    /// Counts the messages of a queue: waiting, under way, and delayed.
    pub(crate) async fn messages(&self, queue: &str) -> Result<[u64; 3]> {
        let body = json!({ "QueueUrl": self.queue(queue)?, "AttributeNames": ["All"] });
        let answer = self.call("sqs", "AmazonSQS.GetQueueAttributes", &body).await?;
        let number =
            |name: &str| -> Result<u64> { Ok(text(&answer, &format!("/Attributes/{name}"))?.parse()?) };
        Ok([
            number("ApproximateNumberOfMessages")?,
            number("ApproximateNumberOfMessagesNotVisible")?,
            number("ApproximateNumberOfMessagesDelayed")?,
        ])
    }

    /// Sets how long a message stays hidden after a receive.
    pub(crate) async fn set_visibility(&self, queue: &str, seconds: u32) -> Result<()> {
        let attributes = json!({ "VisibilityTimeout": seconds.to_string() });
        let body = json!({ "QueueUrl": self.queue(queue)?, "Attributes": attributes });
        self.call("sqs", "AmazonSQS.SetQueueAttributes", &body).await.map(|_| ())
    }

    /// Sends up to ten messages at once.
    pub(crate) async fn send(&self, queue: &str, bodies: &[String]) -> Result<()> {
        let entry =
            |(number, body): (usize, &String)| json!({ "Id": number.to_string(), "MessageBody": body });
        let entries: Vec<_> = bodies.iter().enumerate().map(entry).collect();
        let body = json!({ "QueueUrl": self.queue(queue)?, "Entries": entries });
        let answer = self.call("sqs", "AmazonSQS.SendMessageBatch", &body).await?;
        ensure!(answer["Failed"].as_array().is_none_or(Vec::is_empty), "not sent: {answer}");
        Ok(())
    }

    /// Receives a message and leaves it in the queue: its body, its handle, and how often it was received before.
    pub(crate) async fn receive(&self, queue: &str) -> Result<Option<(String, String, u64)>> {
        let body = json!({ "QueueUrl": self.queue(queue)?, "AttributeNames": ["All"] });
        let answer = self.call("sqs", "AmazonSQS.ReceiveMessage", &body).await?;
        let Some(message) = answer.pointer("/Messages/0") else { return Ok(None) };
        let received: u64 = text(message, "/Attributes/ApproximateReceiveCount")?.parse()?;
        let handle = text(message, "/ReceiptHandle")?.to_owned();
        Ok(Some((text(message, "/Body")?.to_owned(), handle, received - 1)))
    }

    /// Deletes a received message.
    pub(crate) async fn delete(&self, queue: &str, handle: &str) -> Result<()> {
        let body = json!({ "QueueUrl": self.queue(queue)?, "ReceiptHandle": handle });
        self.call("sqs", "AmazonSQS.DeleteMessage", &body).await.map(|_| ())
    }

    /// Changes the mapping of a queue.
    pub(crate) async fn map(&self, queue: &str, settings: &Value) -> Result<()> {
        let mapping = self.places.mappings.get(queue).with_context(|| format!("{queue} has no mapping"))?;
        let path = format!("/2015-03-31/event-source-mappings/{mapping}");
        let request = self.request(Method::PUT, "lambda", &path);
        answered(request.header("content-type", "application/json").body(settings.to_string()))
            .await
            .map(|_| ())
    }

    /// Invokes a function as its schedule does.
    pub(crate) async fn tick(&self, function: &str) -> Result<()> {
        let name = self.places.functions.get(function).with_context(|| format!("no function {function}"))?;
        let path = format!("/2015-03-31/functions/{name}/invocations");
        answered(self.request(Method::POST, "lambda", &path).body("{}")).await.map(|_| ())
    }

    /// Reads the lines of the functions' log that contain a text.
    pub(crate) async fn logged(&self, what: &str) -> Result<Vec<String>> {
        let body = json!({ "logGroupName": self.places.logs, "filterPattern": format!("\"{what}\"") });
        let answer = self.call("logs", "Logs_20140328.FilterLogEvents", &body).await?;
        let events = answer["events"].as_array().context("no events")?;
        Ok(events.iter().filter_map(|event| event["message"].as_str().map(str::to_owned)).collect())
    }
}

/// Returns a text attribute of an item; empty when there is none.
pub(crate) fn key<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value["S"].as_str()).unwrap_or_default()
}

async fn answered(request: RequestBuilder) -> Result<Value> {
    let response = request.send().await?;
    let (status, said) = (response.status(), response.text().await?);
    ensure!(status.is_success(), "{status}: {said}");
    Ok(if said.is_empty() { Value::Null } else { serde_json::from_str(&said)? })
}
