//! A bill of materials (`CycloneDX` 1.5, JSON) for each shipped binary: every crate whose code is in the binary, with
//! version, licence, checksum and dependencies. docs/adr/0012 says why this repository makes it.

mod bill;
mod lock;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use mooring_tests_tidy::linked::{Crate, TARGETS, linked};
use mooring_tests_tidy::template::{Template, at, binary, entries, items, text, words};
use serde_json::Value;

use self::bill::Bill;
use self::lock::Lock;

/// Writes a bill for each function of template.yaml below target/sbom, reads each again and checks it.
#[expect(clippy::print_stdout, reason = "the summary is what a person runs this for")]
pub(crate) fn write(target: &str) -> Result<()> {
    ensure!(TARGETS.contains(&target), "`{target}` is not shipped; these are: {}", TARGETS.join(", "));
    let (lock, folder) = (Lock::read()?, folder(target));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut all = BTreeSet::new();
    let template = Template::read()?;
    let names: BTreeSet<&str> = template.functions().map(|(_, function)| binary(function)).collect();
    for name in &names {
        let package = format!("mooring-{name}");
        let file = folder.join(format!("{name}.cdx.json"));
        let bill = Bill::of(&package, target, &lock)?;
        fs::write(&file, serde_json::to_string_pretty(&bill.document())? + "\n")?;
        let named = check(&file, &lock).with_context(|| file.display().to_string())?;
        complete(&named, &linked(&[package], target)?)?;
        all.extend(named);
    }
    println!("{} bills in target/sbom/{target}, {} crates", names.len(), all.len());
    Ok(())
}

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/sbom").join(target)
}

/// Fails unless the bill names exactly the linked crates; the binary's own crate is the bill's subject.
fn complete(named: &BTreeSet<Crate>, linked: &BTreeSet<Crate>) -> Result<()> {
    let missing: Vec<&Crate> = linked.difference(named).collect();
    let extra: Vec<&Crate> = named.difference(linked).collect();
    ensure!(missing.is_empty(), "linked and not named: {missing:?}");
    ensure!(extra.is_empty(), "named and not linked: {extra:?}");
    Ok(())
}

/// Reads a bill again: it parses, is closed under dependencies, and agrees with Cargo.lock.
fn check(file: &Path, lock: &Lock) -> Result<BTreeSet<Crate>> {
    let bill: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    ensure!(text(&bill, "bomFormat") == "CycloneDX", "is not a CycloneDX bill");
    let about = at(&bill, "metadata/component");
    let parts: Vec<&Value> = items(at(&bill, "components")).chain([about]).collect();
    let known: BTreeSet<&str> = parts.iter().map(|part| text(part, "bom-ref")).collect();
    let mut needed = BTreeSet::from([text(about, "bom-ref")]);
    for entry in items(at(&bill, "dependencies")) {
        needed.extend(words(at(entry, "dependsOn")));
    }
    ensure!(known == needed, "a crate is not needed by any, or needed and not named");
    let mut named = BTreeSet::new();
    for part in parts {
        let (name, version) = (text(part, "name").to_owned(), text(part, "version").to_owned());
        let each = Crate { name, version };
        let stated = entries(at(part, "hashes/0")).find(|(field, _)| *field == "content");
        let stated = stated.and_then(|(_, checksum)| checksum.as_str());
        ensure!(lock.checksum(&each)? == stated, "{each:?}: its checksum is not the one of Cargo.lock");
        named.insert(each);
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Crate {
        Crate { name: name.to_owned(), version: "1.0.0".to_owned() }
    }

    #[test]
    fn a_crate_that_is_left_out_is_noticed() {
        let (few, more) = (BTreeSet::from([named("a")]), BTreeSet::from([named("a"), named("b")]));
        assert!(complete(&few, &few).is_ok());
        assert!(complete(&few, &more).unwrap_err().to_string().contains("not named"));
        assert!(complete(&more, &few).unwrap_err().to_string().contains("not linked"));
    }

    #[test]
    fn a_bill_agrees_with_the_lock_and_with_what_is_linked() {
        let (lock, target) = (Lock::read().unwrap(), TARGETS[0]);
        let bill = Bill::of("mooring-openapi", target, &lock).unwrap();
        let file = std::env::temp_dir().join(format!("mooring-sbom-{}.json", std::process::id()));
        let mut document = bill.document();
        fs::write(&file, document.to_string()).unwrap();
        let named = check(&file, &lock).unwrap();
        complete(&named, &linked(&["mooring-openapi".to_owned()], target).unwrap()).unwrap();
        let parts = document.get_mut("components").and_then(Value::as_array_mut).unwrap();
        parts.pop();
        fs::write(&file, document.to_string()).unwrap();
        assert!(check(&file, &lock).is_err(), "a crate that is needed was taken out");
        fs::remove_file(&file).unwrap();
    }
}
