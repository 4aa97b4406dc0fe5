//! Settings for clients of the local services: a configuration inside this process, variables for another process.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::{Endpoints, REGION, Timeline};

const KEY_ID: &str = "local";
const SECRET: &str = "local";

/// Returns a configuration for clients of one endpoint: the SDK's standard retries, begun after 20 ms in place of a
/// second, over plain HTTP, so that no client reads the machine's root certificates for nothing.
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new(KEY_ID, SECRET, None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .endpoint_url(endpoint)
        .http_client(Builder::new().build_http())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(20)))
        .build()
}

/// Returns the configuration of [`sdk_config`] for clients whose calls pass a timeline, if there is one.
pub fn sdk_config_in(timeline: Option<&Timeline>, endpoint: &str) -> SdkConfig {
    let config = sdk_config(endpoint);
    match timeline {
        Some(timeline) => config.into_builder().http_client(timeline.client()).build(),
        None => config,
    }
}

/// Returns the environment that points a function's binary at the endpoints, and never at AWS.
pub fn env_vars(endpoints: &Endpoints) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoints.dynamodb.clone()),
        ("AWS_ENDPOINT_URL_KMS", endpoints.kms.clone()),
        ("AWS_ENDPOINT_URL_SQS", endpoints.sqs.clone()),
        ("AWS_ENDPOINT_URL_SESV2", endpoints.ses.clone()),
        ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
}
