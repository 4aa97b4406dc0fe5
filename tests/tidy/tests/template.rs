//! template.yaml against the functions, the routes in code, and our retention rules.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and YAML answers null for what is not there"
)]

use std::collections::{BTreeMap, BTreeSet};

use mooring_tests_tidy::{packages, root, template};
use serde_yaml_ng::Value;

/// A resource by its logical id.
fn resources() -> BTreeMap<String, Value> {
    let template = template().unwrap();
    let all = template["Resources"].as_mapping().unwrap().clone();
    all.into_iter().map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource)).collect()
}

/// Functions by the name of their binary.
fn functions() -> BTreeMap<String, Value> {
    let is_function = |resource: &Value| resource["Type"].as_str() == Some("AWS::Serverless::Function");
    resources()
        .into_values()
        .filter(is_function)
        .map(|resource| {
            let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap().to_owned();
            (binary, resource)
        })
        .collect()
}

/// Every action that a function's own statements allow.
fn actions(function: &Value) -> BTreeSet<String> {
    let policies = function["Properties"]["Policies"].as_sequence().cloned().unwrap_or_default();
    let statements =
        policies.iter().flat_map(|policy| policy["Statement"].as_sequence().cloned().unwrap_or_default());
    statements
        .flat_map(|statement| statement["Action"].as_sequence().cloned().unwrap_or_default())
        .filter_map(|action| action.as_str().map(str::to_owned))
        .collect()
}

#[test]
fn one_folder_is_one_function() {
    let folders: BTreeSet<String> = packages()
        .unwrap()
        .into_iter()
        .filter_map(|package| package.folder.strip_prefix("functions/").map(str::to_owned))
        .collect();
    let named: BTreeSet<String> = functions().into_keys().collect();
    assert_eq!(folders, named, "folders of functions/ on the left, template.yaml on the right");
}

#[test]
fn the_manifest_is_the_permission_list() {
    let packages = packages().unwrap();
    let rights = [("mooring-vault", "kms:"), ("mooring-mail", "ses:"), ("mooring-store", "dynamodb:")];
    for (name, function) in functions() {
        let package = packages.iter().find(|package| package.folder == format!("functions/{name}")).unwrap();
        let actions = actions(&function);
        for (dependency, service) in rights {
            let linked = package.depends.contains(dependency);
            let allowed = actions.iter().any(|action| action.starts_with(service));
            assert_eq!(
                linked, allowed,
                "{name}: depends on {dependency} is {linked}, has a {service} right is {allowed}"
            );
        }
        let events = function["Properties"]["Events"].as_mapping().cloned().unwrap_or_default();
        let consumes = events.values().any(|event| event["Type"].as_str() == Some("SQS"));
        let sends = actions.contains("sqs:SendMessage");
        let linked = package.depends.contains("mooring-queue");
        assert_eq!(linked, sends || consumes, "{name}: depends on mooring-queue is {linked}");
    }
}

#[test]
fn kms_rights_name_the_use() {
    for (name, function) in functions() {
        for policy in function["Properties"]["Policies"].as_sequence().cloned().unwrap_or_default() {
            for statement in policy["Statement"].as_sequence().unwrap() {
                let kms = statement["Action"][0].as_str().unwrap().starts_with("kms:");
                let condition = &statement["Condition"]["StringEquals"]["kms:EncryptionContext:use"];
                assert_eq!(kms, !condition.is_null(), "{name}: a KMS right without the use opens everything");
                assert_ne!(statement["Resource"].as_str(), Some("*"), "{name}: name the resource");
            }
        }
    }
}

/// The statements of a function by their Sid.
fn statements(function: &Value) -> BTreeMap<String, Value> {
    let policies = function["Properties"]["Policies"].as_sequence().cloned().unwrap_or_default();
    let all =
        policies.iter().flat_map(|policy| policy["Statement"].as_sequence().cloned().unwrap_or_default());
    all.map(|statement| (statement["Sid"].as_str().unwrap().to_owned(), statement)).collect()
}

/// docs/adr/0011: who counts calls may write buckets, who remembers them may write rows of tenants, and nothing else.
#[test]
fn guards_of_the_api_write_their_own_rows_only() {
    let functions = functions();
    for route in mooring_edge::routes::ROUTES.iter().filter(|route| route.scope.is_some()) {
        let statements = statements(&functions[route.function]);
        let repeats = (route.method == "POST").then_some(("Idempotency", "ten_*", "dynamodb:PutItem"));
        for (sid, rows, action) in [("Limits", "rate#*", "dynamodb:UpdateItem")].into_iter().chain(repeats) {
            let statement = statements.get(sid).unwrap_or(&Value::Null);
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            assert_eq!(keys[0].as_str(), Some(rows), "{}: {sid}", route.function);
            let actions = statement["Action"].as_sequence().unwrap();
            assert!(
                actions.iter().any(|allowed| allowed.as_str() == Some(action)),
                "{}: {sid}",
                route.function
            );
        }
        let wide = statements.get("Transient").map(|statement| format!("{:?}", statement["Action"]));
        assert!(
            !wide.is_some_and(|actions| actions.contains("UpdateItem")),
            "{}: UpdateItem on all of Transient could change credentials and sessions",
            route.function
        );
    }
}

#[test]
fn routes_in_code_are_the_routes_of_the_template() {
    let mut in_template = BTreeSet::new();
    for (name, function) in functions() {
        for event in function["Properties"]["Events"].as_mapping().cloned().unwrap_or_default().values() {
            if event["Type"].as_str() == Some("HttpApi") {
                let part = |field: &str| event["Properties"][field].as_str().unwrap().to_owned();
                in_template.insert((name.clone(), part("Method"), part("Path")));
            }
        }
    }
    let in_code: BTreeSet<_> = mooring_edge::routes::ROUTES
        .iter()
        .flat_map(|route| {
            let route_of =
                |method: &str| (route.function.to_owned(), method.to_owned(), route.path.to_owned());
            let preflight = route.path.starts_with("/v1/").then(|| route_of("OPTIONS"));
            [Some(route_of(route.method)), preflight].into_iter().flatten()
        })
        .collect();
    let missing: Vec<_> = in_code.difference(&in_template).collect();
    let extra: Vec<_> = in_template.difference(&in_code).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing in the template: {missing:?}\nnot in code: {extra:?}"
    );
}

#[test]
fn tables_keep_their_retention_class() {
    let days = [
        ("Directory", 21),
        ("Connections", 4),
        ("Vault", 1),
        ("Reports", 4),
        ("Activity", 4),
        ("Ledger", 35),
    ];
    let resources = resources();
    for (table, window) in days {
        let properties = &resources[&format!("{table}Table")]["Properties"];
        let recovery = &properties["PointInTimeRecoverySpecification"];
        assert_eq!(recovery["RecoveryPeriodInDays"].as_u64(), Some(window), "{table}");
        assert_eq!(recovery["PointInTimeRecoveryEnabled"].as_bool(), Some(true), "{table}");
    }
    for (id, resource) in resources.iter().filter(|(_, r)| r["Type"].as_str() == Some("AWS::DynamoDB::Table"))
    {
        let properties = &resource["Properties"];
        assert_eq!(
            properties["TimeToLiveSpecification"]["AttributeName"].as_str(),
            Some("expires_at"),
            "{id}"
        );
        assert!(
            properties["StreamSpecification"].is_null(),
            "{id}: a stream keeps images of what was deleted"
        );
    }
    assert_eq!(resources["VaultTable"]["Properties"]["DeletionProtectionEnabled"].as_bool(), Some(true));
}

#[test]
fn queues_and_logs_keep_their_bounds() {
    let resources = resources();
    let mut seen = 0;
    for queue in ["Sync", "Deletion"] {
        let main = &resources[&format!("{queue}Queue")]["Properties"];
        assert_eq!(main["MessageRetentionPeriod"].as_u64(), Some(86_400), "{queue}: one day");
        assert_eq!(main["RedrivePolicy"]["maxReceiveCount"].as_u64(), Some(5), "{queue}");
        let dead = &resources[&format!("{queue}DeadLetters")]["Properties"];
        assert_eq!(dead["MessageRetentionPeriod"].as_u64(), Some(345_600), "{queue}: four days");
        for function in functions().values() {
            let events = function["Properties"]["Events"].as_mapping().cloned().unwrap_or_default();
            let of_this = |event: &&Value| {
                format!("{:?}", event["Properties"]["Queue"]).contains(&format!("{queue}Queue"))
            };
            for event in events.values().filter(|event| event["Type"].as_str() == Some("SQS")).filter(of_this)
            {
                seen += 1;
                let timeout = function["Properties"]["Timeout"].as_u64().unwrap();
                assert!(
                    main["VisibilityTimeout"].as_u64().unwrap() >= 6 * timeout,
                    "{queue}: 6 x the timeout"
                );
                assert_eq!(
                    event["Properties"]["FunctionResponseTypes"][0].as_str(),
                    Some("ReportBatchItemFailures")
                );
            }
        }
    }
    assert_eq!(seen, 2, "each queue has one consumer");
    for (id, resource) in resources.iter().filter(|(_, r)| r["Type"].as_str() == Some("AWS::Logs::LogGroup"))
    {
        assert_eq!(resource["Properties"]["RetentionInDays"].as_u64(), Some(90), "{id}: C25 says 90 days");
    }
}

/// The name of the variable in each `Config::from_env` of an adapter, found as a quoted upper-case word.
fn variables_read() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in mooring_tests_tidy::sources(&["shared"]).unwrap() {
        let reads_env = source.text.contains("std::env") || source.text.contains("env::var");
        if !reads_env {
            continue;
        }
        for piece in source.text.split('"').skip(1).step_by(2) {
            let upper = piece.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            if upper && piece.contains('_') {
                found.insert(piece.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_variable_of_the_template_is_read_by_an_adapter() {
    let read = variables_read();
    // A connector's variables end with its platform.
    let of_a_platform = |variable: &str| {
        let platform = |name: &String| variable.strip_prefix(name.as_str())?.strip_prefix('_');
        read.iter().filter_map(platform).any(|platform| read.contains(platform))
    };
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("[workspace]"), "the root moved");
    for (name, function) in functions() {
        let variables =
            function["Properties"]["Environment"]["Variables"].as_mapping().cloned().unwrap_or_default();
        for variable in variables.keys().filter_map(Value::as_str).filter(|variable| variable.contains('_')) {
            let is_read = read.contains(variable) || of_a_platform(variable);
            assert!(is_read, "{name}: nothing reads {variable}; read are {read:?}");
        }
    }
}
