//! Writes the skeleton of a function, an entity, a job or a profile, and the lines that standing files need for it.
//!
//! A skeleton compiles, and its first test fails with its name and says what to write. docs/adding.md has the steps
//! that follow.

mod edits;
mod entity;
mod function;
mod job;
mod names;
mod plan;
mod profile;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use mooring_tests_tidy::root;

pub use plan::Plan;

/// The options of `cargo xtask new`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    kind: Kind,
    /// Lists the files and writes none.
    #[arg(long, global = true)]
    dry_run: bool,
}

/// The things that have a skeleton.
#[derive(Debug, Subcommand)]
pub enum Kind {
    /// A function behind the API with one route below /v1, and its operation.
    Function(function::Options),
    /// An entity: its type and ports in the domain, its key and rows in the store.
    Entity(entity::Options),
    /// A job: its queue, its body, its worker and the worker's operation.
    Job(job::Options),
    /// The profile of a product.
    Profile(profile::Options),
}

impl Kind {
    /// Plans the skeleton below a root; writes nothing.
    pub fn plan(&self, root: &Path) -> Result<Plan> {
        match self {
            Self::Function(options) => function::plan(root, options),
            Self::Entity(options) => entity::plan(root, options),
            Self::Job(options) => job::plan(root, options),
            Self::Profile(options) => profile::plan(root, options),
        }
    }
}

/// Writes a skeleton, or lists its files.
#[expect(clippy::print_stdout, reason = "whoever calls it reads which files there are and what to do next")]
pub(crate) fn run(options: &Options) -> Result<()> {
    let plan = options.kind.plan(&root())?;
    for (what, path) in plan.list() {
        println!("{what:<8}{}", path.display());
    }
    if options.dry_run {
        return Ok(());
    }
    plan.write()?;
    let cargo = std::env::var_os("CARGO").context("run it as `cargo xtask`")?;
    let format = Command::new(cargo).args(["fmt", "--all"]).current_dir(root()).status()?;
    ensure!(format.success(), "`cargo fmt` could not format what was written");
    println!("\nnext    {}", plan.next);
    println!("steps   docs/adding.md");
    Ok(())
}
