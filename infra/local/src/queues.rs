//! The queues of template.yaml, created on the local SQS with the template's settings.

use anyhow::{Context as _, Result};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use mooring_queue::queues::RECEIVES;
use mooring_queue::{QUEUES, Queue, QueueUrls};

/// What a queue is called here.
pub(crate) fn name(queue: &Queue) -> String {
    format!("mooring-{}", queue.name)
}

/// Creates all queues with their dead letter queues, and answers their URLs.
pub(crate) async fn create(client: &Client) -> Result<QueueUrls> {
    let mut urls = Vec::new();
    for queue in QUEUES {
        urls.push((queue, pair(client, queue).await?));
    }
    Ok(urls.into_iter().collect())
}

async fn pair(client: &Client, spec: &Queue) -> Result<String> {
    let name = name(spec);
    let dead = format!("{name}-dead-letters");
    let dead_url = queue(client, &dead, &[(Name::MessageRetentionPeriod, "345600")]).await?;
    let attributes =
        client.get_queue_attributes().queue_url(&dead_url).attribute_names(Name::QueueArn).send().await?;
    let arn =
        attributes.attributes().and_then(|all| all.get(&Name::QueueArn)).context("a queue without ARN")?;
    let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES }).to_string();
    let visibility = spec.visibility.to_string();
    let settings = [
        (Name::VisibilityTimeout, visibility.as_str()),
        (Name::MessageRetentionPeriod, "86400"),
        (Name::RedrivePolicy, redrive.as_str()),
    ];
    queue(client, &name, &settings).await
}

async fn queue(client: &Client, name: &str, settings: &[(Name, &str)]) -> Result<String> {
    let mut request = client.create_queue().queue_name(name);
    for (attribute, value) in settings {
        request = request.attributes(attribute.clone(), *value);
    }
    request.send().await?.queue_url.with_context(|| format!("{name} has no URL"))
}
