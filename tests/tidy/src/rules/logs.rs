//! Logs: their group, how long they stay, and their allowed content.

use mooring_domain::base::retention::LOG_DAYS;
use serde_json::Value;

use super::{API, Rule, unless};
use crate::template::{Template, at, items, target, text};

const GROUP: &str = "AWS::Logs::LogGroup";
const FILTER: &str = "AWS::Logs::MetricFilter";

/// The fields of a line of the access log. A path may hold a token, a header a credential.
const ACCESS_FIELDS: [&str; 5] = [
    "$context.requestId",
    "$context.routeKey",
    "$context.status",
    "$context.responseLatency",
    "$context.responseLength",
];

/// Fields that may become a metric's dimension: a few of our own words. Ids of tenants or people never.
const DIMENSIONS: [&str; 2] = ["$.route", "$.status"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "log-days",
        why: "logs are kept 90 days, so says the policy; not fewer, not more",
        check: |template| {
            let good = |_: &str, group: &Value| at(group, "Properties/RetentionInDays") == LOG_DAYS;
            unless(template.of_type(GROUP), good, "RetentionInDays has to be 90")
        },
    },
    Rule {
        name: "function-log-group",
        why: "a function without a group of ours gets one that never forgets",
        check: |template| {
            let good = |_: &str, function: &Value| {
                let group = target(template.of_function(function, "LoggingConfig/LogGroup"));
                is_group(template, group)
            };
            unless(template.functions(), good, "LoggingConfig has to name a log group of this template")
        },
    },
    Rule {
        name: "function-log-json",
        why: "alarms and the redaction of fields read one JSON object a line",
        check: |template| {
            let good = |_: &str, function: &Value| {
                let level = template.of_function(function, "LoggingConfig/SystemLogLevel").as_str();
                template.of_function(function, "LoggingConfig/LogFormat") == "JSON"
                    && level.is_none_or(|level| level != "WARN")
            };
            unless(template.functions(), good, "LogFormat has to be JSON, the system's level at most INFO")
        },
    },
    Rule {
        name: "access-log",
        why: "strict management of credentials needs to know what was called and how it ended",
        check: |template| {
            let good = |_: &str, api: &Value| {
                is_group(template, target(at(api, "Properties/AccessLogSettings/DestinationArn")))
            };
            unless(
                template.of_type(API),
                good,
                "AccessLogSettings have to go to a log group of this template",
            )
        },
    },
    Rule {
        name: "access-log-fields",
        why: "paths hold tokens, addresses and agents are personal: the route and the status are enough",
        check: access_log_fields,
    },
    Rule {
        name: "access-log-own-group",
        why: "who may read what functions did need not see who called",
        check: |template| {
            let good = |_: &str, api: &Value| {
                let group = target(at(api, "Properties/AccessLogSettings/DestinationArn"));
                template.functions().all(|(_, function)| {
                    target(template.of_function(function, "LoggingConfig/LogGroup")) != group
                })
            };
            unless(template.of_type(API), good, "the access log needs a group of its own")
        },
    },
    Rule {
        name: "metric-words",
        why: "a metric's name and dimensions live 15 months and are seen by everybody",
        check: metric_words,
    },
];

fn is_group(template: &Template, id: Option<&str>) -> bool {
    template.of_type(GROUP).any(|(group, _)| Some(group) == id)
}

fn access_log_fields(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (id, api) in template.of_type(API) {
        let format = text(api, "Properties/AccessLogSettings/Format");
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
        for piece in format.split('$').skip(1) {
            let word: String = piece.chars().take_while(|c| is_word(*c)).collect();
            let field = format!("${word}");
            if !ACCESS_FIELDS.contains(&field.as_str()) {
                found.push(format!("{id}: the access log may not hold {field}"));
            }
        }
    }
    found
}

fn metric_words(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (id, filter) in template.of_type(FILTER) {
        for metric in items(at(filter, "Properties/MetricTransformations")) {
            let name = text(metric, "MetricName");
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                found.push(format!("{id}: a metric's name is words of ours, not {name:?}"));
            }
            for dimension in items(at(metric, "Dimensions")) {
                let value = text(dimension, "Value");
                if !DIMENSIONS.contains(&value) {
                    found.push(format!("{id}: {value:?} may not be a dimension"));
                }
            }
        }
    }
    found
}
