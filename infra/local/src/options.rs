//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use mooring_aws_local::LocalClock;

use crate::stack::StackOptions;

/// Mooring on this machine: API, sandbox, demo product and the services they need, all on loopback.
#[derive(Debug, Parser)]
#[command(name = "mooring", version)]
pub struct Options {
    /// The API's port; sandbox, demo and the AWS services take the next ones. 0 takes free ones.
    #[arg(long, default_value_t = 8787, global = true)]
    pub port: u16,
    /// The directory of the state; a restart goes on with it.
    #[arg(long, default_value = ".mooring", global = true)]
    pub data: PathBuf,
    /// Keeps everything in memory.
    #[arg(long, global = true)]
    pub ephemeral: bool,
    /// How many times faster than the wall the clock runs: TTL, timers and queue delays follow it.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000), global = true)]
    pub time_scale: u32,
    /// Registers another tenant at this start and prints its key; may be repeated.
    #[arg(long = "tenant", value_name = "NAME")]
    pub tenants: Vec<String>,
    #[command(flatten)]
    /// The world of the played platform.
    pub world: World,
    #[command(subcommand)]
    /// The command; without one the stack runs until Ctrl-C.
    pub command: Option<Command>,
}

/// The size of the sandbox's world.
#[derive(Debug, Args)]
pub struct World {
    /// How many ads the sandbox's first ad account has.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=100_000), global = true)]
    pub ads: u32,
    /// How many ad accounts the sandbox's person has.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100), global = true)]
    pub advertisers: u32,
    /// A JSON list of rules by which the sandbox edits answers from the start; infra/sandbox/README.md has their form.
    #[arg(long, value_name = "FILE", global = true)]
    pub edits: Option<PathBuf>,
}

/// The commands beside running the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Plays the whole way unattended and shows it.
    Tour,
}

impl Options {
    /// Returns the options of a stack on a clock, with its state in a directory or in memory.
    pub fn stack(&self, clock: LocalClock, data: Option<PathBuf>) -> StackOptions {
        StackOptions {
            clock,
            data,
            port: if self.command == Some(Command::Tour) { 0 } else { self.port },
            ads: self.world.ads,
            advertisers: self.world.advertisers,
            edits: self.world.edits.clone(),
            ..StackOptions::default()
        }
    }
}
