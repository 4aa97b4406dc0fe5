//! The skeleton of a job: its row of the table of queues, its body, its worker and the worker's operation.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::edits::{before, before_end, fill, sorted};
use super::function::{listed, package_files, sentence};
use super::names::{Name, capital, family, free_package};
use super::plan::Plan;

/// The table of queues.
const QUEUES: &str = "shared/queue/src/queues.rs";

/// The facts that the skeleton needs.
#[derive(Debug, Args)]
pub struct Options {
    /// The job, such as `token-refresh`: its queue; its worker is `token-refresh-worker`.
    pub name: String,
    /// The family of the operation: a folder of shared/domain/src.
    #[arg(long)]
    pub family: String,
    /// What the worker does, such as "Refreshes tokens".
    #[arg(long)]
    pub does: String,
}

/// Plans the skeleton.
pub(super) fn plan(root: &Path, options: &Options) -> Result<Plan> {
    let mut plan = Plan::new(root);
    let name = Name::read(&options.name, '-', "token-refresh")?;
    let is_worker = options.name.ends_with("-worker");
    ensure!(!is_worker, "say the job without `-worker`: the worker gets it by itself");
    let worker = format!("{}-worker", options.name);
    free_package(&plan, &worker)?;
    family(&plan, &options.family, false)?;
    ensure!(
        sentence(&options.does),
        "say what it does as a sentence without its full stop, such as \"Refreshes tokens\""
    );
    let known = plan.read(QUEUES)?.contains(&format!("name: \"{}\"", options.name));
    ensure!(!known, "a queue `{}` is there already", options.name);
    let operation = name.after("run");
    files(&mut plan, options, &name, &worker)?;
    edits(&mut plan, options, &name, &worker)?;
    plan.next = format!("cargo test -p mooring-domain {}", operation.snake());
    Ok(plan)
}

fn files(plan: &mut Plan, options: &Options, name: &Name, worker: &str) -> Result<()> {
    let operation = name.after("run").snake();
    let (snake, camel, shout, spoken) = (name.snake(), name.camel(), name.shout(), name.spoken());
    let package = format!("mooring_{snake}_worker");
    let places = [
        ("worker", worker),
        ("family", options.family.as_str()),
        ("does", &options.does),
        ("operation", &operation),
        ("job", &snake),
        ("Job", &camel),
        ("JOB", &shout),
        ("spoken", &spoken),
        ("package", &package),
    ];
    let skeletons = [
        include_str!("skeletons/job/Cargo.toml.txt"),
        include_str!("skeletons/job/main.rs.txt"),
        include_str!("skeletons/job/lib.rs.txt"),
    ];
    package_files(plan, worker, skeletons, &places)?;
    let file = format!("shared/domain/src/{}/ops/{operation}.rs", options.family);
    plan.make(file, fill(include_str!("skeletons/job/operation.rs.txt"), &places))?;
    // Beside the operations, because whoever sends the job is an operation too, and operations do not know each other.
    let job = format!("shared/domain/src/{}/{snake}_job.rs", options.family);
    plan.make(job, fill(include_str!("skeletons/job/job.rs.txt"), &places))?;
    let body = format!("shared/queue/src/{snake}.rs");
    plan.make(body, fill(include_str!("skeletons/job/body.rs.txt"), &places))
}

fn edits(plan: &mut Plan, options: &Options, name: &Name, worker: &str) -> Result<()> {
    plan.edit(&format!("shared/domain/src/{}/mod.rs", options.family), |text| {
        Ok(sorted(text, "pub mod ", &format!("pub mod {}_job;", name.snake())))
    })?;
    plan.edit(&format!("shared/domain/src/{}/ops/mod.rs", options.family), |text| {
        Ok(sorted(text, "pub mod ", &format!("pub mod {};", name.after("run").snake())))
    })?;
    plan.edit("shared/queue/src/lib.rs", |text| Ok(sorted(text, "mod ", &format!("mod {};", name.snake()))))?;
    plan.edit(QUEUES, |text| row(text, name, worker))?;
    let own = format!("[function.{worker}]\ndoes = \"{}\"\nmay.Directory = \"GetItem\"\n", options.does);
    listed(plan, worker, &own)?;
    plan.edit("infra/local/src/mount/apps.rs", |text| {
        let row =
            format!("    (\"{worker}\", |a| worker!(a, mooring_{}_worker {{ rows }})),\n", name.snake());
        before_end(text, "pub(super) const WORKERS", "];", &row)
    })
}

/// Adds a queue to the table: its constant, and its place in the list.
fn row(text: &str, name: &Name, worker: &str) -> Result<String> {
    let (kebab, shout, spoken) = (name.kebab(), name.shout(), name.spoken());
    let big = capital(&spoken);
    let places = [
        ("name", kebab.as_str()),
        ("JOB", &shout),
        ("worker", worker),
        ("spoken", &spoken),
        ("Spoken", &big),
    ];
    let queue = fill(include_str!("skeletons/job/queue.rs.txt"), &places);
    let text = before(text, "/// All queues, ", &queue)?;
    let (head, list) = text.rsplit_once("pub const QUEUES: [&Queue; ").context("it has no list of queues")?;
    let (count, list) = list.split_once("] = [").context("its list of queues has another form")?;
    let (names, tail) = list.split_once(']').context("its list of queues has no end")?;
    let count = count.parse::<usize>().context("its list of queues has no length")? + 1;
    let names = names.trim_end().trim_end_matches(',');
    Ok(format!("{head}pub const QUEUES: [&Queue; {count}] = [{names}, &{shout}]{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_goes_to_the_table_and_to_the_list() {
        let text = "const A: Queue = Queue {};\n\n/// All queues, in order.\npub const QUEUES: [&Queue; 1] = [&A];\n";
        let name = Name::read("token-refresh", '-', "a-b").unwrap();
        let after = row(text, &name, "token-refresh-worker").unwrap();
        assert!(after.ends_with("pub const QUEUES: [&Queue; 2] = [&A, &TOKEN_REFRESH];\n"), "{after}");
        assert!(after.contains("    variable: \"QUEUE_TOKEN_REFRESH_URL\",\n"), "{after}");
        assert!(row("", &name, "x").is_err());
    }
}
