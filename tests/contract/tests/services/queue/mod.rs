//! The contract of the queues: a message arrives when it is due, its body holds only ids, and a failing one ends as a
//! dead letter.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as Name};
use jiff::SignedDuration;
use mooring_aws_local::{Fault, FaultPlan, FaultProxy, sdk_config};
use mooring_domain::Kind;
use mooring_domain::base::ids::{DeletionId, TenantId};
use mooring_domain::base::queue::JobQueue as _;
use mooring_domain::base::window::Window;
use mooring_domain::deletion::ledger::DeletionJob;
use mooring_domain::sync::job::{JobKind, SyncJob};
use mooring_queue::{Job as _, QUEUES, Queues, run_batch};
use mooring_tests_contract::Queue;
use mooring_tests_contract::values::{account_id, connection_id, tenant_id};
use uuid::Uuid;

fn queues(queue: &Queue, client: Client) -> Queues {
    Queues::new(client, QUEUES.into_iter().map(|each| (each, queue.url.clone())).collect())
}

fn job(queue: &Queue, tenant: &TenantId) -> SyncJob {
    let slot = jiff::Timestamp::from_second(queue.now().as_second()).unwrap();
    SyncJob {
        tenant: tenant.clone(),
        connection: connection_id(),
        account: account_id(),
        kind: JobKind::Backfill,
        window: Window::new(jiff::civil::date(2026, 10, 1), jiff::civil::date(2026, 10, 31)),
        slot,
        deferred: 3,
        not_before: Some(slot + SignedDuration::from_hours(1)),
    }
}

fn body(message: &Message) -> &str {
    message.body().unwrap()
}

/// Makes the event of a mapping, as far as our batches read it.
fn event(messages: &[Message]) -> SqsEvent {
    let mut event = SqsEvent::default();
    for message in messages {
        let mut record = SqsMessage::default();
        record.message_id = message.message_id().map(str::to_owned);
        record.body = message.body().map(str::to_owned);
        event.records.push(record);
    }
    event
}

/// Receives every message that is visible now; each stays hidden for six minutes.
async fn all(queue: &Queue) -> Vec<Message> {
    let mut messages = Vec::new();
    loop {
        let more = queue.receive(&queue.url, false).await.unwrap();
        if more.is_empty() {
            return messages;
        }
        messages.extend(more);
    }
}

#[tokio::test]
async fn any_number_of_jobs_arrives_whole_and_grouped_by_tenant() {
    let queue = Queue::start().await.unwrap();
    let tenants = [tenant_id(), tenant_id()];
    let jobs: Vec<SyncJob> = (0..23).map(|number| job(&queue, &tenants[number % 2])).collect();
    queues(&queue, queue.client.clone()).send(&jobs, 0).await.unwrap();
    let messages = all(&queue).await;
    let mut left: HashMap<String, SyncJob> =
        jobs.into_iter().map(|job| (job.account.to_string(), job)).collect();
    for message in &messages {
        let read = SyncJob::decode(body(message)).unwrap();
        assert!(body(message).len() < 1_024, "ids only: {} bytes", body(message).len());
        let attributes = message.attributes().unwrap();
        assert_eq!(attributes.get(&Name::MessageGroupId).map(String::as_str), Some(read.tenant.as_str()));
        assert_eq!(left.remove(read.account.as_str()), Some(read));
    }
    assert!(left.is_empty(), "{} of 23 did not come", left.len());
}

#[tokio::test]
async fn deletions_arrive_at_once() {
    let queue = Queue::start().await.unwrap();
    let sent: Vec<_> = (0..11)
        .map(|_| DeletionJob { tenant: tenant_id(), deletion: DeletionId::from_uuid(Uuid::now_v7()) })
        .collect();
    queues(&queue, queue.client.clone()).send(&sent, 0).await.unwrap();
    let read: BTreeSet<_> = all(&queue)
        .await
        .iter()
        .map(|message| DeletionJob::decode(body(message)).unwrap())
        .map(|job| (job.tenant.to_string(), job.deletion.to_string()))
        .collect();
    let want: BTreeSet<_> =
        sent.iter().map(|job| (job.tenant.to_string(), job.deletion.to_string())).collect();
    assert_eq!(read, want);
}

/// A wait that is longer than SQS allows becomes 15 minutes; the job itself says how long it still has to wait.
#[tokio::test]
async fn a_delayed_job_is_there_and_not_received_and_no_delay_is_refused() {
    let queue = Queue::start().await.unwrap();
    let queues = queues(&queue, queue.client.clone());
    for delay in [60, 900, 901, u32::MAX] {
        queues.send(&[job(&queue, &tenant_id())], delay).await.unwrap();
    }
    assert!(queue.receive(&queue.url, true).await.unwrap().is_empty());
    assert_eq!(queue.depth().await.unwrap(), (0, 4), "ready and delayed");
}

#[tokio::test]
async fn what_is_received_is_hidden_and_what_is_deleted_is_gone() {
    let queue = Queue::start().await.unwrap();
    queues(&queue, queue.client.clone()).send(&[job(&queue, &tenant_id())], 0).await.unwrap();
    for count in ["1", "2", "3"] {
        let messages = queue.receive(&queue.url, true).await.unwrap();
        let [message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
        let counted = message.attributes().unwrap().get(&Name::ApproximateReceiveCount);
        assert_eq!(counted.map(String::as_str), Some(count));
    }
    let messages = queue.receive(&queue.url, false).await.unwrap();
    assert!(queue.receive(&queue.url, false).await.unwrap().is_empty(), "hidden");
    let handle = messages[0].receipt_handle().unwrap();
    queue.client.delete_message().queue_url(&queue.url).receipt_handle(handle).send().await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), (0, 0));
}

/// Scorecard 33: the peers of a poison message are done, and it is a dead letter after exactly five receives.
#[tokio::test]
async fn a_poison_message_is_a_dead_letter_after_five_receives_and_its_peers_are_done() {
    let queue = Queue::start().await.unwrap();
    let jobs: Vec<SyncJob> = (0..4).map(|_| job(&queue, &tenant_id())).collect();
    queues(&queue, queue.client.clone()).send(&jobs, 0).await.unwrap();
    let poison = queue.client.send_message().queue_url(&queue.url).message_body("{\"v\":9}");
    poison.send().await.unwrap();
    let mut receives = 0;
    loop {
        let messages = queue.receive(&queue.url, true).await.unwrap();
        if !messages.iter().any(|message| body(message).contains(":9")) {
            break;
        }
        receives += 1;
        let response = run_batch(&event(&messages), 4, |_: SyncJob| async { Ok(()) }).await;
        let failed: Vec<_> =
            response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        assert_eq!(failed.len(), 1, "the poison alone");
        for message in messages.iter().filter(|message| message.message_id() != Some(failed[0])) {
            let handle = message.receipt_handle().unwrap();
            queue.client.delete_message().queue_url(&queue.url).receipt_handle(handle).send().await.unwrap();
        }
        assert!(receives <= 5, "received more often than the limit");
    }
    assert_eq!(receives, 5);
    assert_eq!(queue.depth().await.unwrap(), (0, 0));
    let dead = queue.receive(&queue.dead_url, true).await.unwrap();
    assert_eq!(dead.iter().map(body).collect::<Vec<_>>(), ["{\"v\":9}"]);
}

#[tokio::test]
async fn an_absent_queue_can_be_tried_again() {
    let queue = Queue::start().await.unwrap();
    let jobs = [job(&queue, &tenant_id())];
    for fault in [Fault::Throttle, Fault::ServerError, Fault::Reset] {
        let plan = FaultPlan::at(1, fault);
        let proxy = FaultProxy::start(&queue.services.sqs, "sqs", Arc::clone(&plan)).await.unwrap();
        let once = sdk_config(proxy.url()).into_builder().retry_config(RetryConfig::disabled()).build();
        let impatient = queues(&queue, Client::new(&once));
        let error = impatient.send(&jobs, 0).await.unwrap_err();
        assert_eq!((error.kind, error.is_retryable()), (Kind::Unavailable, true), "{fault:?}");
        plan.reset();
        plan.inject(1, fault);
        let patient = queues(&queue, Client::new(&sdk_config(proxy.url())));
        patient.send(&jobs, 0).await.unwrap();
    }
}

/// SQS's own sizes: ten messages a call, and far more room than our bodies take.
#[tokio::test]
async fn a_body_may_be_as_large_as_a_quarter_of_a_megabyte_and_a_batch_has_ten() {
    let queue = Queue::start().await.unwrap();
    let send = |length: usize| {
        queue.client.send_message().queue_url(&queue.url).message_body("x".repeat(length)).send()
    };
    send(256 * 1024).await.unwrap();
    assert!(send(1_024 * 1_024 + 1).await.is_err(), "more than a megabyte");
    let entry = |number: usize| {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder();
        entry.id(number.to_string()).message_body("x").build().unwrap()
    };
    let batch = |many: usize| {
        let entries = (0..many).map(entry).collect();
        queue.client.send_message_batch().queue_url(&queue.url).set_entries(Some(entries)).send()
    };
    batch(10).await.unwrap();
    assert!(batch(11).await.is_err(), "eleven");
}
