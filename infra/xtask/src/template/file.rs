//! The types of infra/template/functions.toml.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use mooring_edge::routes::{FALLBACK, PREFLIGHT, ROUTES, Route};
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Functions {
    /// Statements that functions share.
    pub(crate) statements: Common,
    /// Each function by the name of its folder.
    pub(crate) function: BTreeMap<String, Function>,
}

/// Statements that functions share, by their Sid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Common {
    /// Statements of each function with a route that needs a credential.
    pub(crate) api: BTreeMap<String, String>,
    /// Statements of those functions that also have a POST.
    pub(crate) with_post: BTreeMap<String, String>,
    /// Statements of those functions without a POST.
    pub(crate) without_post: BTreeMap<String, String>,
    /// Statements of each function that names them.
    pub(crate) named: BTreeMap<String, String>,
}

/// One function.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Function {
    pub(crate) does: String,
    pub(crate) note: Option<String>,
    #[serde(default = "Function::memory")]
    pub(crate) memory: u32,
    #[serde(default = "Function::timeout")]
    pub(crate) timeout: u32,
    #[serde(default)]
    pub(crate) reserved: bool,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) public_throttle: Option<Throttle>,
    /// The name of the mapping of its queue, which is a part of a logical id.
    #[serde(default = "Function::mapping")]
    pub(crate) mapping: String,
    pub(crate) tick: Option<Tick>,
    #[serde(default)]
    pub(crate) variables: Vec<String>,
    #[serde(default)]
    pub(crate) numbers: BTreeMap<String, Number>,
    #[serde(default)]
    pub(crate) sends: Vec<String>,
    #[serde(default)]
    pub(crate) with: Vec<String>,
    #[serde(default)]
    pub(crate) may: BTreeMap<String, String>,
}

/// The limit of calls in a second, and at once.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttle {
    pub(crate) rate: u32,
    pub(crate) burst: u32,
}

/// The schedule that starts a function.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tick {
    /// The time between two ticks, such as `5 minutes`.
    pub(crate) every: String,
    pub(crate) retries: u32,
}

/// A number in a variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Number {
    pub(crate) is: u32,
    pub(crate) because: String,
}

impl Functions {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }
}

impl Function {
    const fn memory() -> u32 {
        256
    }

    const fn timeout() -> u32 {
        15
    }

    fn mapping() -> String {
        "Jobs".to_owned()
    }
}

impl Tick {
    /// Returns the seconds between two ticks: an older event is worth nothing, because the next one is there.
    pub(crate) fn seconds(&self) -> Result<u32> {
        let (number, unit) = self.every.split_once(' ').context("say `every = \"5 minutes\"`")?;
        let seconds = match unit.trim_end_matches('s') {
            "minute" => 60,
            "hour" => 3600,
            other => anyhow::bail!("`{other}` is no unit of a schedule here"),
        };
        Ok(number.parse::<u32>().with_context(|| format!("`{number}` is no number"))? * seconds)
    }
}

/// Lists the routes of a function, with the one of all preflights.
pub(crate) fn routes_of(name: &str) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain([&PREFLIGHT]).filter(move |route| route.function == name)
}

/// Returns whether the API calls a function.
pub(crate) fn is_behind_api(name: &str) -> bool {
    name == FALLBACK || routes_of(name).next().is_some()
}
