//! The local runner: every function, the emulated AWS services, the sandbox and the demo in one process.
//!
//! It mounts the same `handle` of each function that Lambda runs, through the same event types, over the real SDK
//! clients. Deliberately absent: any second implementation of what a function does.

mod adapters;
mod advice;
mod banner;
mod data;
pub mod gateway;
pub mod mount;
mod options;
mod person;
pub mod poller;
mod product;
mod queues;
pub mod sample;
pub mod schedules;
mod seed;
mod seeded;
mod stack;
mod tour;

pub use adapters::{Adapters, Wiring, running};
pub use advice::advice;
pub use options::{Command, Options};
pub use person::{Form, Page, Person};
pub use product::{Connected, Product};
pub use seed::{Seeded, register_tenant, seal_app};
pub use stack::{Stack, StackOptions};
pub use tour::screen;

use anyhow::Result;
use mooring_aws_local::{Folder, LocalClock};
use tokio::signal::unix::{SignalKind, signal};

/// Does what the command line says.
pub async fn run(options: Options) -> Result<()> {
    if options.command == Some(Command::Tour) {
        return tour::run(&options).await;
    }
    let started = std::time::Instant::now();
    let folder = if options.ephemeral { None } else { Some(data::open(&options.data)?) };
    let clock = match folder.as_ref().map(Folder::path) {
        Some(dir) => LocalClock::open(dir, options.time_scale)?,
        None => LocalClock::new(options.time_scale),
    };
    let stack = Stack::start(options.stack(clock, folder)).await?;
    stack.run().await?;
    // From here on a person may press Ctrl-C, or a service manager end the runner, and nothing is lost.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    banner::print(&stack, &options, started.elapsed());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    banner::stopping();
    stack.stop().await
}
