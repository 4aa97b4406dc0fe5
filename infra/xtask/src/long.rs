//! Long runs that `cargo test` and `.ci/run` leave out because of their time, each by a name. docs/ci.md has their
//! figures.

use std::hint::spin_loop;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{available_parallelism, scope};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::tools::root;

/// The runs to make.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The names of the runs; without a name the chore lists all runs.
    names: Vec<String>,
}

/// A run: its name, what it protects, and its commands.
struct Run {
    name: &'static str,
    protects: &'static str,
    commands: &'static [&'static str],
    /// True when crash tests play every mode at every call.
    every_mode: bool,
    /// Busy loops beside each core.
    busy: usize,
}

/// The variable that makes crash tests play every mode at every call.
const LONG: &str = "MOORING_LONG";
const HERE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86-64" };

const RUNS: [Run; 8] = [
    Run {
        name: "crashes",
        protects: "every fault, not one in turn, at every external call",
        commands: &["cargo test --package mooring-tests-journeys --test it -- crashes::"],
        every_mode: true,
        busy: 0,
    },
    Run {
        name: "returns",
        protects: "the way of a report row through a sync has one direction: at most 8 returns to a module (wants gdb)",
        commands: &["python3 tests/shape/returns.py --max 8"],
        every_mode: false,
        busy: 0,
    },
    Run {
        name: "thousand",
        protects: "a thousand disconnected connections leave nothing though TTL never comes",
        commands: &["cargo test --package mooring-tests-journeys --test it -- --ignored thousand"],
        every_mode: false,
        busy: 0,
    },
    Run {
        name: "busy",
        protects: "no verdict of a test depends on how fast the machine is: three times beside two busy loops a core",
        commands: &["cargo test --quiet", "cargo test --quiet", "cargo test --quiet"],
        every_mode: false,
        busy: 2,
    },
    Run {
        name: "kills",
        protects: "no job and no deletion is lost when processes die: three fresh seeds of 100 kills",
        commands: &[
            "cargo xtask package --arch {arch}",
            "cargo xtask e2e --kill 100",
            "cargo xtask e2e --kill 100",
            "cargo xtask e2e --kill 100",
        ],
        every_mode: false,
        busy: 0,
    },
    Run {
        name: "api",
        protects: "the API answers as its description says: 300 examples an operation, a fresh seed",
        commands: &["target/ci-tools/api-venv/bin/python tests/api/conformance.py --examples 300"],
        every_mode: false,
        busy: 0,
    },
    Run {
        name: "moto",
        protects: "store, vault and queue do not lean on one work-alike",
        commands: &["python3 tests/contract/second_opinions.py moto"],
        every_mode: false,
        busy: 0,
    },
    Run {
        name: "figures",
        protects: "the bars of docs/performance.md, measured on the binaries that are shipped",
        commands: &[
            "cargo build --profile deploy --bin connections-read --bin connect-session-create --bin reports-query",
            "cargo build --profile deploy-worker --bin sync-worker --bin ceiling",
            "cargo xtask bench",
        ],
        every_mode: false,
        busy: 0,
    },
];

/// Makes the named runs, one after the other, and says how long each took.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.names.is_empty() {
        for run in RUNS {
            say(&format!("{:10} {}", run.name, run.protects));
        }
        return Ok(());
    }
    let runs: Vec<&Run> = options.names.iter().map(|name| named(name)).collect::<Result<_>>()?;
    for run in runs {
        let begun = Instant::now();
        beside_busy_loops(run.busy, || run.commands.iter().try_for_each(|line| play(run, line)))
            .with_context(|| format!("the long run `{}`", run.name))?;
        say(&format!("{}: {} s", run.name, begun.elapsed().as_secs()));
    }
    Ok(())
}

fn named(name: &str) -> Result<&'static Run> {
    let found = RUNS.iter().find(|run| run.name == name);
    found.with_context(|| {
        format!("there is no long run `{name}`; known: {}", RUNS.map(|run| run.name).join(", "))
    })
}

/// Does some work while `each` threads a core run empty loops.
fn beside_busy_loops<T>(each: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let cores = if each == 0 { 0 } else { available_parallelism()?.get() };
    let over = AtomicBool::new(false);
    scope(|threads| {
        for _ in 0..each * cores {
            threads.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    spin_loop();
                }
            });
        }
        let outcome = work();
        over.store(true, Ordering::Relaxed);
        outcome
    })
}

fn play(run: &Run, line: &str) -> Result<()> {
    say(&format!("$ {line}"));
    let line = line.replace("{arch}", HERE);
    let mut words = line.split_whitespace();
    let program = words.next().context("an empty command")?;
    let mut command = Command::new(program);
    if run.every_mode {
        command.env(LONG, "1");
    }
    let status = command.args(words).current_dir(root()).status();
    let status =
        status.with_context(|| format!("`{program}` cannot be started; docs/ci.md says what it wants"))?;
    ensure!(status.success(), "{status}; see above");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "for whoever runs it")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use anyhow::bail;

    use super::*;

    #[test]
    fn every_long_run_is_in_the_page_and_has_a_name_of_its_own() {
        let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
        for run in &RUNS {
            assert!(page.contains(&format!("| `{}` |", run.name)), "docs/ci.md has no row for {}", run.name);
            assert!(named(run.name).is_ok());
        }
        assert_eq!(RUNS.iter().map(|run| run.name).collect::<BTreeSet<_>>().len(), RUNS.len());
        assert!(named("nonsense").is_err());
    }

    #[test]
    fn busy_loops_end_with_the_work_even_when_it_fails() {
        assert!(beside_busy_loops(1, || -> Result<()> { bail!("as planned") }).is_err());
        assert_eq!(beside_busy_loops(2, || Ok(7)).unwrap(), 7);
    }
}
