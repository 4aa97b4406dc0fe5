//! The skeleton of an entity: its type and ports in the domain, its key and rows in the store.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::edits::{fill, import, sorted};
use super::names::{Name, capital, family};
use super::plan::Plan;

/// The facts that the skeleton needs.
#[derive(Debug, Args)]
pub struct Options {
    /// The entity, such as `saved_view`: its module in the domain and in the store.
    pub name: String,
    /// The family: a folder of shared/domain/src and of shared/store/src.
    #[arg(long)]
    pub family: String,
}

/// Plans the skeleton.
pub(super) fn plan(root: &Path, options: &Options) -> Result<Plan> {
    let mut plan = Plan::new(root);
    let name = Name::read(&options.name, '_', "saved_view")?;
    family(&plan, &options.family, true)?;
    let (domain, store) =
        (format!("shared/domain/src/{}", options.family), format!("shared/store/src/{}", options.family));
    let (camel, spoken) = (name.camel(), name.spoken());
    for folder in [&domain, &store] {
        let there = plan.has(&format!("{folder}/{}", options.name));
        ensure!(!there, "{folder}/{} is there already", options.name);
    }
    let ports = plan.read(&format!("{domain}/ports.rs"))?;
    ensure!(!ports.contains(&format!("trait {camel}Read")), "a port `{camel}Read` is there already");
    free_row(root, &options.name)?;
    let keys = plan.read(&format!("{store}/keys.rs"))?;
    let taken = keys.contains(&format!("fn {}(", options.name));
    ensure!(!taken, "{store}/keys.rs has a function `{}` already: take another name", options.name);
    let big = capital(&spoken);
    let places = [
        ("name", options.name.as_str()),
        ("Name", &camel),
        ("spoken", &spoken),
        ("Spoken", &big),
        ("family", &options.family),
    ];
    let domain_file = format!("{domain}/{}.rs", options.name);
    plan.make(domain_file, fill(include_str!("skeletons/entity/type.rs.txt"), &places))?;
    let store_file = format!("{store}/{}.rs", options.name);
    plan.make(store_file, fill(include_str!("skeletons/entity/rows.rs.txt"), &places))?;
    edits(&mut plan, options, &name, &places)?;
    plan.next = format!("cargo test -p mooring-domain {}", options.name);
    Ok(plan)
}

/// Checks that no row has the sort key that the entity's row would have, as both lie in the tenant's partition, and that no
/// function of the keys has its name.
fn free_row(root: &Path, name: &str) -> Result<()> {
    let folder = root.join("shared/store/src");
    for family in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let keys = family?.path().join("keys.rs");
        if keys.exists() {
            let text = fs::read_to_string(&keys).with_context(|| keys.display().to_string())?;
            ensure!(
                !text.contains(&format!("\"{name}\")")),
                "{} has a row called `{name}`: take another name, or its row would be overwritten",
                keys.strip_prefix(root).unwrap_or(&keys).display()
            );
        }
    }
    Ok(())
}

fn edits(plan: &mut Plan, options: &Options, name: &Name, places: &[(&str, &str)]) -> Result<()> {
    let (snake, family) = (name.snake(), &options.family);
    plan.edit(&format!("shared/domain/src/{family}/mod.rs"), |text| {
        Ok(sorted(text, "pub mod ", &format!("pub mod {snake};")))
    })?;
    plan.edit(&format!("shared/store/src/{family}/mod.rs"), |text| {
        Ok(sorted(text, "pub(crate) mod ", &format!("pub(crate) mod {snake};")))
    })?;
    plan.edit(&format!("shared/domain/src/{family}/ports.rs"), |text| {
        let text = import(text, "async_trait", "async_trait");
        let text = import(&text, "crate::base::error", "Result");
        let text = import(&text, "crate::base::ids", "TenantId");
        let text = import(&text, &format!("crate::{family}::{snake}"), &name.camel());
        Ok(text + &fill(include_str!("skeletons/entity/ports.rs.txt"), places))
    })?;
    plan.edit(&format!("shared/store/src/{family}/keys.rs"), |text| {
        let text = import(text, "mooring_domain::base::ids", "TenantId");
        let text = import(&text, "mooring_domain::base::table", "Table");
        let text = import(&text, "crate::client::key", "Key");
        Ok(constructor(&text, &snake, &fill(include_str!("skeletons/entity/key.rs.txt"), places)))
    })
}

/// Adds a constructor of keys: before the samples of keys if the file has them, and then with a sample of its own.
fn constructor(text: &str, name: &str, new: &str) -> String {
    let mark = "\n/// Makes one key with each constructor.\n";
    let Some((head, samples)) = text.split_once(mark) else { return format!("{text}{new}") };
    let row = format!("        ({name}(&of.account.tenant), Emptied::WithTenant),\n");
    let samples = samples
        .rsplit_once("    ]\n")
        .map_or_else(|| samples.to_owned(), |(rows, end)| format!("{rows}{row}    ]\n{end}"));
    format!("{head}{new}{mark}{samples}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constructor_stands_before_the_samples_and_has_one() {
        let new = "\nfn view() {}\n";
        assert_eq!(constructor("fn a() {}\n", "view", new), "fn a() {}\n\nfn view() {}\n");
        let text = "fn a() {}\n\n/// Makes one key with each constructor.\nfn samples() {\n    vec![\n        (a(), X),\n    ]\n}\n";
        let after = constructor(text, "view", new);
        assert!(after.starts_with("fn a() {}\n\nfn view() {}\n\n/// Makes one key"), "{after}");
        let rows = "        (a(), X),\n        (view(&of.account.tenant), Emptied::WithTenant),\n    ]\n}\n";
        assert!(after.ends_with(rows), "{after}");
    }
}
