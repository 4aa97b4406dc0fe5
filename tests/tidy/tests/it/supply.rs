//! Supply chain: one HTTP stack, one TLS stack and one cryptography library in what the functions link.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use mooring_tests_tidy::linked::{Crate, TARGETS, linked};
use mooring_tests_tidy::packages;

/// Stacks that Mooring does not use: the system's TLS, other cryptography, the SDK's legacy HTTP.
const OTHERS: [&str; 9] =
    ["boring", "curl", "isahc", "native-tls", "openssl", "openssl-sys", "ring", "ureq", "wolfssl"];

/// The crates that have to be there exactly once.
const ONCE: [&str; 8] = [
    "aws-lc-rs",
    "aws-lc-sys",
    "hyper",
    "hyper-rustls",
    "reqwest",
    "rustls",
    "rustls-webpki",
    "tokio-rustls",
];

/// Lists the problems of a set of linked crates, a line each.
fn wrong(all: &BTreeSet<Crate>) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for each in all {
        versions.entry(&each.name).or_default().push(&each.version);
    }
    let others = OTHERS.iter().filter(|name| versions.contains_key(*name));
    let others = others.map(|name| format!("{name}: TLS is rustls on aws-lc, HTTP is hyper 1"));
    let single = |name: &&&str| versions.get(**name).is_some_and(|found| found.len() == 1);
    let double = ONCE.iter().filter(|name| !single(name));
    let double =
        double.map(|name| format!("{name}: has to be there in one version, not {:?}", versions.get(name)));
    others.chain(double).collect()
}

fn what_functions_link(target: &str) -> Result<BTreeSet<Crate>> {
    let functions = packages()?.into_iter().filter(|package| package.folder.starts_with("functions/"));
    let functions: Vec<String> = functions.map(|package| package.name).collect();
    ensure!(!functions.is_empty(), "functions/ moved");
    linked(&functions, target)
}

#[test]
fn functions_link_one_tls_stack() {
    for target in TARGETS {
        let found = wrong(&what_functions_link(target).unwrap());
        assert!(found.is_empty(), "{target}\n{}", found.join("\n"));
    }
}

#[test]
fn a_second_stack_is_noticed() {
    let whole = what_functions_link(TARGETS[0]).unwrap();
    let with = |name: &str, version: &str| {
        let more = Crate { name: name.to_owned(), version: version.to_owned() };
        wrong(&whole.iter().cloned().chain([more]).collect())
    };
    assert!(with("openssl", "0.10.82").concat().starts_with("openssl"));
    assert!(with("hyper", "0.14.32").concat().starts_with("hyper"));
    assert!(with("rustls", "0.21.12").concat().starts_with("rustls"));
    let without: BTreeSet<Crate> = whole.iter().filter(|each| each.name != "rustls").cloned().collect();
    assert!(wrong(&without).concat().starts_with("rustls"), "no TLS at all is not one stack");
}
