//! Alarms and dashboards: events that must not go unseen.

use serde_json::Value;

use super::queues::{dead_letters, main_queues};
use super::{API, Rule, unless};
use crate::template::{Template, at, binary, events, items, target, text};

const ALARM: &str = "AWS::CloudWatch::Alarm";
const DASHBOARD: &str = "AWS::CloudWatch::Dashboard";
const FILTER: &str = "AWS::Logs::MetricFilter";

/// Metrics that count our own log lines: metric, the text that its filter has to look for, reason.
const COUNTED: [(&str, &str, &str); 7] = [
    ("DeletionLate", "deletion.late", "a deletion is not verified after 48 hours"),
    ("DeletionPage", "deletion.page", "a deletion is not verified after 5 days"),
    ("MailsAsked", "deletion.mail_asked", "somebody asks for mails without bound"),
    ("ErrorLines", "ERROR", "a function says that something is wrong"),
    ("FunctionFailures", "platform.report", "a function crashed or ran out of time"),
    ("Unauthenticated", "401", "credentials are being tried out"),
    ("ServerErrors", "5*", "requests end in our own errors"),
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "dead-letters-alarm",
        why: "a dead letter is work that was given up; somebody has to know",
        check: |template| {
            let metric = "ApproximateNumberOfMessagesVisible";
            unless(dead_letters(template), |id, _| watched(template, metric, id), "has to have an alarm")
        },
    },
    Rule {
        name: "queue-age-alarm",
        why: "a queue that nobody empties looks like a quiet one",
        check: |template| {
            let metric = "ApproximateAgeOfOldestMessage";
            unless(
                main_queues(template),
                |id, _| watched(template, metric, id),
                "its oldest message needs an alarm",
            )
        },
    },
    Rule {
        name: "events-counted",
        why: "an alarm on a metric that nothing counts never rings",
        check: events_counted,
    },
    Rule {
        name: "schedule-heartbeat",
        why: "a schedule that does not run, or a function that never ends, leaves no error anywhere",
        check: schedule_heartbeat,
    },
    Rule {
        name: "throttles-alarm",
        why: "a throttled function neither runs nor logs",
        check: |template| {
            let counted = template.of_type(ALARM).any(|(_, alarm)| {
                text(alarm, "Properties/Namespace") == "AWS/Lambda"
                    && text(alarm, "Properties/MetricName") == "Throttles"
            });
            if counted { Vec::new() } else { vec!["there is no alarm on throttled functions".into()] }
        },
    },
    Rule {
        name: "alarm-notifies",
        why: "an alarm without an action changes a colour and wakes nobody",
        check: |template| {
            let good = |_: &str, alarm: &Value| {
                // The stack's own topic if it makes one, else the operator's.
                let own = at(alarm, "Properties/AlarmActions/Fn::If");
                let given = at(alarm, "Properties/AlarmActions/Fn::If/2/Fn::If");
                let names =
                    |of: &Value, topic| items(of).flat_map(items).any(|action| target(action) == Some(topic));
                names(own, "AlarmTopic") && names(given, "AlarmTopicArn")
            };
            unless(template.of_type(ALARM), good, "AlarmActions have to name both topics of alarms")
        },
    },
    Rule {
        name: "alarm-states",
        why: "quiet is good, but for a heartbeat, whose silence is the failure; and whoever is woken reads why",
        check: |template| {
            let good = |_: &str, alarm: &Value| {
                let missing = if heart(template, alarm).is_some() { "breaching" } else { "notBreaching" };
                text(alarm, "Properties/TreatMissingData") == missing
                    && !text(alarm, "Properties/AlarmDescription").is_empty()
            };
            unless(
                template.of_type(ALARM),
                good,
                "needs a description, and TreatMissingData as its kind has it",
            )
        },
    },
    Rule {
        name: "alarm-on-dashboard",
        why: "whoever looks at the dashboard of alarms takes it for all of them",
        check: |template| {
            let good = |id: &str, _: &Value| {
                let wanted = format!("${{{id}.Arn}}");
                template.of_type(DASHBOARD).any(|(_, board)| body(board).contains(&wanted))
            };
            unless(template.of_type(ALARM), good, "is on no dashboard")
        },
    },
    Rule {
        name: "dashboard-is-json",
        why: "CloudWatch refuses a broken dashboard at the deploy, not before",
        check: |template| {
            let good = |_: &str, board: &Value| {
                let parsed: Option<Value> = serde_json::from_str(body(board)).ok();
                parsed.is_some_and(|json| at(&json, "widgets/0").is_object())
            };
            unless(template.of_type(DASHBOARD), good, "DashboardBody has to be a !Sub of JSON with widgets")
        },
    },
    Rule {
        name: "dashboard-refers",
        why: "a widget of something that is gone stays empty and looks like quiet",
        check: |template| {
            let missing = |(id, board)| {
                let names = references(body(board)).into_iter();
                let gone = names.filter(|name| !name.contains("::") && !known(template, name));
                gone.map(|name| format!("{id}: ${{{name}}} is not in the template")).collect::<Vec<_>>()
            };
            template.of_type(DASHBOARD).flat_map(missing).collect()
        },
    },
    Rule {
        name: "access-on-dashboard",
        why: "internal access logs and alerts are promised; a log that nobody can read at a glance is neither",
        check: access_on_dashboard,
    },
];

fn body(board: &Value) -> &str {
    text(board, "Properties/DashboardBody/Fn::Sub")
}

/// Lists the names in `${…}`, without attribute.
fn references(body: &str) -> Vec<&str> {
    let pieces = body.split("${").skip(1).filter_map(|piece| piece.split_once('}'));
    pieces.map(|(name, _)| name.split_once('.').map_or(name, |(id, _)| id)).collect()
}

fn known(template: &Template, name: &str) -> bool {
    !template.properties(name).is_null() || !at(&template.0, &format!("Parameters/{name}")).is_null()
}

/// Returns whether an alarm watches a metric of a queue.
fn watched(template: &Template, metric: &str, queue: &str) -> bool {
    template.of_type(ALARM).any(|(_, alarm)| {
        let named = |dimension: &Value| target(at(dimension, "Value")) == Some(queue);
        text(alarm, "Properties/MetricName") == metric && items(at(alarm, "Properties/Dimensions")).any(named)
    })
}

fn events_counted(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (metric, looks_for, reason) in COUNTED {
        let counts = template.of_type(FILTER).any(|(_, filter)| {
            let into = items(at(filter, "Properties/MetricTransformations"));
            text(filter, "Properties/FilterPattern").contains(&format!("\"{looks_for}\""))
                && into.into_iter().any(|into| text(into, "MetricName") == metric)
        });
        let rings = template.of_type(ALARM).any(|(_, alarm)| text(alarm, "Properties/MetricName") == metric);
        if !counts {
            found.push(format!("{metric}: no filter counts \"{looks_for}\": {reason}"));
        }
        if !rings {
            found.push(format!("{metric}: has no alarm: {reason}"));
        }
    }
    let alarms = template.of_type(ALARM).map(|(id, alarm)| (id, at(alarm, "Properties")));
    let ours = alarms.filter(|(_, alarm)| !text(alarm, "Namespace").starts_with("AWS/"));
    for (id, alarm) in ours {
        let metric = (text(alarm, "MetricName"), at(alarm, "Namespace"));
        let fed = template.of_type(FILTER).any(|(_, filter)| {
            let mut into = items(at(filter, "Properties/MetricTransformations"));
            into.any(|into| (text(into, "MetricName"), at(into, "MetricNamespace")) == metric)
        });
        if !fed {
            found.push(format!("{id}: nothing counts {} in its namespace", metric.0));
        }
    }
    found
}

/// Returns the function whose ticks an alarm counts.
fn heart<'a>(template: &'a Template, alarm: &Value) -> Option<&'a str> {
    let metric = text(alarm, "Properties/MetricName");
    let feeds = |filter: &Value| {
        let mut into = items(at(filter, "Properties/MetricTransformations"));
        into.any(|into| {
            text(into, "MetricName") == metric
                && at(into, "MetricNamespace") == at(alarm, "Properties/Namespace")
        })
    };
    let patterns = template.of_type(FILTER).filter(|(_, filter)| feeds(filter));
    let patterns: Vec<&str> = patterns.map(|(_, filter)| text(filter, "Properties/FilterPattern")).collect();
    let counted = |name: &str| patterns.contains(&format!("{{ $.event = \"{name}.tick\" }}").as_str());
    template.functions().map(|(_, function)| binary(function)).find(|name| counted(name))
}

/// Returns whether an alarm rings when a metric has no data, or too little, for at most three periods of five minutes.
fn rings_when_silent(alarm: &Value) -> bool {
    let properties = at(alarm, "Properties");
    let number = |field: &str| at(properties, field).as_u64().unwrap_or(u64::MAX);
    text(properties, "ComparisonOperator") == "LessThanThreshold"
        && text(properties, "Statistic") == "Sum"
        && text(properties, "TreatMissingData") == "breaching"
        && number("Threshold") == 1
        && number("Period") == 300
        && number("EvaluationPeriods") <= 3
}

fn schedule_heartbeat(template: &Template) -> Vec<String> {
    let scheduled =
        template.functions().filter(|(_, function)| events(function, "ScheduleV2").next().is_some());
    let silent = |(_, function): &(&str, &Value)| {
        !template
            .of_type(ALARM)
            .any(|(_, alarm)| heart(template, alarm) == Some(binary(function)) && rings_when_silent(alarm))
    };
    let bad = scheduled.filter(silent).map(|(_, function)| binary(function));
    bad.map(|name| format!("{name}: nobody hears when its tick does not come")).collect()
}

fn access_on_dashboard(template: &Template) -> Vec<String> {
    let boards: String = template.of_type(DASHBOARD).map(|(_, board)| body(board)).collect();
    let groups = template
        .of_type(API)
        .filter_map(|(_, api)| target(at(api, "Properties/AccessLogSettings/DestinationArn")));
    let mut wanted: Vec<String> = groups.map(|group| format!("SOURCE '${{{group}}}'")).collect();
    wanted.extend(["Unauthenticated", "RateLimited"].map(|metric| format!("\"{metric}\"")));
    let missing = wanted.into_iter().filter(|word| !boards.contains(word));
    missing.map(|word| format!("no dashboard shows {word}")).collect()
}
