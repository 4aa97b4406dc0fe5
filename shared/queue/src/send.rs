//! Sending: ten messages a call, grouped by tenant so that a noisy one does not hold up the others.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use mooring_domain::base::queue::JobQueue;
use mooring_domain::{Error, Kind, Result};

use crate::config::QueueUrls;
use crate::envelope::Job;

/// The longest delay and the largest batch that SQS takes (SQS guide, message quotas).
const MAX_DELAY_SECONDS: u32 = 900;
const BATCH: usize = 10;
/// How often entries that SQS itself failed on are sent again within one call.
const TRIES: usize = 3;

/// The queues.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    urls: QueueUrls,
}

struct Message {
    group: String,
    body: String,
    delay_seconds: i32,
}

impl Queues {
    /// Uses a client and the given URLs.
    pub fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }

    /// Builds the client and the URLs from the environment.
    pub fn from_env() -> Self {
        Self::new(Client::new(&mooring_aws::config("SQS")), QueueUrls::from_env())
    }

    async fn send_all(&self, url: &str, messages: &[Message]) -> Result<()> {
        for batch in messages.chunks(BATCH) {
            let mut left = entries(batch)?;
            for _ in 0..TRIES {
                left = self.send_batch(url, left).await?;
                if left.is_empty() {
                    break;
                }
            }
            if !left.is_empty() {
                return Err(Error::unavailable("queue_refused", "The queue did not take all messages."));
            }
        }
        Ok(())
    }

    /// Sends one batch and answers the entries that are worth another try.
    async fn send_batch(
        &self,
        url: &str,
        entries: Vec<SendMessageBatchRequestEntry>,
    ) -> Result<Vec<SendMessageBatchRequestEntry>> {
        let request = self.client.send_message_batch().queue_url(url).set_entries(Some(entries.clone()));
        let answer = request
            .send()
            .await
            .map_err(|error| Error::unavailable("queue_away", "The queue did not answer.").because(error))?;
        retryable(entries, answer.failed())
    }
}

fn entries(batch: &[Message]) -> Result<Vec<SendMessageBatchRequestEntry>> {
    let entry = |(number, message): (usize, &Message)| {
        SendMessageBatchRequestEntry::builder()
            .id(number.to_string())
            .message_body(&message.body)
            .message_group_id(&message.group)
            .delay_seconds(message.delay_seconds)
            .build()
            .map_err(|error| Error::new(Kind::Internal, "message", "A message is incomplete.").because(error))
    };
    batch.iter().enumerate().map(entry).collect()
}

/// Keeps the entries that failed by the fault of SQS. An entry that failed by our own fault fails the call.
fn retryable(
    mut entries: Vec<SendMessageBatchRequestEntry>,
    failed: &[BatchResultErrorEntry],
) -> Result<Vec<SendMessageBatchRequestEntry>> {
    if let Some(refused) = failed.iter().find(|failure| failure.sender_fault()) {
        let message = format!("The queue refuses the message: {}.", refused.code());
        return Err(Error::new(Kind::Internal, "message_refused", message));
    }
    entries.retain(|entry| failed.iter().any(|failure| failure.id() == entry.id()));
    Ok(entries)
}

#[async_trait]
impl<J: Job> JobQueue<J> for Queues {
    async fn send(&self, jobs: &[J], delay_seconds: u32) -> Result<()> {
        let delay_seconds = i32::try_from(delay_seconds.min(MAX_DELAY_SECONDS)).unwrap_or(0);
        let message = |job: &J| Message { group: job.group(), body: job.encode(), delay_seconds };
        self.send_all(self.urls.url(J::QUEUE)?, &jobs.iter().map(message).collect::<Vec<_>>()).await
    }
}

#[cfg(test)]
mod tests {
    use mooring_domain::deletion::ledger::DeletionJob;
    use mooring_domain::sync::job::SyncJob;

    use super::*;

    fn failure(id: &str, ours: bool) -> BatchResultErrorEntry {
        BatchResultErrorEntry::builder().id(id).sender_fault(ours).code("X").build().unwrap()
    }

    fn three() -> Vec<SendMessageBatchRequestEntry> {
        let message =
            |delay| Message { group: "ten".to_owned(), body: "{}".to_owned(), delay_seconds: delay };
        entries(&[message(0), message(5), message(900)]).unwrap()
    }

    #[test]
    fn only_failed_entries_are_sent_again_and_our_own_faults_are_not() {
        assert!(retryable(three(), &[]).unwrap().is_empty());
        let left = retryable(three(), &[failure("1", false)]).unwrap();
        assert_eq!(left.iter().map(SendMessageBatchRequestEntry::id).collect::<Vec<_>>(), ["1"]);
        assert_eq!(left[0].delay_seconds(), Some(5));
        let refused = retryable(three(), &[failure("1", false), failure("2", true)]).unwrap_err();
        assert!(!refused.is_retryable());
    }

    #[tokio::test]
    async fn a_queue_that_is_not_set_is_named() {
        let config = aws_sdk_sqs::Config::builder().behavior_version_latest().build();
        let queues = Queues::new(Client::from_conf(config), QueueUrls::default());
        let error = JobQueue::<SyncJob>::send(&queues, &[], 0).await.unwrap_err();
        assert!(error.message.contains("QUEUE_SYNC_URL"));
        let error = JobQueue::<DeletionJob>::send(&queues, &[], 0).await.unwrap_err();
        assert!(error.message.contains("QUEUE_DELETION_URL"));
    }
}
