//! The local runner's binary: `cargo run` at the root starts it.
//!
//! It ends with 0, with 2 when the command line is wrong, and with 1 for every other error. An error is one message:
//! the cause with its path or port, and on the next line what to do.

use std::process::ExitCode;

use clap::Parser as _;
use mooring_local::{Options, advice, run};

#[tokio::main]
#[expect(clippy::print_stderr, reason = "an error is for the person at the terminal")]
async fn main() -> ExitCode {
    mooring_telemetry::init_for_terminal();
    let options = Options::parse();
    if let Err(error) = options.check() {
        eprintln!("mooring: {error:#}");
        return ExitCode::from(2);
    }
    let Err(error) = run(options).await else { return ExitCode::SUCCESS };
    eprintln!("mooring: {error:#}");
    if let Some(advice) = advice(&error) {
        eprintln!("{advice}");
    }
    ExitCode::FAILURE
}
