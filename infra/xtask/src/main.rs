//! `cargo xtask`.

use std::process::ExitCode;

use clap::Parser as _;
use mooring_xtask::{Arguments, run};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stderr, reason = "an error is for the person at the terminal")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
