//! The shape of the code: lengths that keep every file readable in one sitting.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use mooring_tests_tidy::{Package, packages, root, sources};

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

/// `cargo run` at the root starts the local runner only while no other package asks to be run.
#[test]
fn one_package_is_run_by_default() {
    let asks = packages().unwrap().into_iter().filter(|package| {
        let manifest = std::fs::read_to_string(root().join(&package.folder).join("Cargo.toml"));
        manifest.is_ok_and(|text| text.contains("\ndefault-run = "))
    });
    assert_eq!(asks.map(|package| package.folder).collect::<Vec<_>>(), ["infra/local"]);
}

/// The workspace names few members and finds the others through their dependents: no package may drop out of the
/// checks.
#[test]
fn every_manifest_belongs_to_the_workspace() {
    let members: BTreeSet<_> = packages().unwrap().into_iter().map(|package| package.folder).collect();
    let mut found = BTreeSet::new();
    for top in ["functions", "infra", "shared", "tests"] {
        manifests(&root().join(top), &mut found).unwrap();
    }
    assert_eq!(found, members, "name what is missing in the `members` of Cargo.toml");
}

/// Collects the folders that have a manifest, as paths below the root.
fn manifests(folder: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() || path.ends_with("target") || path.ends_with("node_modules") {
            continue;
        }
        if path.join("Cargo.toml").exists() {
            found.insert(path.strip_prefix(root())?.display().to_string());
        }
        manifests(&path, found)?;
    }
    Ok(())
}

/// A browser on the machine reaches each port of the runner: every listener takes requests that name the listener, and
/// no others.
#[test]
fn listeners_of_the_runner_answer_to_their_own_names() {
    let all =
        sources(&["infra/local", "infra/aws-local", "infra/sandbox", "infra/demo", "infra/xtask"]).unwrap();
    let serving: Vec<_> = all.iter().filter(|source| source.text.contains("axum::serve(")).collect();
    assert!(serving.len() >= 3, "the runner, what stands for AWS, the sandbox");
    for source in serving {
        let (serves, guards) =
            ["axum::serve(", "own_hosts("].map(|word| source.text.matches(word).count()).into();
        assert!(serves <= guards, "{}: put `own_hosts` around what is served", source.path);
    }
}

/// The speed of the machine decides no journey: docs/adr/0031.
#[test]
fn journeys_know_no_time_but_the_one_that_they_move() {
    let real =
        ["LocalClock::new(", "LocalClock::starting_at(", "Instant::now(", ".elapsed()", "time::sleep("];
    let mut found = Vec::new();
    for source in sources(&["tests/journeys/src", "tests/journeys/tests"]).unwrap() {
        for (index, line) in source.text.lines().enumerate() {
            if real.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "start a `World`, and move its clock with `skip`\n{}", found.join("\n"));
}

/// A run of rustdoc for a library without an example costs what a small test does, forty times.
#[test]
fn doctests_run_where_there_is_an_example() {
    for package in packages().unwrap() {
        let folder = root().join(&package.folder);
        if !folder.join("src/lib.rs").exists() {
            continue;
        }
        let is_example = |line: &str| line.trim_start().starts_with("//") && line.contains("```");
        let code = sources(&[&package.folder]).unwrap();
        let has_examples = code.iter().any(|source| source.text.lines().any(is_example));
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let name = package.name;
        assert_eq!(
            manifest.contains("\ndoctest = false\n"),
            !has_examples,
            "{name}: `[lib] doctest = false` belongs into the manifest of a library without examples, and into no other"
        );
    }
}

/// The documentation of a function is that of its library: rustdoc has no link to check in the few lines of `main`.
#[test]
fn mains_of_functions_have_no_pages_and_no_links() {
    let functions =
        packages().unwrap().into_iter().filter(|package| package.folder.starts_with("functions/"));
    for package in functions {
        let folder = root().join(&package.folder);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let main = std::fs::read_to_string(folder.join("src/main.rs")).unwrap();
        let name = package.name;
        assert!(manifest.contains("\ndoc = false\n"), "{name}: `doc = false` belongs into its `[[bin]]`");
        assert!(
            !main.contains("[`"),
            "{name}: nothing checks a link in src/main.rs, so move the text to the library"
        );
    }
}

/// A harness without a test is linked and run for nothing, and each links what its library links.
#[test]
fn harnesses_are_built_where_there_are_tests() {
    for package in packages().unwrap() {
        let has_library = package.targets.iter().any(|target| target.kind == "lib");
        for target in package.targets.iter().filter(|target| target.kind != "test") {
            // The tests below `src` belong to the library where there is one.
            let owns = target.kind == "lib" || !has_library;
            assert_eq!(
                target.is_tested,
                owns && has_tests(&package).unwrap(),
                "{}: `test = false` belongs to the {} `{}` if it has no tests, and only then",
                package.name,
                target.kind,
                target.name
            );
        }
    }
}

fn has_tests(package: &Package) -> Result<bool> {
    let words = ["#[test]\n", "#[tokio::test", "#[cfg(test)]\nmod "];
    let code = sources(&[&format!("{}/src", package.folder)])?;
    Ok(code.iter().any(|source| words.iter().any(|word| source.text.contains(word))))
}
