//! Reads the configuration of AWS clients. This is the only module that reads the environment.

use std::sync::LazyLock;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// How long one attempt of a call may take, unless its client sets another time.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The HTTP client that all clients of a process share: one pool of connections, and the root certificates
/// are read once.
static HTTP: LazyLock<SharedHttpClient> =
    LazyLock::new(|| Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https());

/// Reads the configuration of the client of one service, named as in the variable
/// `AWS_ENDPOINT_URL_<SERVICE>`.
///
/// The service's own endpoint takes precedence over `AWS_ENDPOINT_URL`. Without either the client uses AWS's
/// endpoint in the region `AWS_REGION`. A missing value is reported by the first call that needs it.
pub fn config(service: &str) -> SdkConfig {
    from(service, &|name| std::env::var(name).ok())
}

/// Builds the configuration from an environment. An empty value counts as missing: deployment templates write
/// one for a parameter that was left out.
fn from(service: &str, environment: &dyn Fn(&str) -> Option<String>) -> SdkConfig {
    let value = |name: &str| environment(name).filter(|value| !value.is_empty());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
        // Bodies are small, and the timeout of an attempt ends it whatever it waits for.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // The credentials of a process never change, so that a cache would gain nothing.
        .identity_cache(IdentityCache::no_cache())
        .http_client(HTTP.clone())
        .region(value("AWS_REGION").or_else(|| value("AWS_DEFAULT_REGION")).map(Region::new));
    config.set_endpoint_url(
        value(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| value("AWS_ENDPOINT_URL")),
    );
    config.set_credentials_provider(credentials(&value).map(SharedCredentialsProvider::new));
    config.build()
}

/// Reads the role's temporary credentials. Lambda sets them, and ends the process before they expire.
fn credentials(value: &dyn Fn(&str) -> Option<String>) -> Option<Credentials> {
    let (id, secret) = (value("AWS_ACCESS_KEY_ID")?, value("AWS_SECRET_ACCESS_KEY")?);
    Some(Credentials::new(id, secret, value("AWS_SESSION_TOKEN"), None, "environment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(service: &str, variables: &[(&str, &str)]) -> SdkConfig {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        from(service, &|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_service_s_own_endpoint_goes_first_and_an_empty_value_is_none() {
        let named = [("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_KMS", "http://kms")];
        assert_eq!(with("KMS", &named).endpoint_url(), Some("http://kms"));
        assert_eq!(with("SQS", &named).endpoint_url(), Some("http://all"));
        assert_eq!(with("SQS", &[("AWS_ENDPOINT_URL", "")]).endpoint_url(), None);
    }

    #[test]
    fn region_and_credentials_are_lambda_s() {
        let config = with("KMS", &[("AWS_REGION", "eu-central-1"), ("AWS_DEFAULT_REGION", "us-east-1")]);
        assert_eq!(config.region().map(AsRef::as_ref), Some("eu-central-1"));
        assert!(config.credentials_provider().is_none());
        let both = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];
        assert!(with("KMS", &both).credentials_provider().is_some());
    }
}
