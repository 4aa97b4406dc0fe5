//! The local runner's binary: `cargo run` at the root starts it.

use std::process::ExitCode;

use clap::Parser as _;
use mooring_local::{Options, run};

#[tokio::main]
#[expect(clippy::print_stderr, reason = "an error is for the person at the terminal")]
async fn main() -> ExitCode {
    mooring_telemetry::init_for_terminal();
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mooring: {error:#}");
            ExitCode::FAILURE
        }
    }
}
