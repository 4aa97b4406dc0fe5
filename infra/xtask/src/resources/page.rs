//! The page: sums first, then their parts.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::planned::Planned;
use super::{Count, MOST, Row};

/// Routes of an HTTP API, which can be raised, and integrations of one, which cannot (Amazon API Gateway quotas).
const OF_API: usize = 300;

/// Characters of all own policies of a role (IAM quotas).
const POLICY: usize = 10_240;

const HEAD: &str = "# Resources of the stack, present and planned

`cargo xtask resources` counts them from template.yaml, infra/template/functions.toml and the plan in
infra/template/planned.toml; do not edit. A test compares the page. `.ci/run` holds the first figure against the template
that SAM makes.

A function brings itself and its role; with routes one permission for all of them (docs/adr/0035); with a queue its mapping,
the queue, its dead letters and an alarm on both; with a schedule that schedule and its role, the bounds of its retries, a
heartbeat and the alarm at its silence.

";

/// Writes the page. Fails when a sum passes its bar.
pub(super) fn text(count: &Count, planned: &Planned) -> Result<String> {
    let mut out = String::from(HEAD);
    sums(&mut out, count, planned)?;
    built(&mut out, count)?;
    plan(&mut out, planned)?;
    joins(&mut out, planned)?;
    Ok(out)
}

fn sums(out: &mut String, count: &Count, planned: &Planned) -> Result<()> {
    let (now, more, joined) = (count.all, planned.resources(), planned.joined());
    let then = now + more - 3 * joined;
    ensure!(
        then <= MOST,
        "{then} resources are planned; {MOST} are the most: join functions in planned.toml"
    );
    let routes = |row: &Row| row.routes;
    let routed: usize = count.rows.iter().map(routes).sum();
    let functions = count.rows.iter().filter(|row| row.routes > 0).count();
    let integrations = functions + planned.behind_api() - joined;
    let all_routes = routed + planned.routes();
    ensure!(
        all_routes <= OF_API && integrations <= OF_API,
        "{all_routes} routes, {integrations} integrations"
    );
    let policy = count.rows.iter().map(|row| row.policy).max().unwrap_or_default();
    out.push_str("| what | today | planned with it | at most |\n|---|---|---|---|\n");
    let all_functions = count.rows.len() + planned.function.len();
    writeln!(out, "| functions | {} | {} | |", count.rows.len(), all_functions - joined)?;
    writeln!(out, "| resources of the stack | {now} | {then} | {MOST} here, 500 for CloudFormation |")?;
    writeln!(out, "| routes of the API | {routed} | {all_routes} | {OF_API}, can be raised |")?;
    writeln!(out, "| integrations of the API | {functions} | {integrations} | {OF_API} |")?;
    writeln!(out, "| characters of the longest policy | {policy} | | {POLICY} |")?;
    writeln!(
        out,
        "\nWithout the joins below, {all_functions} functions would make {} resources: {} more than may be.\n",
        now + more,
        (now + more).saturating_sub(MOST)
    )?;
    Ok(())
}

fn built(out: &mut String, count: &Count) -> Result<()> {
    out.push_str(
        "## Present functions\n\nOf a policy every name that AWS gives counts as 100 characters.\n\n",
    );
    out.push_str("| function | started by | routes | resources | policy |\n|---|---|---|---|---|\n");
    for Row { name, routes, started, resources, policy } in &count.rows {
        writeln!(out, "| {name} | {started} | {routes} | {resources} | {policy} |")?;
    }
    writeln!(
        out,
        "| shared: tables, key, API, logs, their metrics, dashboards | | | {} | |\n",
        count.shared()
    )?;
    Ok(())
}

fn plan(out: &mut String, planned: &Planned) -> Result<()> {
    out.push_str("## Planned functions\n\n");
    out.push_str("| family | function | started by | routes | resources |\n|---|---|---|---|---|\n");
    let mut rows: Vec<_> =
        planned.function.iter().map(|(name, function)| (&function.family, name, function)).collect();
    rows.sort_by_key(|(family, name, _)| (*family, *name));
    for (family, name, function) in rows {
        let shape = function.shape();
        let started = function.started();
        writeln!(out, "| {family} | {name} | {started} | {} | {} |", shape.routes, shape.resources())?;
    }
    for (what, number) in &planned.shared {
        writeln!(out, "| | shared: {what} | | | {number} |")?;
    }
    out.push('\n');
    Ok(())
}

fn joins(out: &mut String, planned: &Planned) -> Result<()> {
    out.push_str("## Functions that are joined\n\nRoutes of one entity with rights on the same rows. Each route keeps its scope.\n\n");
    out.push_str("| function | in place of | because | resources fewer |\n|---|---|---|---|\n");
    for (name, join) in &planned.join {
        let fewer = 3 * (join.of.len() - 1);
        writeln!(out, "| {name} | {} | {} | {fewer} |", join.of.join(", "), join.why)?;
    }
    Ok(())
}
