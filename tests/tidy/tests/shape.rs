//! The shape of the code: lengths that keep every file readable in one sitting.

use mooring_tests_tidy::{root, sources};

#[test]
fn files_stay_short() {
    let long: Vec<String> = sources(&["shared", "functions", "infra"])
        .unwrap()
        .iter()
        .map(|source| (source.product_lines().filter(|(_, line)| !line.trim().is_empty()).count(), source))
        .filter(|(lines, _)| *lines > 400)
        .map(|(lines, source)| format!("{}: {lines} product lines; 400 is the most", source.path))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn functions_stay_thin() {
    for source in sources(&["functions"]).unwrap() {
        let lines = source.product_lines().filter(|(_, line)| !line.trim().is_empty()).count();
        let most = if source.path.ends_with("main.rs") { 30 } else { 180 };
        assert!(
            lines <= most,
            "{}: {lines} lines; at most {most}: the rest belongs to an operation",
            source.path
        );
    }
}

#[test]
fn nothing_is_left_for_later() {
    let words = ["todo!(", "unimplemented!(", concat!("TO", "DO"), concat!("FIX", "ME"), "#[allow("];
    let mut found = Vec::new();
    for source in sources(&["shared", "functions", "infra", "tests/journeys", "tests/conformance"]).unwrap() {
        for (index, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "finish it, file it, or use #[expect(…, reason)]\n{}", found.join("\n"));
}

/// `cargo run` at the root starts the local runner only as long as no other package asks to be run.
#[test]
fn one_package_is_run_by_default() {
    let manifests = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifests.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next());
    let asks = members.filter(|member| {
        let manifest = std::fs::read_to_string(root().join(member).join("Cargo.toml"));
        manifest.is_ok_and(|text| text.contains("\ndefault-run = "))
    });
    assert_eq!(asks.collect::<Vec<_>>(), ["infra/local"]);
}
