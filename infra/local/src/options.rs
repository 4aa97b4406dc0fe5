//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use mooring_aws_local::{Delays, Folder, LocalClock};
use mooring_domain::people::ops::register_tenant;

use crate::seed::{Addresses, FIRST_TENANT};
use crate::stack::StackOptions;

/// Mooring on this machine: API, sandbox, demo product and the services they need, all on loopback.
#[derive(Debug, Parser)]
#[command(name = "mooring", version)]
pub struct Options {
    /// The API's port; sandbox, demo and the AWS services take the next ones. 0 takes free ones.
    #[arg(long, default_value_t = 8787, value_parser = clap::value_parser!(u16).range(..=65_528), global = true)]
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
    /// Registers another tenant, which later starts know by its name, and prints its key; may be repeated.
    #[arg(long = "tenant", value_name = "NAME")]
    pub tenants: Vec<String>,
    /// A return URL of your own product, for each tenant; may be repeated.
    #[arg(long = "return-url", value_name = "URL")]
    pub return_urls: Vec<String>,
    /// The origin of your own frontend, which may then call the API, for each tenant; may be repeated.
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub origins: Vec<String>,
    /// Milliseconds that each call of a table takes longer, as over a network.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1_000), global = true)]
    pub delay_tables: u64,
    /// Milliseconds that each call of the key service takes longer, as over a network.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1_000), global = true)]
    pub delay_keys: u64,
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
    /// Refuses names and addresses that no tenant may have, before anything starts.
    pub fn check(&self) -> Result<()> {
        let demo = Addresses::of("http://localhost", &self.origins, &self.return_urls);
        for name in self.tenants.iter().map(String::as_str).chain([FIRST_TENANT]) {
            register_tenant::check(name, &demo.origins, &demo.return_urls)?;
        }
        Ok(())
    }

    /// Returns the options of a stack on a clock, with its state in a folder or in memory.
    pub fn stack(&self, clock: LocalClock, folder: Option<Folder>) -> StackOptions {
        StackOptions {
            clock,
            folder,
            port: if self.command == Some(Command::Tour) { 0 } else { self.port },
            ads: self.world.ads,
            advertisers: self.world.advertisers,
            edits: self.world.edits.clone(),
            tenants: self.tenants.clone(),
            origins: self.origins.clone(),
            return_urls: self.return_urls.clone(),
            delays: Delays {
                tables: Duration::from_millis(self.delay_tables),
                keys: Duration::from_millis(self.delay_keys),
            },
            ..StackOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> String {
        let options = Options::try_parse_from([["mooring"].as_slice(), words].concat()).unwrap();
        options.check().map_or_else(|error| format!("{error:#}"), |()| "taken".to_owned())
    }

    #[test]
    fn addresses_and_names_are_refused_with_a_reason_before_anything_starts() {
        let own = ["--tenant", "Acme", "--return-url", "http://localhost:3000/back?from=mooring"];
        assert_eq!(said(&own), "taken");
        assert_eq!(said(&["--origin", "http://localhost:3000", "--origin", "https://app.example"]), "taken");
        for (words, reason) in [
            (["--tenant", " "], "one line of at most 100 characters"),
            (["--return-url", "not a url"], "`not a url` is no URL that a person can be led back to"),
            (["--return-url", "http://app.example/back"], "http on this machine alone"),
            (["--origin", "http://localhost:3000/"], "without a path or a slash at its end"),
        ] {
            let said = said(&words);
            assert!(said.contains(reason), "{words:?}: {said}");
        }
    }
}
