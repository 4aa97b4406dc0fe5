//! The skeleton of a function behind the API: its package, its operation, its route and its lines of the tables.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use mooring_domain::people::caller::Scope;

use super::edits::{before, before_end, block, fill, sorted, without_block};
use super::names::{Name, family, free_package};
use super::plan::Plan;

/// The facts that the skeleton needs.
#[derive(Debug, Args)]
pub struct Options {
    /// The noun and the verb, such as `report-read`: the folder, the binary, and turned around the operation.
    pub name: String,
    /// The family of the operation: a folder of shared/domain/src.
    #[arg(long)]
    pub family: String,
    /// The method and the path, such as "GET /v1/reports/{id}".
    #[arg(long)]
    pub route: String,
    /// The scope that a caller needs, such as `reports.read`.
    #[arg(long)]
    pub scope: String,
    /// What the function does, such as "Reads a report".
    #[arg(long)]
    pub does: String,
}

/// Plans the skeleton.
pub(super) fn plan(root: &Path, options: &Options) -> Result<Plan> {
    let mut plan = Plan::new(root);
    let name = Name::read(&options.name, '-', "report-read")?;
    ensure!(
        name.len() > 1,
        "`{}` has one word; say the noun and the verb, such as `report-read`",
        options.name
    );
    let is_job = options.name.ends_with("-worker");
    ensure!(!is_job, "`{}` is behind a queue: `cargo xtask new job` makes it", options.name);
    free_package(&plan, &options.name)?;
    family(&plan, &options.family, false)?;
    let route = Route::read(options)?;
    ensure!(
        sentence(&options.does),
        "say what it does as a sentence without its full stop, such as \"Reads a report\""
    );
    let operation = name.verb_first();
    let routes = plan.read("shared/edge/src/routes.rs")?;
    let id = operation.lower_camel();
    ensure!(!routes.contains(&format!("\"{id}\"")), "an operation `{id}` is there already");
    let served = routes.contains(&format!("\"{}\", \"{}\"", route.method, route.path));
    ensure!(!served, "the route `{}` is there already", options.route);
    files(&mut plan, options, &name, &route)?;
    edits(&mut plan, options, &name, &route)?;
    plan.next = format!("cargo test -p mooring-domain {}", operation.snake());
    Ok(plan)
}

/// Returns whether a text can be a description: it begins with a capital and ends without a full stop.
pub(super) fn sentence(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && !text.ends_with('.')
        && !text.contains(['"', '\\', '\n'])
}

/// The route of the function.
struct Route {
    method: &'static str,
    path: String,
    scope: String,
}

/// Returns whether a part of a path is a word, or a parameter in braces.
fn is_segment(part: &str) -> bool {
    let is_name = |name: &str| name.chars().all(|letter| letter.is_ascii_lowercase());
    let word = parameter(part).unwrap_or(part);
    !word.is_empty() && !word.contains(['{', '}']) && parameter(part).is_none_or(is_name)
}

/// Returns the name of a part of a path that is a parameter.
fn parameter(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

impl Route {
    fn read(options: &Options) -> Result<Self> {
        let (method, path) = options.route.split_once(' ').context("say --route \"GET /v1/reports\"")?;
        let known = ["DELETE", "GET", "PATCH", "POST", "PUT"].into_iter().find(|known| *known == method);
        let method = known.with_context(|| format!("`{method}` is no method that a route may have"))?;
        let good = |letter: char| letter.is_ascii_alphanumeric() || "-_{}/".contains(letter);
        ensure!(
            path.starts_with("/v1/") && path.chars().all(good),
            "`{path}` is not below /v1; for a page see functions/deletion-status"
        );
        ensure!(
            path.split('/').skip(1).all(is_segment),
            "`{path}` is no path: write each part as `notes` or as `{{id}}`, a parameter in small letters"
        );
        let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == options.scope);
        let words: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        let scope = scope
            .with_context(|| format!("no scope is `{}`; there are: {}", options.scope, words.join(", ")))?;
        Ok(Self { method, path: path.to_owned(), scope: format!("{scope:?}") })
    }

    /// Makes a text of each parameter of the path, in order. An id is a text until its writer says what it names.
    fn each(&self, text: impl Fn(&str) -> String) -> String {
        self.path.split('/').filter_map(parameter).map(text).collect()
    }

    /// Lists the parts of a skeleton that differ by method: a POST is remembered by its Idempotency-Key.
    fn places(&self) -> [(&'static str, &'static str); 5] {
        if self.method == "POST" {
            [
                ("call", "once"),
                ("given", "caller, attempt"),
                ("passed", "&caller, &attempt"),
                ("taken", "caller: &Caller, attempt: &Attempt"),
                ("handed", "attempt, caller"),
            ]
        } else {
            [
                ("call", "api"),
                ("given", "caller"),
                ("passed", "&caller"),
                ("taken", "caller: &Caller"),
                ("handed", "caller"),
            ]
        }
    }
}

fn files(plan: &mut Plan, options: &Options, name: &Name, route: &Route) -> Result<()> {
    let operation = name.verb_first();
    let (snake, camel, id) = (operation.snake(), operation.camel(), operation.lower_camel());
    let package = format!("mooring_{}", name.snake());
    let is_post = route.method == "POST";
    let attempt = if is_post { "use mooring_domain::guard::idempotency::Attempt;\n" } else { "" };
    let operation_attempt = if is_post { "use crate::guard::idempotency::Attempt;\n" } else { "" };
    let parameters = if is_post { "attempt: &Attempt, caller: &Caller" } else { "caller: &Caller" };
    let known = if is_post { "attempt.is_done() || tenant.is_some()" } else { "tenant.is_some()" };
    let parsed = route.each(|id| format!("    let {id}: String = path(request, \"{id}\")?;\n"));
    let ids = route.each(|id| format!(", &{id}"));
    let id_parameters = route.each(|id| format!(", {id}: &str"));
    let ids_known = route.each(|id| format!(" && !{id}.is_empty()"));
    let path_import = if parsed.is_empty() { "" } else { "path, " };
    let mut places = vec![
        ("name", options.name.as_str()),
        ("family", &options.family),
        ("does", &options.does),
        ("method", route.method),
        ("path", &route.path),
        ("scope", &route.scope),
        ("operation", &snake),
        ("Operation", &camel),
        ("operation_id", &id),
        ("package", &package),
        ("attempt", attempt),
        ("operation_attempt", operation_attempt),
        ("parameters", parameters),
        ("known", known),
        ("parsed", &parsed),
        ("ids", &ids),
        ("id_parameters", &id_parameters),
        ("ids_known", &ids_known),
        ("path_import", path_import),
    ];
    places.extend(route.places());
    let skeletons = [
        include_str!("skeletons/function/Cargo.toml.txt"),
        include_str!("skeletons/function/main.rs.txt"),
        include_str!("skeletons/function/lib.rs.txt"),
    ];
    package_files(plan, &options.name, skeletons, &places)?;
    let file = format!("shared/domain/src/{}/ops/{snake}.rs", options.family);
    plan.make(file, fill(include_str!("skeletons/function/operation.rs.txt"), &places))
}

/// Makes the package of a function: its manifest, its `main.rs` and its `lib.rs`, in this order.
pub(super) fn package_files(
    plan: &mut Plan,
    name: &str,
    skeletons: [&str; 3],
    places: &[(&str, &str)],
) -> Result<()> {
    for (file, skeleton) in ["Cargo.toml", "src/main.rs", "src/lib.rs"].into_iter().zip(skeletons) {
        plan.make(format!("functions/{name}/{file}"), fill(skeleton, places))?;
    }
    Ok(())
}

fn edits(plan: &mut Plan, options: &Options, name: &Name, route: &Route) -> Result<()> {
    let operation = name.verb_first();
    plan.edit(&format!("shared/domain/src/{}/ops/mod.rs", options.family), |text| {
        Ok(sorted(text, "pub mod ", &format!("pub mod {};", operation.snake())))
    })?;
    plan.edit("shared/edge/src/routes.rs", |text| {
        let Route { method, path, scope } = route;
        let (name, id) = (&options.name, operation.lower_camel());
        let row = format!("    api(\"{name}\", \"{method}\", \"{path}\", Scope::{scope}, \"{id}\"),\n");
        before(text, "    public(\"openapi\", ", &row)
    })?;
    let own = format!("[function.{}]\ndoes = \"{}\"\n", options.name, options.does);
    listed(plan, &options.name, &own)?;
    plan.edit("infra/local/src/mount/apps.rs", |text| {
        let row = format!("    \"{}\" => mooring_{} {{ rows }};\n", options.name, name.snake());
        before_end(text, "endpoints! {", "    \"openapi\" => ", &row)
    })
}

/// Adds a function to the lists that every function stands in: functions.toml and the runner's manifest. The plan of
/// functions no longer has it.
pub(super) fn listed(plan: &mut Plan, name: &str, own: &str) -> Result<()> {
    plan.edit("infra/template/functions.toml", |text| Ok(block(text, name, own)))?;
    plan.edit("infra/template/planned.toml", |text| Ok(without_block(text, name)))?;
    plan.edit("infra/local/Cargo.toml", |text| {
        let line = format!("mooring-{name} = {{ path = \"../../functions/{name}\" }}");
        Ok(sorted(text, "mooring-", &line))
    })
}
