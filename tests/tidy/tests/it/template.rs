//! template.yaml against the code: functions, manifests, routes, variables, logged events. The rules for the template
//! by itself are in `rules.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and a value answers null for what is not there"
)]

use std::collections::{BTreeMap, BTreeSet};

use mooring_edge::routes::{FALLBACK, PREFLIGHT, ROUTES, Route};
use mooring_telemetry::{CALL_FAILED, SYNC_FAILED};
use mooring_tests_tidy::template::{API, Template, at, binary, text};
use mooring_tests_tidy::{grants, packages, root, sources};
use serde_json::Value;

/// Returns the functions by the name of their binary.
fn functions() -> BTreeMap<String, Value> {
    let template = Template::read().unwrap();
    template.functions().map(|(_, function)| (binary(function).to_owned(), function.clone())).collect()
}

/// Lists every action that the statements of a function's role allow.
fn actions(function: &Value) -> BTreeSet<String> {
    let allowed = |statement: Value| statement["Action"].as_array().cloned().unwrap_or_default();
    let actions = statements(function).into_values().flat_map(allowed);
    actions.filter_map(|action| action.as_str().map(str::to_owned)).collect()
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
        let events = function["Properties"]["Events"].as_object().cloned().unwrap_or_default();
        let consumes = events.values().any(|event| event["Type"].as_str() == Some("SQS"));
        let sends = actions.contains("sqs:SendMessage");
        let linked = package.depends.contains("mooring-queue");
        assert_eq!(linked, sends || consumes, "{name}: depends on mooring-queue is {linked}");
    }
}

/// Returns the statements of a function's role by their Sid.
fn statements(function: &Value) -> BTreeMap<String, Value> {
    let template = Template::read().unwrap();
    let all = grants::statements(grants::role(&template, &function["Properties"]["Role"]));
    all.map(|statement| (statement["Sid"].as_str().unwrap().to_owned(), statement.clone())).collect()
}

/// docs/adr/0011 and 0016: a function that counts calls may write buckets, one that remembers or logs them rows of
/// tenants, and nothing else.
#[test]
fn guards_of_the_api_write_their_own_rows_only() {
    let functions = functions();
    for route in mooring_edge::routes::ROUTES.iter().filter(|route| !route.is_public()) {
        let statements = statements(&functions[route.function]);
        let repeats = (route.method == "POST").then_some(("Idempotency", "ten_*", "dynamodb:PutItem"));
        let limits = ("Limits", "rate#*", "dynamodb:UpdateItem");
        let log = ("AccessLog", "ten_*", "dynamodb:PutItem");
        for (sid, rows, action) in [limits, log].into_iter().chain(repeats) {
            let statement = statements.get(sid).unwrap_or(&Value::Null);
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            assert_eq!(keys[0].as_str(), Some(rows), "{}: {sid}", route.function);
            let actions = statement["Action"].as_array().unwrap();
            assert!(
                actions.iter().any(|allowed| allowed.as_str() == Some(action)),
                "{}: {sid}",
                route.function
            );
        }
        let log = &statements["AccessLog"];
        assert_eq!(log["Action"].as_array().map(Vec::len), Some(1), "{}: it only adds", route.function);
        assert!(
            format!("{:?}", log["Resource"]).contains("ActivityTable"),
            "{}: the log is in Activity",
            route.function
        );
        let wide = statements.get("Transient").map(|statement| format!("{:?}", statement["Action"]));
        assert!(
            !wide.is_some_and(|actions| actions.contains("UpdateItem")),
            "{}: UpdateItem on all of Transient could change credentials and sessions",
            route.function
        );
    }
}

/// docs/adr/0017: the sync worker reads and writes breakers, and no other row of Transient.
#[test]
fn breakers_are_the_only_short_lived_rows_of_the_sync_worker() {
    let statement = statements(&functions()["sync-worker"]).remove("Breakers").unwrap();
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    assert_eq!(keys.as_array().map(Vec::len), Some(1));
    assert_eq!(keys[0].as_str(), Some("breaker#*"));
}

/// docs/limits.md: API Gateway gives a function 30 seconds, Lambda gives one 15 minutes.
#[test]
fn no_function_is_given_more_time_than_its_caller_has() {
    for (name, function) in functions() {
        let timeout = function["Properties"]["Timeout"].as_u64().unwrap();
        let events = function["Properties"]["Events"].as_object().cloned().unwrap_or_default();
        let behind_api = events.values().any(|event| event["Type"].as_str() == Some("HttpApi"));
        let most = if behind_api { 29 } else { 900 };
        assert!(timeout <= most, "{name}: {timeout} s of {most}");
    }
}

#[test]
fn routes_in_code_are_the_routes_of_the_template() {
    let mut in_template = BTreeSet::new();
    for (name, function) in functions() {
        for event in function["Properties"]["Events"].as_object().cloned().unwrap_or_default().values() {
            if event["Type"].as_str() == Some("HttpApi") {
                let part = |field: &str| event["Properties"][field].as_str().unwrap().to_owned();
                in_template.insert((name.clone(), part("Method"), part("Path")));
            }
        }
    }
    let row = |route: &Route| (route.function.to_owned(), route.method.to_owned(), route.path.to_owned());
    let mut in_code: BTreeSet<_> = ROUTES.iter().chain([&PREFLIGHT]).map(row).collect();
    in_code.insert((FALLBACK.to_owned(), "ANY".to_owned(), "$default".to_owned()));
    let missing: Vec<_> = in_code.difference(&in_template).collect();
    let extra: Vec<_> = in_template.difference(&in_code).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing in the template: {missing:?}\nnot in code: {extra:?}"
    );
}

/// Lists the variable in each `Config::from_env` of an adapter, found as a quoted upper-case word.
fn variables_read() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources(&["shared"]).unwrap() {
        // The queues' adapter reads the variables that its table names.
        let reads_env = source.text.contains("std::env")
            || source.text.contains("env::var")
            || source.path == "shared/queue/src/queues.rs";
        if !reads_env {
            continue;
        }
        for piece in source.text.split('"').skip(1).step_by(2) {
            let word = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            let upper = piece.bytes().all(word);
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
    // Adapters read a platform's variables as a name and the platform, joined by an underscore.
    let joined = |variable: &str| {
        let rest = |name: &String| Some(variable.strip_prefix(name.as_str())?.strip_prefix('_')?.to_owned());
        read.iter().filter_map(rest).any(|platform| read.contains(&platform))
    };
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("[workspace]"), "the root moved");
    for (name, function) in functions() {
        let variables =
            function["Properties"]["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
        for variable in variables.keys().filter(|variable| variable.contains('_')) {
            assert!(
                read.contains(variable) || joined(variable),
                "{name}: nothing reads {variable}; read are {read:?}"
            );
        }
    }
}

#[test]
fn counted_events_are_logged() {
    let code = sources(&["functions", "shared"]).unwrap();
    let template = Template::read().unwrap();
    let patterns = template.of_type("AWS::Logs::MetricFilter").filter_map(|(_, filter)| {
        let (_, rest) = text(filter, "Properties/FilterPattern").split_once("$.event = \"")?;
        rest.split_once('"').map(|(event, _)| event)
    });
    let events: BTreeSet<&str> = patterns.collect();
    assert!(!events.is_empty(), "no filter counts an event of ours");
    for event in events {
        let logged = format!("event = \"{event}\"");
        // A heartbeat counts its own function's ticks; another function's tick would hide its silence.
        let folder = event.strip_suffix(".tick").map(|name| format!("functions/{name}/"));
        let mut code =
            code.iter().filter(|source| folder.as_ref().is_none_or(|at| source.path.starts_with(at)));
        assert!(
            code.any(|source| source.product_lines().any(|(_, line)| line.contains(&logged))),
            "{event} is counted and never logged"
        );
    }
}

/// A deployment has none of these settings until its operator asks for them, and then they do what their names say.
#[test]
fn what_closes_or_adds_to_a_deployment_is_off_until_it_is_asked_for() {
    let template = Template::read().unwrap();
    let off = [
        ("DisableExecuteApiEndpoint", "false"),
        ("EdgeSecretSha256", ""),
        ("DeletionConcurrency", "0"),
        ("MailIdentity", ""),
        ("MakeMailIdentity", "false"),
        ("HostedZoneId", ""),
        ("CertificateArn", ""),
        ("AlarmEmail", ""),
        ("AlarmTopicArn", ""),
    ];
    for (name, value) in off {
        assert_eq!(at(&template.0, &format!("Parameters/{name}/Default")), value, "{name}");
    }
    // An operator who gives none must not get a deployment under somebody else's name.
    for name in ["ApiOrigin", "MailFrom"] {
        assert!(at(&template.0, &format!("Parameters/{name}/Default")).is_null(), "{name} has a default");
        assert!(!text(&template.0, &format!("Parameters/{name}/AllowedPattern")).is_empty(), "{name}");
    }
    for id in ["ApiCertificate", "ApiDomain", "ApiDomainMapping", "MailDomain", "Records", "AlarmTopic"] {
        assert!(!text(template.resource(id), "Condition").is_empty(), "{id} is made for everybody");
    }
    let (_, api) = template.of_type(API).next().unwrap();
    let closed = at(api, "Properties/DisableExecuteApiEndpoint/Fn::If");
    assert_eq!(*closed, serde_json::json!(["OnlyOwnDomain", true, false]));
    let only = at(&template.0, "Conditions/OnlyOwnDomain/Fn::Equals");
    assert_eq!(*only, serde_json::json!([{ "Ref": "DisableExecuteApiEndpoint" }, "true"]));
}

/// The functions log the events that the runner in a terminal waits for under the same names.
#[test]
fn what_a_person_at_the_terminal_is_told_is_logged() {
    let code = sources(&["functions", "shared"]).unwrap();
    for (event, folder) in [(CALL_FAILED, "shared/connectors/kit/"), (SYNC_FAILED, "functions/sync-worker/")]
    {
        let logged = format!("event = \"{event}\"");
        let mut there = code.iter().filter(|source| source.path.starts_with(folder));
        assert!(
            there.any(|source| source.product_lines().any(|(_, line)| line.contains(&logged))),
            "{event}"
        );
    }
}

#[test]
fn every_alarm_says_what_to_do() {
    let paper = std::fs::read_to_string(root().join("docs/alarms.md")).unwrap();
    let template = Template::read().unwrap();
    for (id, _) in template.of_type("AWS::CloudWatch::Alarm") {
        assert!(paper.contains(&format!("| {id} |")), "docs/alarms.md does not say what to do at {id}");
    }
}

#[test]
fn every_skipped_check_has_its_reason() {
    let skips = std::fs::read_to_string(root().join(".checkov.yaml")).unwrap();
    let checks = skips.lines().filter(|line| line.trim_start().starts_with("- CKV"));
    let bare: Vec<&str> = checks.filter(|line| line.split_once(" # ").is_none()).collect();
    assert!(bare.is_empty(), "say why: {bare:?}");
}
