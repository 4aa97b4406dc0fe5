//! SQS: the embedded service with its gaps closed, under the local clock.
//!
//! This module corrects requests: the embedded service refuses a `MessageGroupId` on standard queues, and does not
//! check limits. `sqs_state` corrects what the embedded service stores: it counts every receive twice.
//!
//! On disk a send is answered when the message is saved. Deletes and receives are saved within seconds, so that a kill
//! can bring a deleted message back once, as a standard queue may at any time.

use std::path::Path;
use std::sync::Arc;

use awsim_core::{AwsError, RequestContext, ServiceHandler as _};
use awsim_sqs::SqsService;
use serde_json::{Value, json};

use crate::disk::Snapshots;
use crate::sqs_state::Queues;
use crate::trouble::{DataError, Keeping};
use crate::{ACCOUNT, LocalClock, REGION};

const MAX_DELAY: u64 = 900;
const MAX_VISIBILITY: u64 = 43_200;
const MAX_BODY: usize = 1_048_576;

/// The queues of the only account and region.
pub(crate) struct Sqs {
    service: Arc<SqsService>,
    context: RequestContext,
    queues: Queues,
    snapshots: Snapshots,
    base_url: String,
}

impl Sqs {
    /// Restores the queues; queue URLs begin with `base_url`.
    pub(crate) fn open(
        dir: Option<&Path>,
        clock: LocalClock,
        base_url: String,
        keeping: Keeping,
    ) -> Result<Self, DataError> {
        let service = Arc::new(SqsService::new());
        let snapshots = Snapshots::restore(service.clone(), dir, keeping)?;
        let context = RequestContext::new_with_account("sqs", REGION, ACCOUNT);
        let queues = Queues::new(service.store(), clock);
        Ok(Self { service, context, queues, snapshots, base_url })
    }

    /// Answers one operation.
    pub(crate) async fn call(&self, operation: &str, mut input: Value) -> Result<Value, AwsError> {
        self.follow_clock();
        entries(&input).try_for_each(check_limits)?;
        let asked = input.clone();
        drop_groups(&mut input);
        let mut output = self.service.handle(operation, input, &self.context).await?;
        match operation {
            "SendMessage" | "SendMessageBatch" => self.queues.settle_sent(&asked, &output),
            "ReceiveMessage" => self.queues.settle_received(&asked, &output),
            "ChangeMessageVisibility" | "ChangeMessageVisibilityBatch" => self.queues.settle_changed(&asked),
            "CreateQueue" | "GetQueueUrl" => self.name_queue(&mut output),
            _ => {}
        }
        self.keep(operation).await?;
        Ok(output)
    }

    /// Makes the messages due whose time the clock was moved past.
    pub(crate) fn follow_clock(&self) {
        if self.queues.follow_clock() {
            self.snapshots.touch();
        }
    }

    /// Saves the changes that are not saved yet.
    pub(crate) async fn save(&self) -> Result<(), DataError> {
        self.snapshots.save().await
    }

    /// Names a queue by this run's URL: the stored URL may name a port of an earlier run.
    fn name_queue(&self, output: &mut Value) {
        let name = output["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
        output["QueueUrl"] = json!(format!("{}/{ACCOUNT}/{name}", self.base_url));
    }

    async fn keep(&self, operation: &str) -> Result<(), AwsError> {
        let lasting = ["Send", "Create", "Set", "DeleteQueue", "Purge", "Start", "Tag", "Untag"];
        if lasting.iter().any(|verb| operation.starts_with(verb)) {
            return self.snapshots.commit().await.map_err(|error| AwsError::internal(error.to_string()));
        }
        if !operation.starts_with("Get") && !operation.starts_with("List") {
            self.snapshots.touch();
        }
        Ok(())
    }
}

/// Returns the request itself and the entries of a batch.
pub(crate) fn entries(input: &Value) -> impl Iterator<Item = &Value> {
    std::iter::once(input).chain(input["Entries"].as_array().into_iter().flatten())
}

fn check_limits(entry: &Value) -> Result<(), AwsError> {
    let above = |name: &str, most: u64| entry[name].as_u64().is_some_and(|value| value > most);
    let wrong =
        |name: &str| Err(AwsError::bad_request("InvalidParameterValue", format!("{name} is out of range.")));
    if above("DelaySeconds", MAX_DELAY) {
        return wrong("DelaySeconds");
    }
    if above("VisibilityTimeout", MAX_VISIBILITY) {
        return wrong("VisibilityTimeout");
    }
    if entry["MessageBody"].as_str().is_some_and(|body| body.len() > MAX_BODY) {
        return wrong("MessageBody");
    }
    Ok(())
}

/// Takes the groups off a request. Standard queues take a group for fairness; the embedded service refuses it, so the
/// group is put on afterwards.
fn drop_groups(input: &mut Value) {
    if input["QueueUrl"].as_str().is_none_or(|url| url.rsplit('.').next() == Some("fifo")) {
        return;
    }
    if let Some(fields) = input.as_object_mut() {
        fields.remove("MessageGroupId");
    }
    let batch = input.get_mut("Entries").and_then(Value::as_array_mut).into_iter().flatten();
    for fields in batch.filter_map(Value::as_object_mut) {
        fields.remove("MessageGroupId");
    }
}

/// Returns the shape by which the JSON protocol names a code of the older protocol; an SDK reads the one or the other.
pub(crate) fn shape(code: &str) -> &str {
    match code.trim_start_matches("AWS.SimpleQueueService.") {
        "NonExistentQueue" => "QueueDoesNotExist",
        "QueueAlreadyExists" => "QueueNameExists",
        other => other,
    }
}
