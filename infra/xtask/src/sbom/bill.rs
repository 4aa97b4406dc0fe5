//! One bill: the crates that cargo links into one package, as a `CycloneDX` document.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use mooring_tests_tidy::linked::{Crate, tree};
use serde_json::{Map, Value, json};

use super::lock::Lock;

/// The bill of one binary.
pub(super) struct Bill {
    about: Crate,
    target: String,
    parts: BTreeMap<Crate, Part>,
}

#[derive(Default)]
struct Part {
    licence: String,
    checksum: Option<String>,
    needs: BTreeSet<Crate>,
}

impl Bill {
    /// Asks cargo which crates a package is linked with on a target.
    pub(super) fn of(package: &str, target: &str, lock: &Lock) -> Result<Self> {
        let mut parts: BTreeMap<Crate, Part> = BTreeMap::new();
        let mut above: Vec<Crate> = Vec::new();
        for line in tree(&[package.to_owned()], target, "depth", " {p}|{l}")?.lines() {
            let (depth, each, licence) =
                read(line).with_context(|| format!("what cargo tree printed: {line}"))?;
            above.truncate(depth);
            if let Some(user) = above.last() {
                parts.entry(user.clone()).or_default().needs.insert(each.clone());
            }
            let part = parts.entry(each.clone()).or_default();
            part.licence = licence;
            part.checksum = lock.checksum(&each)?.map(str::to_owned);
            above.push(each);
        }
        let about = parts.keys().find(|each| each.name == package).cloned().context("the package itself")?;
        Ok(Self { about, target: target.to_owned(), parts })
    }

    /// Returns the `CycloneDX` document. It holds no time and no random number: the same source gives the same bill.
    pub(super) fn document(&self) -> Value {
        let others = self.parts.iter().filter(|(each, _)| **each != self.about);
        let components: Vec<Value> = others.map(|(each, part)| component("library", each, part)).collect();
        let about = self.parts.get(&self.about).map(|part| component("application", &self.about, part));
        let needs = |(each, part): (&Crate, &Part)| json!({ "ref": place(each), "dependsOn": part.needs.iter().map(place).collect::<Vec<_>>() });
        json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "component": about,
                "properties": [{ "name": "mooring:target", "value": self.target }],
            },
            "components": components,
            "dependencies": self.parts.iter().map(needs).collect::<Vec<_>>(),
        })
    }
}

/// Reads a line such as `2 serde v1.0.0|MIT OR Apache-2.0 (*)`: depth, crate, and its licence.
fn read(line: &str) -> Option<(usize, Crate, String)> {
    let (depth, rest) = line.split_once(' ')?;
    let (named, licence) = rest.split_once('|')?;
    let licence = licence.trim_end_matches("(*)").trim().replace('/', " OR ");
    Some((depth.parse().ok()?, Crate::named(named)?, licence))
}

fn place(each: &Crate) -> String {
    format!("pkg:cargo/{}@{}", each.name, each.version)
}

fn component(kind: &str, each: &Crate, part: &Part) -> Value {
    let mut fields = Map::from_iter([
        ("type".to_owned(), json!(kind)),
        ("bom-ref".to_owned(), json!(place(each))),
        ("name".to_owned(), json!(each.name)),
        ("version".to_owned(), json!(each.version)),
        ("purl".to_owned(), json!(place(each))),
    ]);
    if !part.licence.is_empty() {
        fields.insert("licenses".to_owned(), json!([{ "expression": part.licence }]));
    }
    if let Some(checksum) = &part.checksum {
        fields.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": checksum }]));
    }
    Value::Object(fields)
}
