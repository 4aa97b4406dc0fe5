//! Our own rules for template.yaml, each a pure function from the template to its violations.
//!
//! General tools know what AWS recommends; these know what we promise. `tests/rules.rs` holds the template against them
//! and proves with a broken copy that each one fires.

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
    /// What goes wrong without it.
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

/// A line for each name that a test does not accept.
fn unless<'a, T: ?Sized + 'a>(
    all: impl IntoIterator<Item = (&'a str, &'a T)>,
    good: impl Fn(&'a str, &'a T) -> bool,
    wants: &str,
) -> Vec<String> {
    let bad = all.into_iter().filter(|(id, value)| !good(id, value));
    bad.map(|(id, _)| format!("{id}: {wants}")).collect()
}
