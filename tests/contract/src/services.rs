//! The services of the tests: the work-alikes in this process, or the servers that variables name.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName as Name};
use aws_types::SdkConfig;
use aws_types::region::Region;
use mooring_aws_local::{AwsLocal, LocalClock, Options, REGION, sdk_config};
use mooring_domain::base::host::Clock as _;
use serde_json::json;
use uuid::Uuid;

use crate::WorldClock;

/// The variables that name other servers; all or none of them.
const VARIABLES: [&str; 3] = ["CONTRACT_DYNAMODB_URL", "CONTRACT_KMS_URL", "CONTRACT_SQS_URL"];

/// Endpoints, and the clock that stores run by. Another server keeps its own time.
pub struct Services {
    /// `DynamoDB`.
    pub dynamodb: String,
    /// KMS.
    pub kms: String,
    /// SQS.
    pub sqs: String,
    /// The clock of the tests.
    pub clock: LocalClock,
    region: String,
    local: Option<AwsLocal>,
}

impl Services {
    /// Starts the work-alikes, or takes the servers that the variables name.
    pub async fn start() -> Result<Self> {
        let named = VARIABLES.map(|name| std::env::var(name).ok());
        let clock = LocalClock::new(1);
        if let [Some(dynamodb), Some(kms), Some(sqs)] = named {
            let region = format!("contract-{}", Uuid::now_v7().simple());
            return Ok(Self { dynamodb, kms, sqs, clock, region, local: None });
        }
        ensure!(named.iter().all(Option::is_none), "set all of {VARIABLES:?}, or none");
        let local = AwsLocal::start(Options::in_memory(clock.clone())).await?;
        local.set_ttl_enabled(false);
        let mooring_aws_local::Endpoints { dynamodb, kms, sqs, .. } = local.endpoints().clone();
        Ok(Self { dynamodb, kms, sqs, clock, region: REGION.to_owned(), local: Some(local) })
    }

    /// Returns the configuration of a client of the tables; on other servers each test has a region of its own.
    pub(crate) fn tables(&self, url: &str) -> SdkConfig {
        sdk_config(url).into_builder().region(Region::new(self.region.clone())).build()
    }

    /// Lets TTL do all its work at once. Returns false where TTL keeps its own time.
    pub async fn expire(&self) -> Result<bool> {
        let Some(local) = &self.local else { return Ok(false) };
        local.ttl_sweep_once().await?;
        Ok(true)
    }
}

/// Makes a name that no other test has.
pub(crate) fn unique(prefix: &str) -> String {
    format!("{prefix}{}-", Uuid::now_v7().simple())
}

/// A KMS key behind an alias of its own.
pub struct Keys {
    /// The services.
    pub services: Services,
    /// The alias.
    pub alias: String,
}

impl Keys {
    /// Makes a key.
    pub async fn start() -> Result<Self> {
        let keys = Self { services: Services::start().await?, alias: unique("alias/contract-") };
        let made = keys.client().create_key().send().await?;
        let id = made.key_metadata.context("a key without metadata")?.key_id;
        keys.client().create_alias().alias_name(&keys.alias).target_key_id(id).send().await?;
        Ok(keys)
    }

    /// Makes a client of KMS.
    pub fn client(&self) -> aws_sdk_kms::Client {
        aws_sdk_kms::Client::new(&sdk_config(&self.services.kms))
    }
}

/// A queue with the template's settings and its dead letter queue.
pub struct Queue {
    /// The services.
    pub services: Services,
    /// A client of SQS.
    pub client: aws_sdk_sqs::Client,
    /// The queue.
    pub url: String,
    /// The URL of its dead letter queue.
    pub dead_url: String,
}

impl Queue {
    /// Makes both queues; five receives are the limit, as in the template.
    pub async fn start() -> Result<Self> {
        let services = Services::start().await?;
        let client = aws_sdk_sqs::Client::new(&sdk_config(&services.sqs));
        let name = unique("contract-");
        let dead = create(&client, &format!("{name}dead"), &HashMap::new()).await?;
        let asked =
            client.get_queue_attributes().queue_url(&dead).attribute_names(Name::QueueArn).send().await?;
        let arn = asked.attributes.and_then(|mut all| all.remove(&Name::QueueArn)).context("no ARN")?;
        let redrive = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 5 }).to_string();
        let settings = [(Name::VisibilityTimeout, "360".to_owned()), (Name::RedrivePolicy, redrive)];
        let url = create(&client, &format!("{name}main"), &settings.into()).await?;
        Ok(Self { services, client, url, dead_url: dead })
    }

    /// Receives up to ten messages, with all their attributes; they become visible again at once, or in six minutes.
    pub async fn receive(&self, url: &str, again_at_once: bool) -> Result<Vec<Message>> {
        let receive = self.client.receive_message().queue_url(url).max_number_of_messages(10);
        let receive = receive.visibility_timeout(if again_at_once { 0 } else { 360 });
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        Ok(receive.send().await?.messages.unwrap_or_default())
    }

    /// Counts the messages that wait, and those of them that wait for their delay to end.
    pub async fn depth(&self) -> Result<(u32, u32)> {
        let names = [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesDelayed];
        let ask = self.client.get_queue_attributes().queue_url(&self.url);
        let asked = ask.set_attribute_names(Some(names.to_vec())).send().await?;
        let all = asked.attributes.context("no attributes")?;
        let [ready, delayed] =
            names.map(|name| all.get(&name).and_then(|text| text.parse().ok()).unwrap_or(0));
        Ok((ready, delayed))
    }

    /// Returns the time of the tests.
    pub fn now(&self) -> jiff::Timestamp {
        WorldClock(self.services.clock.clone()).now()
    }
}

async fn create(
    client: &aws_sdk_sqs::Client,
    name: &str,
    settings: &HashMap<Name, String>,
) -> Result<String> {
    let create = client.create_queue().queue_name(name).set_attributes(Some(settings.clone()));
    create.send().await?.queue_url.context("a queue without URL")
}
