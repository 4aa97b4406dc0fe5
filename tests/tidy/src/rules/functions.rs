//! Functions: their variables, how long they live, and what keeps their events.

use std::collections::BTreeSet;

use mooring_edge::routes::{PREFLIGHT, ROUTES, Route};
use serde_json::Value;

use super::{API, Rule, unless};
use crate::template::{Template, any_text, at, binary, entries, events, target, text};

/// Words in a variable's name that say that its value is a secret.
const SECRET: [&str; 6] = ["SECRET", "PASSWORD", "CREDENTIAL", "PRIVATE", "API_KEY", "ACCESS_TOKEN"];

/// The ending of the name of a variable that holds a digest of a secret; a digest reveals nothing of the secret.
const DIGEST: &str = "_SHA256";

/// Functions that a deletion depends on, beside those whose names begin with `deletion-`. A browser asks for a
/// preflight before it disconnects.
const DELETION_PATH: [&str; 3] = ["connection-disconnect", "mail-worker", "preflight"];

/// Variables that hold our own word or number in place of a reference, by the beginning of their names.
const LITERALS: [&str; 2] = ["LOG_LEVEL", "PLATFORM_CALLS_PER_SECOND_"];

/// Seconds after which API Gateway has given up.
const GATEWAY: u64 = 30;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "environment-no-secret-name",
        why: "the environment of a function is readable by everyone who may describe it",
        check: |template| {
            let digest = |name: &str| name.ends_with(DIGEST) && takes_digests(template, name);
            let secret = |name: &str| SECRET.iter().any(|word| name.contains(word)) && !digest(name);
            let bad = |(_, function)| {
                let names = variables(template, function).filter(|(name, _)| secret(name));
                names
                    .map(|(name, _)| format!("{}: {name} is no variable: seal it", binary(function)))
                    .collect::<Vec<_>>()
            };
            template.functions().flat_map(bad).collect()
        },
    },
    Rule {
        name: "environment-references-only",
        why: "a value that is written out or resolved into the environment may be a secret",
        check: |template| {
            let bad = |(_, function)| {
                let plain = |name: &str, value: &Value| {
                    target(value).is_some() || LITERALS.iter().any(|word| name.starts_with(word))
                };
                let values = variables(template, function).filter(|(name, value)| !plain(name, value));
                values
                    .map(|(name, _)| format!("{}: {name} has to be a reference", binary(function)))
                    .collect::<Vec<_>>()
            };
            template.functions().flat_map(bad).collect()
        },
    },
    Rule {
        name: "no-secret-parameter",
        why: "a secret comes through the set-up command and is sealed; a parameter ends in a variable or a history",
        check: |template| {
            let good = |_: &str, parameter: &Value| at(parameter, "NoEcho").is_null();
            let parameters = entries(at(&template.0, "Parameters"));
            let mut found = unless(parameters, good, "a parameter that must not be shown is a secret");
            if any_text(&template.0, &|text| text.contains("{{resolve:")) {
                found.push("{{resolve:…}}: secrets are sealed in the vault, not resolved at a deploy".into());
            }
            found
        },
    },
    Rule {
        name: "api-timeout",
        why: "a function that outlives API Gateway's 30 seconds does work that nobody hears of",
        check: |template| {
            let good = |_: &str, function: &Value| {
                let timeout = template.of_function(function, "Timeout").as_u64();
                events(function, "HttpApi").next().is_none() || timeout.is_some_and(|runs| runs < GATEWAY)
            };
            unless(template.functions(), good, "a function with a route ends before 30 s")
        },
    },
    Rule {
        name: "events-expire",
        why: "an event that waits for hours is a copy, and a tick of yesterday does harm",
        check: events_expire,
    },
    Rule {
        name: "no-destinations",
        why: "a destination keeps the event of a call beyond our bounds",
        check: |template| {
            let good = |_: &str, function: &Value| {
                template.of_function(function, "EventInvokeConfig/DestinationConfig").is_null()
            };
            unless(template.functions(), good, "no destinations: the ledger and the queues say what is left")
        },
    },
    Rule {
        name: "api-throttle",
        why: "calls without a credential meet no limit but this one",
        check: |template| {
            let good = |_: &str, api: &Value| {
                ["ThrottlingRateLimit", "ThrottlingBurstLimit"].iter().all(|limit| {
                    let most = at(api, &format!("Properties/DefaultRouteSettings/{limit}")).as_f64();
                    most.is_some_and(|most| most > 0.0)
                })
            };
            unless(template.of_type(API), good, "needs a rate and a burst in DefaultRouteSettings")
        },
    },
    Rule {
        name: "route-throttles",
        why: "one source without a credential could use up the rate of all, and starve deletions",
        check: route_throttles,
    },
    Rule {
        name: "deletion-path-reserved",
        why: "a flood of other calls takes every run of the account, and a deletion waits",
        check: |template| {
            let good = |_: &str, function: &Value| {
                let reserved = at(function, "Properties/ReservedConcurrentExecutions/Fn::If");
                let wanted = text(reserved, "0") == "HasDeletionConcurrency"
                    && target(at(reserved, "1")) == Some("DeletionConcurrency");
                wanted || !on_deletion_path(binary(function))
            };
            unless(template.functions(), good, "its runs have to be reserved by DeletionConcurrency")
        },
    },
    Rule {
        name: "public-routes-leave-runs",
        why: "pages that anybody may call take every reserved run of the function that also deletes for callers",
        check: public_routes_leave_runs,
    },
    Rule {
        name: "key-kept-and-rotated",
        why: "a deleted key takes everything with it; an old one is exposed for longer than it need be",
        check: |template| {
            let good = |_: &str, key: &Value| {
                let kept = ["DeletionPolicy", "UpdateReplacePolicy"];
                kept.iter().all(|policy| text(key, policy) == "Retain")
                    && at(key, "Properties/EnableKeyRotation") == true
            };
            unless(template.of_type("AWS::KMS::Key"), good, "has to be rotated and retained")
        },
    },
];

fn on_deletion_path(function: &str) -> bool {
    function.starts_with("deletion-") || DELETION_PATH.contains(&function)
}

/// Returns whether a variable refers to a parameter that takes nothing but digests.
fn takes_digests(template: &Template, variable: &str) -> bool {
    let mut all = template.functions().flat_map(|(_, function)| variables(template, function));
    all.all(|(name, value)| {
        let parameter = format!("Parameters/{}/AllowedPattern", target(value).unwrap_or_default());
        name != variable || text(&template.0, &parameter).starts_with("^([0-9a-f]{64}(,[0-9a-f]{64})?)?$")
    })
}

/// Checks that, where public routes share a reserved function with others, their calls in a second fit into half of the
/// fewest runs that can be reserved; a call counts as half a second.
fn public_routes_leave_runs(template: &Template) -> Vec<String> {
    let choices = at(&template.0, "Parameters/DeletionConcurrency/AllowedValues").as_array();
    let runs = choices.into_iter().flatten().filter_map(|runs| runs.as_str()?.parse::<f64>().ok());
    let least = runs.filter(|runs| *runs > 0.0).fold(f64::INFINITY, f64::min);
    let rates = template.of_type(API).flat_map(|(_, api)| entries(at(api, "Properties/RouteSettings")));
    let rates: Vec<_> = rates
        .map(|(key, own)| (key, at(own, "ThrottlingRateLimit").as_f64().unwrap_or(f64::INFINITY)))
        .collect();
    let shared = |function: &str| {
        let closed = |route: &Route| route.function == function && !route.is_public();
        on_deletion_path(function) && ROUTES.iter().any(closed)
    };
    let taken = |function: &str| -> f64 {
        let open = ROUTES.iter().filter(|route| route.function == function && route.is_public());
        let keys: Vec<_> = open.map(|route| format!("{} {}", route.method, route.path)).collect();
        rates.iter().filter(|(key, _)| keys.iter().any(|open| open == key)).map(|(_, rate)| rate / 2.0).sum()
    };
    let functions: BTreeSet<_> = ROUTES.iter().map(|route| route.function).collect();
    let bad = functions.into_iter().filter(|function| shared(function) && taken(function) * 2.0 > least);
    bad.map(|function| format!("{function}: its public routes may take more than half of {least} runs"))
        .collect()
}

/// Checks that public routes and those of deletions have a throttle of their own, and that every throttle has a route.
fn route_throttles(template: &Template) -> Vec<String> {
    let of_deletions = |route: &Route| on_deletion_path(route.function) || route.function == "deletions-read";
    let apart = ROUTES.iter().filter(|route| route.is_public() || of_deletions(route));
    let key = |route: &Route| format!("{} {}", route.method, route.path);
    let mut wanted: BTreeSet<String> = apart.chain([&PREFLIGHT]).map(key).collect();
    wanted.insert("$default".to_owned());
    let known = |own: &str| wanted.contains(own) || ROUTES.iter().any(|route| own == key(route));
    let mut found = Vec::new();
    for (id, api) in template.of_type(API) {
        let settings = at(api, "Properties/RouteSettings");
        let most = |limit: &str| at(api, &format!("Properties/DefaultRouteSettings/{limit}")).as_f64();
        let missing = wanted.iter().filter(|key| settings.get(key.as_str()).is_none());
        found.extend(missing.map(|key| format!("{id}: {key} has no throttle of its own")));
        for (key, own) in entries(settings) {
            let fits = |limit: &str| {
                let rate = own.get(limit).and_then(Value::as_f64);
                rate.is_some_and(|rate| rate > 0.0 && Some(rate) < most(limit))
            };
            if !known(key) {
                found.push(format!("{id}: {key} is no route"));
            }
            if !(fits("ThrottlingRateLimit") && fits("ThrottlingBurstLimit")) {
                found.push(format!("{id}: {key} needs a rate and a burst below those of the stage"));
            }
        }
    }
    found
}

/// Lists the variables of a function, its own and those of all functions.
fn variables<'a>(template: &'a Template, function: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let path = "Environment/Variables";
    let of_all = entries(at(&template.0, "Globals/Function/Environment/Variables"));
    entries(at(function, &format!("Properties/{path}"))).chain(of_all)
}

fn events_expire(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (_, function) in template.functions() {
        for (name, event) in events(function, "ScheduleV2") {
            let by_scheduler = at(event, "Properties/RetryPolicy/MaximumEventAgeInSeconds").as_u64();
            let by_lambda =
                template.of_function(function, "EventInvokeConfig/MaximumEventAgeInSeconds").as_u64();
            if [by_scheduler, by_lambda].iter().any(|age| age.is_none_or(|age| age > 3600)) {
                let name = format!("{} {name}", binary(function));
                found.push(format!("{name}: waits {by_scheduler:?} and {by_lambda:?} s; 3600 is the most"));
            }
        }
        if let Some((name, _)) = events(function, "Schedule").next() {
            found.push(format!("{} {name}: use ScheduleV2, whose retries are bounded", binary(function)));
        }
    }
    found
}
