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

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

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
    },
    /// Plays the platform.
    #[command(hide = true)]
    Platform(platform::Settings),
}

/// What is measured and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The few figures that two built binaries and a few minutes allow: F2 small, F3, F5 and F7.
    #[arg(long)]
    quick: bool,
    /// Only these figures, such as F1,F3.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Alternating rounds of a ratio.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Rows that a round of F1 reads at least.
    #[arg(long, default_value_t = 200_000)]
    rows: u64,
    /// Where the measured binaries are.
    #[arg(long, default_value = "target/deploy")]
    binaries: PathBuf,
    /// Where the peers' Python environment (venv) and Node modules (node) are.
    #[arg(long, default_value = "target/bench")]
    tools: PathBuf,
}

impl Options {
    fn wants(&self, figure: &str) -> bool {
        let quick = !self.quick || matches!(figure, "F3" | "F5" | "F7");
        if self.only.is_empty() { quick } else { self.only.iter().any(|only| only == figure) }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Run(options) => figures::run(&options).await,
        What::Cost(options) => figures::cost(&options).await,
        What::Services { accounts } => services::serve(accounts).await,
        What::Platform(settings) => platform::serve(settings),
    }
}
