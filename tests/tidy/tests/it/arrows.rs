//! Arrows between packages that must never exist (style N1 to N8), and words that belong into one place (N7, N10 to
//! N14).

use mooring_tests_tidy::{Package, packages, sources};

fn in_folder<'a>(all: &'a [Package], prefix: &'a str) -> impl Iterator<Item = &'a Package> {
    all.iter().filter(move |package| package.folder.starts_with(prefix))
}

/// Fails with every forbidden arrow at once, each with its reason.
fn forbid(all: &[Package], from: &str, to: &dyn Fn(&Package, &str) -> bool, reason: &str) {
    let found: Vec<String> = in_folder(all, from)
        .flat_map(|package| {
            let arrows = package.reaches.iter().filter(|target| to(package, target));
            arrows.map(|target| format!("{} -> {target}", package.name)).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "{reason}\n{}", found.join("\n"));
}

const AWS: [&str; 4] = ["aws-sdk-dynamodb", "aws-sdk-kms", "aws-sdk-sqs", "aws-sdk-sesv2"];
const LAMBDA: [&str; 3] = ["lambda_http", "lambda_runtime", "aws_lambda_events"];
const ADAPTERS: [&str; 5] =
    ["mooring-store", "mooring-vault", "mooring-queue", "mooring-mail", "mooring-webhooks"];

#[test]
fn n1_the_domain_is_pure() {
    let all = packages().unwrap();
    let outside = ["tokio", "reqwest", "serde", "serde_json", "aws-types"];
    let bad = |_: &Package, to: &str| {
        to.starts_with("mooring-") || AWS.contains(&to) || LAMBDA.contains(&to) || outside.contains(&to)
    };
    forbid(&all, "shared/domain", &bad, "domain knows nothing of the outside: give it a port instead");
}

#[test]
fn n2_n3_connectors_know_only_the_kit() {
    let all = packages().unwrap();
    let kit = |to: &str| matches!(to, "mooring-domain" | "mooring-kit");
    for package in in_folder(&all, "shared/connectors/").filter(|p| !p.folder.ends_with("registry")) {
        let bad: Vec<_> = package
            .reaches
            .iter()
            .filter(|to| (to.starts_with("mooring-") && !kit(to)) || AWS.contains(&to.as_str()))
            .collect();
        assert!(
            bad.is_empty(),
            "{}: a connector is a table of differences; {bad:?} is not its business",
            package.name
        );
    }
}

#[test]
fn n4_only_mains_runner_and_tests_name_the_registry() {
    let all = packages().unwrap();
    let bad = |_: &Package, to: &str| to == "mooring-registry";
    forbid(&all, "shared/", &bad, "shared code serves any platform through the port Connectors");
}

#[test]
fn n5_adapters_do_not_know_each_other() {
    let all = packages().unwrap();
    for adapter in ADAPTERS {
        let folder = format!("shared/{}", adapter.trim_start_matches("mooring-"));
        let bad = |package: &Package, to: &str| {
            let other = ADAPTERS.contains(&to) && to != package.name;
            other || to == "mooring-edge" || to.starts_with("lambda_")
        };
        forbid(&all, &folder, &bad, "adapters meet only in an operation, through ports");
    }
}

#[test]
fn n6_functions_stand_alone_and_shared_code_stands_below() {
    let all = packages().unwrap();
    let functions: Vec<String> = in_folder(&all, "functions/").map(|package| package.name.clone()).collect();
    assert!(functions.len() >= 17, "functions/ lost something: {functions:?}");
    let function = |package: &Package, to: &str| functions.iter().any(|f| f == to) && to != package.name;
    forbid(
        &all,
        "functions/",
        &function,
        "one function never calls another: share an operation of the domain",
    );
    forbid(&all, "shared/", &function, "shared code stands below functions");
    let above = |_: &Package, to: &str| {
        matches!(
            to,
            "mooring-local" | "mooring-aws-local" | "mooring-sandbox" | "mooring-demo" | "mooring-xtask"
        )
    };
    forbid(&all, "shared/", &above, "shared code stands below infra");
    forbid(&all, "functions/", &above, "functions know nothing of the local runner");
}

#[test]
fn n8_each_outside_library_has_one_owner() {
    let all = packages().unwrap();
    let owners: [(&str, &[&str]); 8] = [
        ("aws-sdk-dynamodb", &["shared/store"]),
        ("aws-sdk-kms", &["shared/vault"]),
        ("aws-sdk-sqs", &["shared/queue"]),
        ("aws-sdk-sesv2", &["shared/mail"]),
        ("mooring-aws", &["shared/store", "shared/vault", "shared/queue", "shared/mail"]),
        ("aws-config", &[]),
        ("reqwest", &["shared/connectors/kit", "shared/webhooks"]),
        ("lambda_http", &["shared/edge", "functions/"]),
    ];
    for (library, allowed) in owners {
        for package in all.iter().filter(|package| package.depends.contains(library)) {
            let free = package.folder.starts_with("infra/") || package.folder.starts_with("tests/");
            let owner = allowed.iter().any(|folder| package.folder.starts_with(folder));
            assert!(free || owner, "{} uses {library}; only {allowed:?} may", package.name);
        }
    }
}

/// Words that belong into one place: (word, where it may stand, what to use elsewhere).
const WORDS: &[(&str, &[&str], &str)] = &[
    (
        "expose_secret",
        &[
            "shared/vault/",
            "shared/connectors/kit/src/auth",
            "shared/mail/",
            "shared/domain/src/base/secret.rs",
        ],
        "N10: seal through the vault, send through kit::auth",
    ),
    ("std::env::", &["/config.rs", "shared/telemetry/"], "N11: read the environment in a Config::from_env"),
    ("Timestamp::now(", &["shared/system/"], "N11: take the port Clock"),
    ("SystemTime::now(", &["shared/system/"], "N11: take the port Clock"),
    ("rand::fill", &["shared/system/", "shared/vault/"], "N11: take the port Entropy"),
    ("set_global_default", &["shared/telemetry/"], "N12: telemetry installs the subscriber"),
    (
        "Client::builder()",
        &["shared/connectors/kit/", "shared/webhooks/"],
        "N12: kit builds the HTTP client of platforms, webhooks that of tenants' addresses",
    ),
    (
        "StatusCode::",
        &["shared/edge/", "shared/connectors/", "shared/webhooks/"],
        "N13: only edge, kit and webhooks know HTTP status numbers",
    ),
    ("Locator::new(", &["shared/store/"], "N14: a family of the store names its places; ask the port"),
    (".locator", &["shared/store/"], "N14: only the store reads where a place is; pass the place on"),
];

#[test]
fn words_that_belong_to_one_place() {
    let mut found = Vec::new();
    for source in sources(&["shared", "functions"]).unwrap() {
        for (line, text) in source.product_lines().filter(|(_, text)| !text.trim_start().starts_with("//")) {
            for (word, places, reason) in WORDS {
                if text.contains(word) && !places.iter().any(|place| source.path.contains(place)) {
                    found.push(format!("{}:{line}: `{word}`: {reason}", source.path));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn n7_handlers_name_no_adapter() {
    let adapters = [
        "mooring_store::",
        "mooring_vault::",
        "mooring_mail::",
        "mooring_webhooks::",
        "mooring_registry::",
        "aws_sdk_",
        "reqwest",
    ];
    let mut found = Vec::new();
    for source in sources(&["functions"]).unwrap().iter().filter(|source| !source.path.ends_with("main.rs")) {
        for (line, text) in source.product_lines() {
            if adapters.iter().any(|adapter| text.contains(adapter)) {
                found.push(format!("{}:{line}: only main.rs builds adapters; take a port", source.path));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
