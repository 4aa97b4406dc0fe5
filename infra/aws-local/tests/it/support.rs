//! Helpers that several of these tests share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TimeToLiveSpecification,
};
use mooring_aws_local::{AwsLocal, Folder, LocalClock, Options, sdk_config};

/// A directory of its own that goes away with the test.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new() -> Self {
        let dir = std::env::temp_dir().join(format!("mooring-aws-local-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

pub(crate) async fn memory(scale: u32) -> AwsLocal {
    AwsLocal::start(Options::in_memory(LocalClock::new(scale))).await.unwrap()
}

pub(crate) async fn on_disk(dir: &Path) -> AwsLocal {
    let folder = Folder::open(dir).unwrap();
    AwsLocal::start(Options::on_disk(folder, LocalClock::open(dir, 1).unwrap())).await.unwrap()
}

pub(crate) fn ddb(endpoint: &str) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(&sdk_config(endpoint))
}

pub(crate) fn kms(aws: &AwsLocal) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::new(&sdk_config(&aws.endpoints().kms))
}

pub(crate) fn sqs(aws: &AwsLocal) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(&sdk_config(&aws.endpoints().sqs))
}

pub(crate) fn ses(aws: &AwsLocal) -> aws_sdk_sesv2::Client {
    aws_sdk_sesv2::Client::new(&sdk_config(&aws.endpoints().ses))
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Creates table `items` with key `pk` and TTL on `expires_at`.
pub(crate) async fn create_table(ddb: &aws_sdk_dynamodb::Client) {
    let attribute = AttributeDefinition::builder()
        .attribute_name("pk")
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap();
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().unwrap();
    let table = ddb.create_table().table_name("items").attribute_definitions(attribute).key_schema(key);
    table.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    let ttl = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true).build().unwrap();
    ddb.update_time_to_live().table_name("items").time_to_live_specification(ttl).send().await.unwrap();
}

pub(crate) async fn put(ddb: &aws_sdk_dynamodb::Client, pk: &str, expires_at: Option<i64>) {
    let mut put = ddb.put_item().table_name("items").item("pk", text(pk));
    if let Some(at) = expires_at {
        put = put.item("expires_at", AttributeValue::N(at.to_string()));
    }
    put.send().await.unwrap();
}

pub(crate) async fn exists(ddb: &aws_sdk_dynamodb::Client, pk: &str) -> bool {
    ddb.get_item().table_name("items").key("pk", text(pk)).send().await.unwrap().item.is_some()
}

/// Waits until a condition holds, and fails after five seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    for _ in 0..250 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen");
}
