//! The skeleton of a product's profile: its file, and its line of the list.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::edits::fill;
use super::names::{Name, capital};
use super::plan::Plan;

/// The facts that the skeleton needs.
#[derive(Debug, Args)]
pub struct Options {
    /// The profile, such as `statasphere`: the value of the template's parameter `Profile`.
    pub name: String,
}

/// Plans the skeleton.
pub(super) fn plan(root: &Path, options: &Options) -> Result<Plan> {
    let mut plan = Plan::new(root);
    let name = Name::read(&options.name, '_', "statasphere")?;
    let file = format!("shared/profiles/{}.toml", options.name);
    ensure!(!plan.has(&file), "{file} is there already");
    let product = capital(&name.spoken());
    let places = [("name", options.name.as_str()), ("Product", &product)];
    plan.make(file, fill(include_str!("skeletons/profile.toml.txt"), &places))?;
    plan.edit("shared/profiles/src/lib.rs", |text| {
        let (head, rest) = text.split_once("const FILES: ").context("it has no list of profiles")?;
        let (rows, tail) = rest.split_once("];").context("its list of profiles has no end")?;
        let rows = rows.trim_end().trim_end_matches(',');
        let row = format!("(\"{0}\", include_str!(\"../{0}.toml\"))", options.name);
        Ok(format!("{head}const FILES: {rows}, {row}];{tail}"))
    })?;
    "cargo test -p mooring-profiles".clone_into(&mut plan.next);
    Ok(plan)
}
