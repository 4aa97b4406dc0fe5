//! The release binaries, deployed from template.yaml into ministack, a third-party emulator of AWS, and played from the
//! first connect to the verified deletion; or killed at random meanwhile. docs/e2e.md says what ministack does not
//! cover.

mod ageing;
mod aws;
mod chance;
mod cloud;
mod doctor;
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

/// The options of a run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Kills this number of function processes while connections come, sync and go, and then reads the tables.
    #[arg(long)]
    kill: Option<usize>,
    /// The seed that decides what is killed and when; printed, so that a run can be repeated.
    #[arg(long)]
    seed: Option<u64>,
    /// Only deploys, and plays `cargo xtask doctor` on a deployment in order and on broken ones.
    #[arg(long, conflicts_with = "kill")]
    doctor: bool,
    /// The packages; made by `cargo xtask package`.
    #[arg(long)]
    packages: Option<PathBuf>,
    /// The sandbox's binary; without it the sandbox is built.
    #[arg(long)]
    sandbox: Option<PathBuf>,
}

/// The artifacts that were built before.
#[derive(Debug)]
pub(crate) struct Built {
    /// The packages of the functions.
    packages: PathBuf,
    /// The sandbox's binary.
    sandbox: Option<PathBuf>,
}

/// Plays the whole way, or the kills.
pub(crate) async fn run(options: Options) -> Result<()> {
    let packages = options.packages.unwrap_or_else(package::folder);
    let built = Built { packages, sandbox: options.sandbox };
    match options.kill {
        Some(kills) => kill::run(&built, kills, options.seed).await,
        None if options.doctor => doctor::run(&built).await,
        None => journey::run(&built).await,
    }
}

/// Repeats a question until there is an answer, or patience ends.
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
