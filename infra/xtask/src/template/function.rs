//! Writes each function: its resource, its role, its one permission, and the role of its schedule.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use mooring_edge::routes::{PREFLIGHT, ROUTES};
use mooring_queue::Queue;

use super::file::{Function, Functions, Tick, is_behind_api, routes_of};
use super::queues::{self, queue_of};
use super::statement::Statement;
use super::{Lines, camel};

/// The parameters of the template from which a variable may take its value.
const PARAMETERS: [(&str, &str); 4] = [
    ("API_ORIGIN", "ApiOrigin"),
    ("EDGE_SECRET_SHA256", "EdgeSecretSha256"),
    ("MAIL_FROM", "MailFrom"),
    ("PROFILE", "Profile"),
];

/// The variables of a function behind the API that reads a table.
const OF_API: [&str; 2] = ["API_ORIGIN", "EDGE_SECRET_SHA256"];

/// Writes all functions.
pub(super) fn write(functions: &Functions) -> Result<Lines> {
    let mut out = Lines::default();
    for route in ROUTES.iter().chain([&PREFLIGHT]) {
        let known = functions.function.contains_key(route.function);
        ensure!(known, "infra/template/functions.toml has no function `{}`", route.function);
    }
    for (name, function) in &functions.function {
        let of = || format!("function `{name}` of infra/template/functions.toml");
        let statements = statements(&functions.statements, name, function).with_context(of)?;
        resource(&mut out, name, function, &statements).with_context(of)?;
        role(&mut out, name, statements.values());
        if is_behind_api(name) {
            permission(&mut out, name);
        }
        if function.tick.is_some() {
            tick_role(&mut out, name);
        }
    }
    Ok(out)
}

/// Returns the statements of a function by their Sid: the common ones, then its own in their place.
fn statements(
    common: &super::file::Common,
    name: &str,
    function: &Function,
) -> Result<BTreeMap<String, Statement>> {
    let mut lines: BTreeMap<&str, &str> = BTreeMap::new();
    let mut closed = routes_of(name).filter(|route| !route.is_public()).peekable();
    if closed.peek().is_some() {
        let has_post = closed.any(|route| route.method == "POST");
        let more = if has_post { &common.with_post } else { &common.without_post };
        lines.extend(common.api.iter().chain(more).map(|(sid, line)| (sid.as_str(), line.as_str())));
    }
    for sid in &function.with {
        let line = common.named.get(sid).with_context(|| format!("no statement is named `{sid}`"))?;
        lines.insert(sid, line);
    }
    lines.extend(function.may.iter().map(|(sid, line)| (sid.as_str(), line.as_str())));
    let mut all = BTreeMap::from([("Logs".to_owned(), Statement::logs())]);
    for (sid, line) in lines {
        all.insert(sid.to_owned(), Statement::read(sid, line).with_context(|| format!("may.{sid}"))?);
    }
    for name in &function.sends {
        let queue = queues::named(name)?;
        let id = queues::id(queue);
        all.insert(format!("Send{id}"), Statement::sends(&id, queue.variable));
    }
    if let Some(queue) = queue_of(name).map(queues::id) {
        all.insert(format!("Take{queue}"), Statement::takes(&queue));
    }
    Ok(all)
}

fn resource(
    out: &mut Lines,
    name: &str,
    function: &Function,
    statements: &BTreeMap<String, Statement>,
) -> Result<()> {
    let id = camel(name);
    let Function { does, note, memory, timeout, .. } = function;
    out.gap();
    out.add(1, note.as_ref().map_or_else(|| format!("# {does}."), |note| format!("# {note}")));
    out.add(1, format!("{id}Function:"));
    out.all(2, ["Type: AWS::Serverless::Function", "Metadata:"]);
    out.all(3, ["BuildMethod: rust-cargolambda", "BuildProperties:"]);
    out.add(4, format!("Binary: {name}"));
    out.add(2, "Properties:");
    out.add(3, format!("Description: \"{does}\""));
    out.add(3, format!("Role: !GetAtt {id}Role.Arn"));
    out.add(3, format!("MemorySize: {memory}"));
    out.add(3, format!("Timeout: {timeout}"));
    if function.reserved {
        out.add(
            3,
            "ReservedConcurrentExecutions: !If [HasDeletionConcurrency, !Ref DeletionConcurrency, !Ref \"AWS::NoValue\"]",
        );
    }
    environment(out, name, function, statements)?;
    if let Some(queue) = queue_of(name) {
        mapping(out, &function.mapping, queue);
    }
    if let Some(tick) = &function.tick {
        schedule(out, &id, tick)?;
    }
    Ok(())
}

fn environment(
    out: &mut Lines,
    name: &str,
    function: &Function,
    statements: &BTreeMap<String, Statement>,
) -> Result<()> {
    let mut variables: BTreeMap<String, String> =
        statements.values().filter_map(Statement::variable).collect();
    let of_api: &[&str] = if is_behind_api(name) && !variables.is_empty() { &OF_API } else { &[] };
    for variable in function.variables.iter().map(String::as_str).chain(of_api.iter().copied()) {
        let known = PARAMETERS.iter().find(|(known, _)| *known == variable);
        let (_, parameter) = known.with_context(|| format!("no parameter is the variable `{variable}`"))?;
        variables.insert(variable.to_owned(), format!("!Ref {parameter}"));
    }
    for (variable, number) in &function.numbers {
        variables.insert(variable.clone(), format!("\"{}\"", number.is));
    }
    if variables.is_empty() {
        return Ok(());
    }
    out.add(3, "Environment:");
    out.add(4, "Variables:");
    for (variable, value) in variables {
        if let Some(number) = function.numbers.get(&variable) {
            out.add(5, format!("# {}", number.because));
        }
        out.add(5, format!("{variable}: {value}"));
    }
    Ok(())
}

fn mapping(out: &mut Lines, name: &str, queue: &Queue) {
    out.add(3, "Events:");
    out.add(4, format!("{name}:"));
    out.all(5, ["Type: SQS", "Properties:"]);
    out.add(6, format!("Queue: !GetAtt {}.Arn", queues::id(queue)));
    out.add(6, format!("BatchSize: {}", queue.batch));
    out.all(6, ["FunctionResponseTypes: [ReportBatchItemFailures]", "ScalingConfig:"]);
    out.add(7, format!("MaximumConcurrency: {}", queue.at_once));
}

fn schedule(out: &mut Lines, id: &str, tick: &Tick) -> Result<()> {
    let age = format!("MaximumEventAgeInSeconds: {}", tick.seconds()?);
    out.add(3, "Events:");
    out.add(4, "Tick:");
    out.all(5, ["Type: ScheduleV2", "Properties:"]);
    out.add(6, format!("RoleArn: !GetAtt {id}TickRole.Arn"));
    out.add(6, format!("ScheduleExpression: rate({})", tick.every));
    out.all(6, ["Input: '{\"time\":\"<aws.scheduler.scheduled-time>\"}'", "RetryPolicy:"]);
    out.add(7, format!("MaximumRetryAttempts: {}", tick.retries));
    out.add(7, &age);
    out.add(6, "FlexibleTimeWindow:");
    out.add(7, "Mode: \"OFF\"");
    out.add(3, "EventInvokeConfig:");
    out.add(4, &age);
    out.add(4, "MaximumRetryAttempts: 1");
    Ok(())
}

/// Writes a role with a trust and one policy of its own.
fn role<'a>(out: &mut Lines, name: &str, statements: impl Iterator<Item = &'a Statement>) {
    out.gap();
    out.add(1, format!("{}Role:", camel(name)));
    trust(out, "lambda");
    policy(out);
    for statement in statements {
        statement.write(out);
    }
}

fn trust(out: &mut Lines, service: &str) {
    out.all(2, ["Type: AWS::IAM::Role", "Properties:"]);
    out.add(3, "AssumeRolePolicyDocument:");
    out.all(4, ["Version: \"2012-10-17\"", "Statement:"]);
    out.add(5, "- Effect: Allow");
    out.add(6, "Principal:");
    out.add(7, format!("Service: {service}.amazonaws.com"));
    out.add(6, "Action: sts:AssumeRole");
}

fn policy(out: &mut Lines) {
    out.add(3, "Policies:");
    out.add(4, "- PolicyName: own");
    out.add(5, "PolicyDocument:");
    out.all(6, ["Version: \"2012-10-17\"", "Statement:"]);
}

/// Writes the role with which the scheduler of this account starts the function.
fn tick_role(out: &mut Lines, name: &str) {
    let id = camel(name);
    out.gap();
    out.add(1, format!("{id}TickRole:"));
    trust(out, "scheduler");
    out.add(6, "Condition:");
    out.add(7, "StringEquals:");
    out.add(8, "aws:SourceAccount: !Ref AWS::AccountId");
    policy(out);
    out.add(7, "- Sid: Start");
    out.all(8, ["Effect: Allow", "Action: [lambda:InvokeFunction]"]);
    out.add(8, format!("Resource: !GetAtt {id}Function.Arn"));
}

/// Writes one permission for all routes of a function.
fn permission(out: &mut Lines, name: &str) {
    let id = camel(name);
    out.gap();
    out.add(1, format!("{id}Permission:"));
    out.all(2, ["Type: AWS::Lambda::Permission", "Properties:"]);
    out.add(3, "Action: lambda:InvokeFunction");
    out.add(3, format!("FunctionName: !Ref {id}Function"));
    out.add(3, "Principal: apigateway.amazonaws.com");
    out.add(
        3,
        "SourceArn: !Sub \"arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*\"",
    );
}
