//! The executable form of `docs/connector-spec.md`: one trial for each platform and rule.
//!
//! Each trial has a sandbox of its own on loopback. A tap between sandbox and connector records requests and can change
//! answers. Nothing here calls a platform.

mod bench;
mod dialect;
mod logs;
mod rules;
mod spec;
mod tap;
mod timing;

use libtest_mimic::{Arguments, Trial};
use mooring_registry::{Config, Registry};

fn main() -> anyhow::Result<()> {
    logs::catch()?;
    let registry = Registry::with_defaults(&Config::default())?;
    let mut trials: Vec<Trial> = registry.all().into_iter().flat_map(rules::trials).collect();
    trials.push(Trial::test("spec::rules_and_trials_are_the_same", || {
        Ok(spec::rules_and_trials_are_the_same()?)
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}
