//! SQS: visibility, dead letters after exactly N receives, delays by the clock.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use awsim_core::{RequestContext, ServiceHandler as _};
use mooring_aws_local::{AwsLocal, LocalClock, Options};
use serde_json::json;

use crate::support::{memory, sqs};

pub(crate) async fn queue(sqs: &Client, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
    let attributes: HashMap<_, _> =
        attributes.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect();
    sqs.create_queue()
        .queue_name(name)
        .set_attributes(Some(attributes))
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap()
}

pub(crate) async fn send(sqs: &Client, url: &str, body: &str, delay: i32) {
    sqs.send_message().queue_url(url).message_body(body).delay_seconds(delay).send().await.unwrap();
}

pub(crate) async fn receive(sqs: &Client, url: &str, wait: i32) -> Option<Message> {
    let request = sqs.receive_message().queue_url(url).wait_time_seconds(wait);
    let received =
        request.message_system_attribute_names(MessageSystemAttributeName::All).send().await.unwrap();
    received.messages.unwrap_or_default().pop()
}

async fn show_again(sqs: &Client, url: &str, message: &Message) {
    let request = sqs.change_message_visibility().queue_url(url).visibility_timeout(0);
    request.set_receipt_handle(message.receipt_handle.clone()).send().await.unwrap();
}

fn count(message: &Message) -> &str {
    &message.attributes.as_ref().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount]
}

async fn redriven(sqs: &Client, most: u32) -> (String, String) {
    let dead = queue(sqs, "jobs-dead", &[]).await;
    let policy = format!(
        r#"{{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:000000000000:jobs-dead","maxReceiveCount":{most}}}"#
    );
    (queue(sqs, "jobs", &[(QueueAttributeName::RedrivePolicy, &policy)]).await, dead)
}

#[tokio::test]
async fn a_message_is_dead_after_exactly_n_receives() {
    let aws = memory(1).await;
    let sqs = sqs(&aws);
    let (jobs, dead) = redriven(&sqs, 3).await;
    send(&sqs, &jobs, "poison", 0).await;
    for receive_count in ["1", "2", "3"] {
        let message = receive(&sqs, &jobs, 0).await.unwrap();
        assert_eq!(count(&message), receive_count);
        assert!(receive(&sqs, &dead, 0).await.is_none());
        show_again(&sqs, &jobs, &message).await;
    }
    assert!(receive(&sqs, &jobs, 0).await.is_none());
    assert_eq!(receive(&sqs, &dead, 0).await.unwrap().body.as_deref(), Some("poison"));
    let set = sqs.get_queue_attributes().queue_url(&jobs).attribute_names(QueueAttributeName::RedrivePolicy);
    let set = set.send().await.unwrap().attributes.unwrap();
    assert!(set[&QueueAttributeName::RedrivePolicy].contains("\"maxReceiveCount\":3"));
}

#[tokio::test]
async fn receives_count_once_when_visibility_runs_out() {
    let aws = memory(60).await;
    let sqs = sqs(&aws);
    let jobs = queue(&sqs, "jobs", &[(QueueAttributeName::VisibilityTimeout, "6")]).await;
    send(&sqs, &jobs, "slow", 0).await;
    for receive_count in ["1", "2", "3", "4"] {
        assert_eq!(count(&receive(&sqs, &jobs, 1).await.unwrap()), receive_count);
    }
}

/// Fails when the embedded service counts a receive once: then `uncount` must go.
#[tokio::test]
async fn the_embedded_service_still_counts_twice() {
    let (service, context) = (awsim_sqs::SqsService::new(), RequestContext::new("sqs", "eu-central-1"));
    let call = async |operation, input| service.handle(operation, input, &context).await.unwrap();
    let url = call("CreateQueue", json!({"QueueName": "jobs"})).await["QueueUrl"].clone();
    call("SendMessage", json!({"QueueUrl": url, "MessageBody": "x"})).await;
    let receive = json!({"QueueUrl": url, "VisibilityTimeout": 0, "AttributeNames": ["All"]});
    for receive_count in ["1", "3", "5"] {
        let received = call("ReceiveMessage", receive.clone()).await;
        assert_eq!(received["Messages"][0]["Attributes"]["ApproximateReceiveCount"], receive_count);
    }
}

#[tokio::test]
async fn a_received_message_is_hidden_until_deleted_or_shown() {
    let aws = memory(1).await;
    let sqs = sqs(&aws);
    let jobs = queue(&sqs, "jobs", &[]).await;
    send(&sqs, &jobs, "job", 0).await;
    let first = receive(&sqs, &jobs, 0).await.unwrap();
    assert!(receive(&sqs, &jobs, 0).await.is_none());
    let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id("1").visibility_timeout(0);
    let entry = entry.set_receipt_handle(first.receipt_handle).build().unwrap();
    sqs.change_message_visibility_batch().queue_url(&jobs).entries(entry).send().await.unwrap();
    let second = receive(&sqs, &jobs, 0).await.unwrap();
    let delete = sqs.delete_message().queue_url(&jobs).set_receipt_handle(second.receipt_handle);
    delete.send().await.unwrap();
    aws.clock().advance(Duration::from_mins(10));
    assert!(receive(&sqs, &jobs, 0).await.is_none());
}

#[tokio::test]
async fn delays_run_at_the_clock_s_scale() {
    let aws = memory(600).await;
    let sqs = sqs(&aws);
    let jobs = queue(&sqs, "jobs", &[]).await;
    let sent = Instant::now();
    send(&sqs, &jobs, "in 15 minutes", 900).await;
    while receive(&sqs, &jobs, 1).await.is_none() {
        assert!(sent.elapsed() < Duration::from_mins(10), "15 minutes do not pass 600 times as fast");
    }
    assert!(sent.elapsed() >= Duration::from_millis(1_500), "{:?}", sent.elapsed());
}

#[tokio::test]
async fn a_standing_clock_keeps_messages_hidden_until_it_is_moved() {
    let clock = LocalClock::standing_at("2026-11-22T10:02:30Z".parse().unwrap());
    let aws = AwsLocal::start(Options::in_memory(clock)).await.unwrap();
    let sqs = sqs(&aws);
    let jobs = queue(&sqs, "jobs", &[]).await;
    send(&sqs, &jobs, "in a second", 1).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(receive(&sqs, &jobs, 0).await.is_none());
    aws.clock().advance(Duration::from_secs(1));
    assert!(receive(&sqs, &jobs, 0).await.is_some());
    aws.clock().advance(Duration::from_secs(29));
    assert!(receive(&sqs, &jobs, 0).await.is_none(), "hidden for 30 s");
    aws.clock().advance(Duration::from_secs(1));
    assert!(receive(&sqs, &jobs, 0).await.is_some());
}

#[tokio::test]
async fn a_move_of_the_clock_makes_messages_due_and_wakes_a_long_poll() {
    let aws = memory(1).await;
    let sqs = sqs(&aws);
    let jobs = queue(&sqs, "jobs", &[]).await;
    send(&sqs, &jobs, "later", 600).await;
    aws.clock().advance(Duration::from_mins(9));
    assert!(receive(&sqs, &jobs, 0).await.is_none());
    let polling = tokio::spawn({
        let (sqs, jobs) = (sqs.clone(), jobs.clone());
        async move { receive(&sqs, &jobs, 20).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    aws.clock().advance(Duration::from_mins(2));
    assert_eq!(polling.await.unwrap().unwrap().body.as_deref(), Some("later"));
    aws.clock().advance(Duration::from_mins(1));
    assert!(receive(&sqs, &jobs, 0).await.is_some(), "the visibility of 30 s is over");
}

#[tokio::test]
async fn retention_follows_moves_of_the_clock() {
    let aws = memory(1).await;
    let sqs = sqs(&aws);
    let jobs = queue(&sqs, "jobs", &[]).await;
    send(&sqs, &jobs, "old", 0).await;
    aws.clock().advance(Duration::from_hours(5 * 24));
    assert!(receive(&sqs, &jobs, 0).await.is_none());
}

#[tokio::test]
async fn a_standard_queue_takes_a_group() {
    let aws = memory(1).await;
    let sqs = sqs(&aws);
    let jobs = queue(&sqs, "jobs", &[]).await;
    let entry = |id: &str| {
        let entry =
            SendMessageBatchRequestEntry::builder().id(id).message_body(id).message_group_id("tenant");
        entry.build().unwrap()
    };
    let sent = sqs
        .send_message_batch()
        .queue_url(&jobs)
        .entries(entry("1"))
        .entries(entry("2"))
        .send()
        .await
        .unwrap();
    assert_eq!((sent.successful.len(), sent.failed.len()), (2, 0));
    let message = receive(&sqs, &jobs, 0).await.unwrap();
    assert_eq!(message.attributes.unwrap()[&MessageSystemAttributeName::MessageGroupId], "tenant");
}

#[tokio::test]
async fn refusals_are_the_modelled_ones() {
    let aws = memory(1).await;
    let sqs = sqs(&aws);
    let missing = sqs.get_queue_url().queue_name("none").send().await.unwrap_err().into_service_error();
    assert!(missing.is_queue_does_not_exist(), "{missing:?}");
    let jobs = queue(&sqs, "jobs", &[]).await;
    let late = sqs.send_message().queue_url(&jobs).message_body("x").delay_seconds(901).send().await;
    assert_eq!(late.unwrap_err().into_service_error().meta().code(), Some("InvalidParameterValue"));
    let long = sqs.send_message().queue_url(&jobs).message_body("x".repeat(1_048_577)).send().await;
    assert_eq!(long.unwrap_err().into_service_error().meta().code(), Some("InvalidParameterValue"));
    let again = queue(&sqs, "jobs", &[]).await;
    assert_eq!(again, jobs);
}
