//! The types of infra/template/planned.toml, checked against the functions and routes that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use mooring_edge::routes::ROUTES;
use serde::Deserialize;

use super::Shape;
use crate::template::Functions;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Planned {
    /// Each planned function.
    pub(super) function: BTreeMap<String, Function>,
    /// Resources that several planned functions share, and their number.
    pub(super) shared: BTreeMap<String, usize>,
    /// Functions that are built as one.
    pub(super) join: BTreeMap<String, Join>,
}

/// One planned function.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Function {
    pub(super) family: String,
    #[serde(default)]
    routes: Vec<String>,
    #[serde(default)]
    queues: Vec<String>,
    #[serde(default)]
    tick: bool,
    #[serde(default)]
    more: BTreeMap<String, usize>,
}

/// Functions that are built as one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    pub(super) of: Vec<String>,
    pub(super) why: String,
}

impl Planned {
    /// Reads the file.
    pub(super) fn read(path: &Path, built: &Functions) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let planned: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        planned.held(&|name| built.function.contains_key(name)).with_context(|| path.display().to_string())
    }

    /// Checks the plan against the functions and routes that exist, and against itself.
    fn held(self, is_built: &dyn Fn(&str) -> bool) -> Result<Self> {
        let mut routes: BTreeSet<String> =
            ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
        for (name, function) in &self.function {
            ensure!(!is_built(name), "`{name}` is built: it is no longer planned");
            for route in function.routes() {
                ensure!(routes.insert(route.clone()), "`{name}`: another function has {route}");
            }
            let starts = !function.routes.is_empty() || !function.queues.is_empty() || function.tick;
            ensure!(starts, "`{name}`: nothing starts it");
        }
        self.joins_hold()?;
        Ok(self)
    }

    fn joins_hold(&self) -> Result<()> {
        let mut seen = BTreeSet::new();
        for (name, join) in &self.join {
            for part in &join.of {
                let function = self.function.get(part).with_context(|| format!("`{part}` is not planned"))?;
                ensure!(
                    function.shape().more == 0 && !function.routes.is_empty(),
                    "`{part}` has more than routes"
                );
                ensure!(seen.insert(part), "`{part}` is in two joins");
            }
            let taken = self.function.contains_key(name) && !join.of.contains(name);
            ensure!(!taken, "the join `{name}` has the name of a function that is not a part of it");
        }
        Ok(())
    }

    /// Counts all planned routes.
    pub(super) fn routes(&self) -> usize {
        self.function.values().map(|function| function.shape().routes).sum()
    }

    /// Counts the functions behind the API, before any is joined.
    pub(super) fn behind_api(&self) -> usize {
        self.function.values().filter(|function| !function.routes.is_empty()).count()
    }

    /// Counts the functions that are saved because some are built as one.
    pub(super) fn joined(&self) -> usize {
        self.join.values().map(|join| join.of.len() - 1).sum()
    }

    /// Counts the resources of all planned functions and their shared ones, before any are joined.
    pub(super) fn resources(&self) -> usize {
        let own: usize = self.function.values().map(|function| function.shape().resources()).sum();
        own + self.shared.values().sum::<usize>()
    }
}

impl Function {
    /// Lists the routes, one for each method.
    fn routes(&self) -> Vec<String> {
        let each = |line: &String| {
            let (methods, path) = line.rsplit_once(' ').unwrap_or_default();
            methods.split(' ').map(|method| format!("{method} {path}")).collect::<Vec<_>>()
        };
        self.routes.iter().flat_map(each).collect()
    }

    /// Returns the facts that decide how many resources the function brings.
    pub(super) fn shape(&self) -> Shape {
        Shape {
            routes: self.routes().len(),
            queues: self.queues.len(),
            ticks: usize::from(self.tick),
            more: self.more.values().sum(),
        }
    }

    /// Says what starts the function, in words.
    pub(super) fn started(&self) -> String {
        let mut words: Vec<String> = self.queues.iter().map(|queue| format!("queue {queue}")).collect();
        if self.tick {
            words.push("a schedule".to_owned());
        }
        if !self.routes.is_empty() {
            words.push("the API".to_owned());
        }
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "
        [shared]
        buckets = 2
        [function.sign-in]
        family = \"people\"
        routes = [\"POST /v1/sign-in\", \"GET PATCH /v1/me\"]
        [function.views]
        family = \"report\"
        routes = [\"GET /v1/views\"]
        [function.worker]
        family = \"report\"
        queues = [\"one\", \"two\"]
        [join.people]
        of = [\"sign-in\", \"views\"]
        why = \"one row\"
    ";

    fn held(text: &str) -> Result<Planned> {
        toml::from_str::<Planned>(text)?.held(&|name| name == "openapi")
    }

    #[test]
    fn a_plan_is_counted() {
        let plan = held(PLAN).unwrap();
        assert_eq!((plan.routes(), plan.behind_api(), plan.joined()), (4, 2, 1));
        assert_eq!(plan.resources(), 2 + 3 + 3 + 12);
        assert_eq!(plan.function["worker"].started(), "queue one, queue two");
    }

    #[test]
    fn a_plan_that_does_not_hold_is_told() {
        for (slip, told) in [
            ("[function.openapi]\nfamily = \"x\"\ntick = true", "is built"),
            ("[function.more]\nfamily = \"x\"\nroutes = [\"GET /v1/me\"]", "another function has GET /v1/me"),
            (
                "[function.more]\nfamily = \"x\"\nroutes = [\"GET /v1/reports\"]",
                "another function has GET /v1/reports",
            ),
            ("[function.more]\nfamily = \"x\"", "nothing starts it"),
            ("[join.more]\nof = [\"gone\"]\nwhy = \"x\"", "`gone` is not planned"),
            ("[join.more]\nof = [\"worker\"]\nwhy = \"x\"", "has more than routes"),
            ("[join.worker]\nof = [\"views\"]\nwhy = \"x\"", "two joins"),
        ] {
            let error = held(&format!("{PLAN}\n{slip}")).map(drop).unwrap_err().to_string();
            assert!(error.contains(told), "{slip}: {error}");
        }
    }
}
