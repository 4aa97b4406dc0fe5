//! The SQS event source mappings: batches in, failed message ids out, everything else deleted.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde_json::json;
use tokio::sync::watch;
use tracing::warn;

use crate::mount::QueueFunction;

/// One mapping of a queue to a function.
#[derive(Clone)]
pub(crate) struct Mapping {
    pub(crate) client: Client,
    pub(crate) queue_url: String,
    pub(crate) batch: i32,
    pub(crate) function: QueueFunction,
}

/// Polls until `stop` says so; finishes a batch under way first.
pub(crate) async fn poll(mapping: Arc<Mapping>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let received = tokio::select! {
            received = receive(&mapping, 5) => received,
            _ = stop.changed() => return,
        };
        match received {
            Ok(messages) if messages.is_empty() => {}
            Ok(messages) => settle(&mapping, messages).await,
            Err(error) => {
                warn!(event = "poll.failed", error, "a queue could not be read");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// Handles the messages that are there now and returns how many they were; for tests that do not wait.
pub(crate) async fn drain_once(mapping: &Mapping) -> Result<usize, String> {
    let messages = receive(mapping, 0).await?;
    let count = messages.len();
    if count > 0 {
        settle(mapping, messages).await;
    }
    Ok(count)
}

async fn receive(mapping: &Mapping, wait: i32) -> Result<Vec<Message>, String> {
    let received = mapping
        .client
        .receive_message()
        .queue_url(&mapping.queue_url)
        .max_number_of_messages(mapping.batch)
        .wait_time_seconds(wait)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .map_err(|error| error.into_service_error().to_string())?;
    Ok(received.messages.unwrap_or_default())
}

/// Invokes the function and deletes the messages that it did not report as failed.
async fn settle(mapping: &Mapping, messages: Vec<Message>) {
    let Ok(event) = event(&messages) else { return };
    // A panic is an invocation error in Lambda: the whole batch becomes visible again.
    let function = mapping.function.clone();
    let Ok(response) = tokio::spawn(async move { function(event).await }).await else { return };
    for message in &messages {
        if failed(&response, message) {
            continue;
        }
        let handle = message.receipt_handle().unwrap_or_default();
        let deleted =
            mapping.client.delete_message().queue_url(&mapping.queue_url).receipt_handle(handle).send();
        if deleted.await.is_err() {
            warn!(event = "poll.delete_failed", "a message will be delivered again");
        }
    }
}

fn failed(response: &SqsBatchResponse, message: &Message) -> bool {
    let id = message.message_id().unwrap_or_default();
    response.batch_item_failures.iter().any(|failure| failure.item_identifier == id)
}

/// Returns the event that a mapping sends to its function.
pub fn event(messages: &[Message]) -> Result<SqsEvent, serde_json::Error> {
    let records: Vec<_> = messages
        .iter()
        .map(|message| {
            let attributes: serde_json::Map<_, _> = message
                .attributes()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
                .collect();
            json!({
                "messageId": message.message_id(),
                "receiptHandle": message.receipt_handle(),
                "body": message.body(),
                "attributes": attributes,
                "messageAttributes": {},
                "md5OfBody": message.md5_of_body(),
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:local",
                "awsRegion": "eu-central-1",
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records }))
}
