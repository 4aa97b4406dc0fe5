//! The shape of the code: lengths that keep every file readable in one sitting.

use mooring_tests_tidy::{packages, root, sources};

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

/// A browser on the machine reaches each port of the runner: every listener takes requests that name it, and no others.
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

/// How fast the machine is decides no journey: docs/adr/0031.
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
