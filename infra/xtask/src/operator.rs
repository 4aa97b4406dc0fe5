//! The way of an operator's machine to AWS: the credentials that the SDK's own chain finds there.
//!
//! Only the chores for a deployment need that chain, and nothing of the product links it. The feature `operator`
//! compiles it; a `cargo xtask` without the feature starts itself again with it, so that every chore has one command.

use anyhow::Result;
use aws_types::SdkConfig;

/// Returns the configuration that the SDK's own chain finds. Fails when it finds no region or no credentials, before a
/// chore asks for anything or writes anything.
#[cfg(feature = "operator")]
pub(crate) async fn operator() -> Result<SdkConfig> {
    complete(aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await).await
}

/// Returns a configuration that has a region and credentials.
#[cfg(any(feature = "operator", test))]
async fn complete(config: SdkConfig) -> Result<SdkConfig> {
    use anyhow::{Context as _, ensure};
    use aws_credential_types::provider::ProvideCredentials as _;

    ensure!(config.region().is_some(), NO_REGION);
    let provider = config.credentials_provider().context(NO_CREDENTIALS)?;
    provider.provide_credentials().await.context(NO_CREDENTIALS)?;
    Ok(config)
}

#[cfg(any(feature = "operator", test))]
const NO_REGION: &str = "this chore works on a deployment, and no AWS region was found: set AWS_REGION, or `region` in the \
     profile that AWS_PROFILE names; for the runner on this machine say --local where a chore has it";

#[cfg(any(feature = "operator", test))]
const NO_CREDENTIALS: &str = "this chore works on a deployment, and no AWS credentials were found, or they have ended: sign \
     in (`aws sso login`) and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for the runner on this \
     machine say --local where a chore has it";

/// Replaces this process by the same command of an xtask that has the chain; returns only if that fails. Call it before
/// standard input is read.
#[cfg(not(feature = "operator"))]
pub(crate) async fn operator() -> Result<SdkConfig> {
    use std::os::unix::process::CommandExt as _;

    use anyhow::Context as _;

    // With the whole workspace, as `cargo xtask` does: the features of the libraries that both link stay the same.
    const COMMAND: [&str; 6] = ["run", "--quiet", "--features", "mooring-xtask/operator", "--bin", "xtask"];
    let cargo = std::env::var_os("CARGO").context(
        "this xtask was built without the AWS chain of credentials; run `cargo xtask` instead of it, or build it with \
         `cargo build --bin xtask --features mooring-xtask/operator`",
    )?;
    let mut again = std::process::Command::new(cargo);
    again.args(COMMAND).arg("--").args(std::env::args_os().skip(1));
    Err(again.exec()).context("starting cargo")
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::error::CredentialsError;
    use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
    use aws_types::region::Region;

    use super::*;

    /// A chain that finds nothing.
    #[derive(Debug)]
    struct Empty;

    impl ProvideCredentials for Empty {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("nothing in the chain")))
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_said_before_a_chore_begins() {
        let empty = SdkConfig::builder().build();
        let region = || SdkConfig::builder().region(Region::from_static("eu-central-1"));
        let none = region().credentials_provider(SharedCredentialsProvider::new(Empty)).build();
        let credentials = Credentials::new("id", "secret", None, None, "test");
        let whole = region().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        let said =
            |outcome: Result<SdkConfig>| outcome.map_or_else(|error| format!("{error:#}"), |_| String::new());
        assert!(said(complete(empty).await).contains("no AWS region was found: set AWS_REGION"));
        assert!(said(complete(region().build()).await).contains("no AWS credentials were found"));
        let said_none = said(complete(none).await);
        assert!(
            said_none.contains("`aws sso login`") && said_none.contains("nothing in the chain"),
            "{said_none}"
        );
        assert_eq!(said(complete(whole).await), "");
    }
}
