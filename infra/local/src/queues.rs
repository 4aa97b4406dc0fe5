//! The queues of template.yaml, created on the local SQS with the template's settings.

use anyhow::{Context as _, Result};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use mooring_queue::QueueUrls;

/// A queue of template.yaml and its mapping to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Its name here.
    pub name: &'static str,
    /// Seconds that a message stays hidden after it was received.
    pub visibility: u32,
    /// The most messages that one invocation gets.
    pub batch: i32,
}

/// Sync jobs.
pub const SYNC: Queue = Queue { name: "mooring-sync", visibility: 360, batch: 10 };
/// Deletions.
pub const DELETION: Queue = Queue { name: "mooring-deletion", visibility: 5400, batch: 1 };
/// Deliveries to tenants' endpoints.
pub const WEBHOOK: Queue = Queue { name: "mooring-webhook", visibility: 360, batch: 1 };

/// Requests for a mail.
pub const MAIL: Queue = Queue { name: "mooring-mail", visibility: 120, batch: 1 };

/// Creates all queues with their dead letter queues, and answers their URLs.
pub(crate) async fn create(client: &Client) -> Result<QueueUrls> {
    Ok(QueueUrls {
        sync: Some(pair(client, SYNC).await?),
        deletion: Some(pair(client, DELETION).await?),
        webhook: Some(pair(client, WEBHOOK).await?),
        mail: Some(pair(client, MAIL).await?),
    })
}

async fn pair(client: &Client, Queue { name, visibility, .. }: Queue) -> Result<String> {
    let dead = format!("{name}-dead-letters");
    let dead_url = queue(client, &dead, &[(Name::MessageRetentionPeriod, "345600")]).await?;
    let attributes =
        client.get_queue_attributes().queue_url(&dead_url).attribute_names(Name::QueueArn).send().await?;
    let arn =
        attributes.attributes().and_then(|all| all.get(&Name::QueueArn)).context("a queue without ARN")?;
    let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 5 }).to_string();
    let visibility = visibility.to_string();
    let settings = [
        (Name::VisibilityTimeout, visibility.as_str()),
        (Name::MessageRetentionPeriod, "86400"),
        (Name::RedrivePolicy, redrive.as_str()),
    ];
    queue(client, name, &settings).await
}

async fn queue(client: &Client, name: &str, settings: &[(Name, &str)]) -> Result<String> {
    let mut request = client.create_queue().queue_name(name);
    for (attribute, value) in settings {
        request = request.attributes(attribute.clone(), *value);
    }
    request.send().await?.queue_url.with_context(|| format!("{name} has no URL"))
}
