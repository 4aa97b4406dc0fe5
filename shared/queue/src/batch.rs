//! Batches: every record runs on its own, some at the same time, and only the failed ones are answered.
//!
//! An error that trying again does not mend completes its record: the operation has recorded it, and a retry would
//! only repeat it. What may succeed later, our own faults (a missing right, a wrong setting, a value that does not
//! open), poison and panics go back to the queue; after the queue's limit of receives redrive moves them to the dead
//! letter queue, where an alarm tells of them and from where they are sent again once the fault is mended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use mooring_domain::base::together::{Work, together};
use mooring_domain::{Kind, Result};
use tracing::Instrument as _;

use crate::envelope::Job;

/// Runs all records of an event through one function and answers which of them have to come again.
///
/// The function makes a future of its own for each record, so that the batch can run on any executor.
/// At most `at_once` records run at the same time, all on the task that asked.
pub async fn run_batch<J: Job, F: Future<Output = Result<()>> + Send>(
    event: &SqsEvent,
    at_once: usize,
    run: impl Fn(J) -> F + Sync,
) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    let work = event.records.iter().map(|record| -> Work<'_, _> { Box::pin(run_record(record, &run)) });
    let done = together(work.collect(), at_once).await;
    for (record, done) in event.records.iter().zip(done) {
        if !done {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id.clone().unwrap_or_default();
            response.batch_item_failures.push(failure);
        }
    }
    response
}

/// Runs one record; false when it has to come again.
async fn run_record<J: Job, F: Future<Output = Result<()>> + Send>(
    record: &SqsMessage,
    run: &impl Fn(J) -> F,
) -> bool {
    let message = record.message_id.as_deref().unwrap_or_default();
    let input = match J::decode(record.body.as_deref().unwrap_or_default()) {
        Ok(input) => input,
        Err(error) => {
            tracing::error!(queue.message = message, error.code = error.code, "poison message: {error}");
            return false;
        }
    };
    let span = mooring_telemetry::request_span(message, None, "queue");
    match unwinding(run(input)).instrument(span).await {
        Some(Ok(())) => true,
        Some(Err(error)) if error.is_retryable() => {
            tracing::warn!(queue.message = message, error.code = error.code, "will be retried: {error}");
            false
        }
        Some(Err(error)) if matches!(error.kind, Kind::Internal | Kind::Sealed) => {
            tracing::error!(queue.message = message, error.code = error.code, "a fault of ours: {error}");
            false
        }
        Some(Err(error)) => {
            tracing::error!(queue.message = message, error.code = error.code, "failed for good: {error}");
            true
        }
        None => {
            tracing::error!(queue.message = message, "the record's code panicked");
            false
        }
    }
}

/// Awaits a future; `None` when it panicked, so that one bad record does not take the others with it.
async fn unwinding<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Some(value)),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use mooring_domain::{Error, Retry};
    use mooring_tests_logs::{Lines, listen};

    use super::*;
    use crate::queues::{Queue, SYNC};

    fn event(bodies: &[&str]) -> SqsEvent {
        let mut event = SqsEvent::default();
        for (number, body) in bodies.iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(format!("m{number}"));
            record.body = Some((*body).to_owned());
            event.records.push(record);
        }
        event
    }

    impl Job for String {
        const QUEUE: &Queue = &SYNC;

        fn group(&self) -> String {
            self.clone()
        }

        fn encode(&self) -> String {
            self.clone()
        }

        fn decode(text: &str) -> Result<String> {
            if text == "garbage" {
                return Err(Error::invalid("poison_message", "not ours"));
            }
            Ok(text.to_owned())
        }
    }

    #[tokio::test]
    async fn only_what_must_come_again_is_answered_and_its_peers_run() {
        for at_once in [1, 4, 10] {
            peers_run(at_once).await;
        }
    }

    async fn peers_run(at_once: usize) {
        let event = event(&["done", "garbage", "later", "never", "panic", "ours", "done"]);
        let ran = Mutex::new(Vec::new());
        let response = run_batch(&event, at_once, |body: String| {
            ran.lock().unwrap().push(body.clone());
            async move {
                match body.as_str() {
                    "later" => Err(Error::unavailable("away", "not now")),
                    "never" => Err(Error::new(Kind::Upstream, "broken", "no use")),
                    "ours" => Err(Error::new(Kind::Internal, "no_right", "not allowed")),
                    "panic" => panic!("the test's own panic"),
                    _ => Ok(()),
                }
            }
        })
        .await;
        let failed: Vec<_> =
            response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        assert_eq!(failed, ["m1", "m2", "m4", "m5"]);
        assert_eq!(*ran.lock().unwrap(), ["done", "later", "never", "panic", "ours", "done"]);
    }

    /// Every filter of template.yaml that counts error lines looks at the `level` of a line as it is written here.
    #[tokio::test]
    async fn what_nobody_mends_by_waiting_is_an_error_line_and_what_passes_is_not() {
        let lines = Lines::default();
        let _listening = listen(mooring_telemetry::subscriber("info", lines.clone()));
        for kind in [Kind::Setup, Kind::Internal, Kind::Sealed, Kind::Unavailable] {
            let fails = |_: String| async move {
                let retry = if kind == Kind::Unavailable { Retry::After(None) } else { Retry::Never };
                Err(Error::new(kind, "of_this_test", "why").retry(retry))
            };
            run_batch(&event(&["x"]), 1, fails).await;
        }
        let text = lines.text();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let own = lines.filter(|line| line["error.code"] == "of_this_test");
        let levels: Vec<_> = own.map(|line| line["level"].as_str().unwrap().to_owned()).collect();
        assert_eq!(levels, ["ERROR", "ERROR", "ERROR", "WARN"], "{text}");
    }
}
