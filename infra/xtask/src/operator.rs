//! The way of an operator's machine to AWS: the credentials that the SDK's own chain finds there.
//!
//! Only the chores for a deployment need that chain, and nothing of the product links it. The feature `operator`
//! compiles it; a `cargo xtask` without the feature starts itself again with it, so that every chore has one command.

use anyhow::Result;
use aws_types::SdkConfig;

/// Returns the configuration that the SDK's own chain finds.
#[cfg(feature = "operator")]
pub(crate) async fn operator() -> Result<SdkConfig> {
    Ok(aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await)
}

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
