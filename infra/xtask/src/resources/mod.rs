//! Counts the stack's resources, present and planned, against its quotas, and writes docs/resources.md.

mod page;
mod planned;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use mooring_tests_tidy::root;
use mooring_tests_tidy::rules::policy_size;
use mooring_tests_tidy::template::{Template, at, events};

use crate::template::{Functions, queue_of};
use planned::Planned;

/// The most resources that the stack may have with all that is planned. A stack may have 500.
pub(crate) const MOST: usize = 450;

/// Resources of each queue that starts a function: mapping, queue, dead letters, an alarm on both.
const OF_QUEUE: usize = 5;

/// Resources of each schedule: itself, its role, the bounds of its retries, its heartbeat, the alarm at its silence.
const OF_TICK: usize = 5;

/// Writes docs/resources.md; with `check` only compares.
pub(crate) fn run(check: bool) -> Result<()> {
    let (file, text) = (resources_file(), resources_text()?);
    if !check {
        return fs::write(&file, text).with_context(|| file.display().to_string());
    }
    let same = fs::read_to_string(&file)? == text;
    ensure!(same, "docs/resources.md is not what the template and its plan say; run `cargo xtask resources`");
    Ok(())
}

/// Returns the path of the committed page.
pub fn resources_file() -> PathBuf {
    root().join("docs/resources.md")
}

/// Returns the text of the page from template.yaml and the plan. Fails when a sum passes its bar.
pub fn resources_text() -> Result<String> {
    let functions = Functions::read(&root().join("infra/template/functions.toml"))?;
    let planned = Planned::read(&root().join("infra/template/planned.toml"), &functions)?;
    let count = Count::of(&Template::read()?, &functions)?;
    page::text(&count, &planned)
}

/// Counts the resources that SAM makes of template.yaml.
pub(crate) fn expanded() -> Result<usize> {
    Ok(made_of(&Template::read()?))
}

/// Counts the resources that SAM makes of a template. SAM keeps each resource and adds one for each schedule and each
/// mapping of a queue, one for the bounds of retries, and the stage of the API.
fn made_of(template: &Template) -> usize {
    let stages = template.of_type(mooring_tests_tidy::template::API).count();
    let of_function = |(_, function)| {
        let started = ["SQS", "ScheduleV2"].map(|kind| events(function, kind).count());
        let bounds = usize::from(!at(function, "Properties/EventInvokeConfig").is_null());
        started.iter().sum::<usize>() + bounds
    };
    template.resources().count() + stages + template.functions().map(of_function).sum::<usize>()
}

/// The resources that exist.
struct Count {
    /// A row for each function.
    rows: Vec<Row>,
    /// All resources.
    all: usize,
}

/// One function that exists.
struct Row {
    name: String,
    routes: usize,
    started: &'static str,
    resources: usize,
    policy: usize,
}

impl Count {
    fn of(template: &Template, functions: &Functions) -> Result<Self> {
        let mut rows = Vec::new();
        for (name, function) in &functions.function {
            let found =
                template.functions().find(|(_, one)| mooring_tests_tidy::template::binary(one) == name);
            let (_, resource) = found.with_context(|| format!("template.yaml has no function `{name}`"))?;
            let routes = events(resource, "HttpApi").count();
            let (queue, tick) = (queue_of(name).is_some(), function.tick.is_some());
            let shape = Shape { routes, queues: usize::from(queue), ticks: usize::from(tick), more: 0 };
            let role = mooring_tests_tidy::grants::role(template, at(resource, "Properties/Role"));
            let started = match (queue, tick) {
                (true, _) => "a queue",
                (_, true) => "a schedule",
                _ => "the API",
            };
            let policy = policy_size(role);
            rows.push(Row { name: name.clone(), routes, started, resources: shape.resources(), policy });
        }
        Ok(Self { rows, all: made_of(template) })
    }

    /// Counts the resources that no function brings: tables, the key, the API, logs, alarms on log lines.
    fn shared(&self) -> usize {
        self.all.saturating_sub(self.rows.iter().map(|row| row.resources).sum())
    }
}

/// The facts that decide how many resources a function brings.
#[derive(Debug, Clone, Copy, Default)]
struct Shape {
    routes: usize,
    queues: usize,
    ticks: usize,
    more: usize,
}

impl Shape {
    /// Counts function and role, one permission for all routes, and the resources of its queue or schedule.
    fn resources(self) -> usize {
        let permission = usize::from(self.routes > 0);
        2 + permission + self.queues * OF_QUEUE + self.ticks * OF_TICK + self.more
    }
}
