//! Supply chain: one HTTP stack, one TLS stack and one cryptography library in what the functions link.

use std::collections::BTreeMap;

use mooring_tests_tidy::linked::{TARGETS, linked};
use mooring_tests_tidy::packages;

/// Stacks that are not ours: the system's TLS, other cryptography, the SDK's legacy HTTP.
const OTHERS: [&str; 9] =
    ["boring", "curl", "isahc", "native-tls", "openssl", "openssl-sys", "ring", "ureq", "wolfssl"];

/// What may be there once at most, and has to be there.
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

#[test]
fn functions_link_one_tls_stack() {
    let functions: Vec<String> = packages()
        .unwrap()
        .into_iter()
        .filter(|package| package.folder.starts_with("functions/"))
        .map(|package| package.name)
        .collect();
    assert!(!functions.is_empty(), "functions/ moved");
    for target in TARGETS {
        let all = linked(&functions, target).unwrap();
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for each in &all {
            versions.entry(&each.name).or_default().push(&each.version);
        }
        for other in OTHERS {
            assert!(!versions.contains_key(other), "{target}: {other}: TLS is rustls on aws-lc");
        }
        for once in ONCE {
            let found = versions.get(once).map_or(0, Vec::len);
            assert_eq!(
                found,
                1,
                "{target}: {once} has to be linked in one version, not {:?}",
                versions.get(once)
            );
        }
    }
}
