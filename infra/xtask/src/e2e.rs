//! The release binaries, deployed from template.yaml into a cloud that others wrote, and played from the first connect
//! to the verified deletion; or killed at random while that goes on. docs/e2e.md says what this cloud is not.

mod ageing;
mod aws;
mod chance;
mod cloud;
mod invariants;
mod journey;
mod kill;
mod platform;
mod poison;
mod process;
mod reading;
mod steps;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::package;

/// What to play.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Kills so many function processes while connections come, sync and go, and then looks at the tables.
    #[arg(long)]
    kill: Option<usize>,
    /// Decides what is killed and when; printed, so that a run can be made again.
    #[arg(long)]
    seed: Option<u64>,
    /// The packages; made by `cargo xtask package`.
    #[arg(long)]
    packages: Option<PathBuf>,
    /// The sandbox's binary; without it the sandbox is built.
    #[arg(long)]
    sandbox: Option<PathBuf>,
}

/// What was built before.
#[derive(Debug)]
pub(crate) struct Built {
    /// The packages of the functions.
    packages: PathBuf,
    /// The sandbox's binary.
    sandbox: Option<PathBuf>,
}

/// Plays it.
pub(crate) async fn run(options: Options) -> Result<()> {
    let packages = options.packages.unwrap_or_else(package::folder);
    let built = Built { packages, sandbox: options.sandbox };
    match options.kill {
        Some(kills) => kill::run(&built, kills, options.seed).await,
        None => journey::run(&built).await,
    }
}

/// Asks again and again until there is an answer, or patience ends.
pub(crate) async fn until<T>(
    what: &str,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if started.elapsed() > patience {
            bail!("waited {} s for {what}", patience.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
