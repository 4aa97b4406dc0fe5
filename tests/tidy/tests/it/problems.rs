//! The table of error codes against the code: it explains every error that a caller can meet, and nothing else.

use std::collections::BTreeSet;

use mooring_edge::openapi::problems::CODES;
use mooring_tests_tidy::{Source, sources};

/// The places that make errors of API calls. Workers and connectors have codes too, which only logs show.
const PLACES: [&str; 26] = [
    "shared/edge/src/",
    "shared/domain/src/connect/binding",
    "shared/domain/src/connect/end",
    "shared/domain/src/connect/way",
    "shared/domain/src/connect/ops/activate_connection",
    "shared/domain/src/connect/ops/complete_callback",
    "shared/domain/src/connect/ops/confirm_accounts",
    "shared/domain/src/connect/ops/create_",
    "shared/domain/src/connect/ops/read_",
    "shared/domain/src/deletion/ops/read_",
    "shared/domain/src/deletion/ops/request_deletion",
    "shared/domain/src/guard/idempotency",
    "shared/domain/src/people/caller",
    "shared/domain/src/people/ops/create_",
    "shared/domain/src/report/ops/",
    "shared/domain/src/webhook/address",
    "shared/domain/src/webhook/delivery",
    "shared/domain/src/webhook/endpoint",
    "shared/domain/src/webhook/event",
    "shared/domain/src/webhook/schedule",
    "shared/domain/src/webhook/target",
    "shared/domain/src/webhook/ops/change_",
    "shared/domain/src/webhook/ops/create_",
    "shared/domain/src/webhook/ops/read_",
    "shared/domain/src/webhook/ops/send_webhook",
    "functions/",
];
/// Kinds whose errors are faults of Mooring: 500, and the code only helps us.
const OURS: [&str; 2] = ["Kind::Internal", "Kind::Sealed"];
/// How many characters before a code may name its kind.
const BEFORE: usize = 60;

/// Lists the codes of errors that a source makes: the first quoted word after a constructor of errors.
fn codes(source: &Source) -> Vec<String> {
    let product: Vec<&str> = source.product_lines().map(|(_, line)| line.trim()).collect();
    let text = product.join(" ");
    let mut found = Vec::new();
    for maker in ["Error::new(", "Error::invalid(", "Error::conflict(", "Error::unavailable("] {
        for piece in text.split(maker).skip(1) {
            let Some((before, rest)) = piece.split_once('"') else { continue };
            let Some((word, _)) = rest.split_once('"') else { continue };
            let is_code = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let ours = OURS.iter().any(|kind| before.contains(kind));
            if is_code && !ours && before.len() < BEFORE {
                found.push(word.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_code_that_a_caller_can_meet_is_explained() {
    let listed: BTreeSet<&str> = CODES.iter().map(|code| code.code).collect();
    assert_eq!(listed.len(), CODES.len(), "a code is listed twice");
    let mut missing = Vec::new();
    for source in sources(&["shared", "functions"]).unwrap() {
        if PLACES.iter().any(|place| source.path.starts_with(place)) {
            let unknown = codes(&source).into_iter().filter(|code| !listed.contains(code.as_str()));
            missing.extend(unknown.map(|code| format!("{}: {code}", source.path)));
        }
    }
    assert!(
        missing.is_empty(),
        "say in shared/edge/src/openapi/problems.rs what a caller does about:\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_explained_code_exists() {
    let all = sources(&["shared", "functions"]).unwrap();
    let made = |code: &str| {
        let quoted = format!("\"{code}\"");
        all.iter()
            .filter(|source| !source.path.ends_with("openapi/problems.rs"))
            .any(|source| source.text.contains(&quoted))
    };
    let gone: Vec<&str> = CODES.iter().map(|code| code.code).filter(|code| !made(code)).collect();
    assert!(gone.is_empty(), "no error has these codes any more: {gone:?}");
}
