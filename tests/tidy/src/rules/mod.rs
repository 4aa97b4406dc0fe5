//! Our own rules for template.yaml, each a pure function from the template to its violations.
//!
//! General tools know AWS's recommendations; these rules know our promises. `tests/it/rules.rs` judges the template by
//! them and proves with a broken copy that each rule fires.

mod api;
mod functions;
mod logs;
mod permissions;
mod queues;
mod roles;
mod tables;
mod watching;

use std::sync::LazyLock;

use crate::template::{API, Template};

pub use permissions::{DECRYPTS, EXCEPTIONS};
pub use roles::policy_size;
pub use tables::class;

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The reason: what goes wrong without the rule.
    pub why: &'static str,
    /// Finds its violations, a line each.
    pub check: fn(&Template) -> Vec<String>,
}

/// Every rule.
pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let subjects = [
        tables::RULES,
        queues::RULES,
        functions::RULES,
        api::RULES,
        roles::RULES,
        permissions::RULES,
        logs::RULES,
        watching::RULES,
    ];
    subjects.concat()
});

/// Returns a line for each name that a test does not accept.
fn unless<'a, T: ?Sized + 'a>(
    all: impl IntoIterator<Item = (&'a str, &'a T)>,
    good: impl Fn(&'a str, &'a T) -> bool,
    wants: &str,
) -> Vec<String> {
    let bad = all.into_iter().filter(|(id, value)| !good(id, value));
    bad.map(|(id, _)| format!("{id}: {wants}")).collect()
}
