//! The local runner: every function, the emulated AWS services, the sandbox and the demo in one process.
//!
//! It mounts the same `handle` of each function that Lambda runs, through the same event types, over the real SDK
//! clients. Deliberately absent: any second implementation of what a function does.

mod adapters;
mod banner;
pub mod gateway;
pub mod mount;
mod options;
mod person;
pub mod poller;
mod product;
mod queues;
pub mod schedules;
mod seed;
mod seeded;
mod stack;
mod tour;

pub use adapters::{Adapters, Wiring, running};
pub use options::{Command, Options};
pub use person::{Form, Page, Person};
pub use product::{Connected, Product};
pub use seed::{Seeded, register_tenant, seal_app};
pub use stack::{Stack, StackOptions};
pub use tour::screen;

use anyhow::Result;
use mooring_aws_local::{LocalClock, make_dir};

/// Does what the command line says.
pub async fn run(options: Options) -> Result<()> {
    options.check()?;
    if options.command == Some(Command::Tour) {
        return tour::run(&options).await;
    }
    let data = (!options.ephemeral).then(|| options.data.clone());
    let clock = match &data {
        Some(dir) => {
            make_dir(dir)?;
            LocalClock::open(dir, options.time_scale)?
        }
        None => LocalClock::new(options.time_scale),
    };
    let started = std::time::Instant::now();
    let stack = Stack::start(options.stack(clock, data)).await?;
    stack.run().await?;
    let mut others = Vec::new();
    for name in &options.tenants {
        others.push(stack.another_tenant(name).await?);
    }
    banner::print(&stack, &options, &others, started.elapsed());
    tokio::signal::ctrl_c().await?;
    banner::stopping();
    stack.stop().await
}
