//! Measures the shipped binaries: they are started as Lambda starts them and driven through the Runtime API.
//!
//! Tables, keys and queues are in a second process and the platform is in a third, both of this same binary.
//! docs/performance.md says what is measured against what.

mod counts;
mod figures;
mod platform;
mod process;
mod proxy;
mod report;
mod runtime;
mod scene;
mod services;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use mooring_aws_local::Delays;

/// Measures the shipped binaries.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Measures figures and prints them with their bars.
    Run(Options),
    /// Counts what an hour of an account costs, and prints what a month costs.
    Cost(Options),
    /// Plays tables, keys and queues, with one connected account list.
    #[command(hide = true)]
    Services {
        /// How many accounts are connected.
        #[arg(long)]
        accounts: u32,
        /// Milliseconds before each call of a table.
        #[arg(long, default_value_t = 0)]
        delay_tables: u64,
        /// Milliseconds before each call of KMS.
        #[arg(long, default_value_t = 0)]
        delay_keys: u64,
    },
    /// Plays the platform.
    #[command(hide = true)]
    Platform(platform::Settings),
}

/// The figures to measure, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Only the figures that a busy machine allows, in a few minutes: F3, F5 without its absolute bar, F7.
    #[arg(long)]
    quick: bool,
    /// Only these figures, such as F1,F3.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Alternating rounds of a ratio.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Rows that a round of F1 reads at least; with fewer, the start of the process weighs too much.
    #[arg(long, default_value_t = 600_000)]
    rows: u64,
    /// Makes F4 slower by this factor: the same waiting on a machine that is busy with other things.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    stretch: u32,
    /// The target folder with the measured binaries.
    #[arg(long, default_value = "target")]
    binaries: PathBuf,
    /// The folder of packages (`cargo xtask package`) whose binaries are measured in place of those of the deploy
    /// profiles, for figures that do not depend on how they were built.
    #[arg(long)]
    packages: Option<PathBuf>,
    /// Where the peers' Python environment (venv) and Node modules (node) are.
    #[arg(long, default_value = "target/bench")]
    tools: PathBuf,
}

impl Options {
    /// Returns the path of a binary: its package where packages are measured, else its build in the deploy profile.
    fn binary(&self, name: &str) -> PathBuf {
        if let Some(packages) = &self.packages {
            return packages.join(name).join("bootstrap");
        }
        let profile = if matches!(name, "sync-worker" | "ceiling") { "deploy-worker" } else { "deploy" };
        self.binaries.join(profile).join(name)
    }

    fn wants(&self, figure: &str) -> bool {
        let quick = !self.quick || matches!(figure, "F3" | "F5" | "F7");
        if self.only.is_empty() { quick } else { self.only.iter().any(|only| only == figure) }
    }
}

#[tokio::main]
#[expect(clippy::print_stderr, reason = "an error is for the person at the terminal")]
async fn main() -> ExitCode {
    match run(Arguments::parse().what).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(what: What) -> Result<()> {
    match what {
        What::Run(options) => figures::run(&options).await,
        What::Cost(options) => figures::cost(&options).await,
        What::Services { accounts, delay_tables, delay_keys } => {
            let [tables, keys] = [delay_tables, delay_keys].map(Duration::from_millis);
            services::serve(accounts, Delays { tables, keys }).await
        }
        What::Platform(settings) => platform::serve(settings),
    }
}
