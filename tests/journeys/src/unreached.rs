//! Rights that the guarded journey does not need, each with the reason and the test that shows its path.
//!
//! Some call of the journey has to need every other right of a role. Whoever finds a right that nothing needs removes
//! it from template.yaml; a right whose path is beyond the journey stands here until the journey goes there.

use std::collections::BTreeSet;

use anyhow::Result;
use mooring_tests_tidy::root;

use crate::guarded::Right;

/// A right without a call in the journey.
#[derive(Debug, Clone, Copy)]
pub struct Unreached {
    /// Function, statement, action.
    pub right: (&'static str, &'static str, &'static str),
    /// Why the journey does not go there.
    pub why: &'static str,
    /// True when chance decides whether the journey needs it, because two jobs of one batch may meet there: both is
    /// right.
    pub by_chance: bool,
    /// The file and the name of the test that makes this call.
    pub shown_by: (&'static str, &'static str),
}

/// All rights without a call in the journey.
pub const UNREACHED: &[Unreached] = &[
    Unreached {
        right: ("connection-activate", "Connections", "dynamodb:ConditionCheckItem"),
        by_chance: false,
        why: "only rows that do not fit the last transaction are written before it: about 25 accounts are too many",
        shown_by: (
            "tests/contract/tests/services/store/activation.rs",
            "a_crash_while_activating_many_accounts_leaves_nothing_between",
        ),
    },
    Unreached {
        right: ("sync-worker", "Ledger", "dynamodb:GetItem"),
        by_chance: true,
        why: "another cutoff has to come between the platform's answer and the job's own",
        shown_by: ("tests/contract/tests/services/store/cut.rs", "the_second_cutoff_is_told_of_the_first"),
    },
    Unreached {
        right: ("sync-worker", "Reports", "dynamodb:BatchWriteItem"),
        by_chance: false,
        why: "a day has further parts from 64 KiB on, sealed and compressed: thousands of ads",
        shown_by: (
            "tests/contract/tests/services/store/chunks.rs",
            "a_chunk_of_many_large_parts_is_read_whole_and_in_order",
        ),
    },
];

/// Lists the problems of the rights that roles have, when `needed` were needed; every line names a right.
pub fn problems(granted: &BTreeSet<Right>, needed: &BTreeSet<Right>) -> Result<Vec<String>> {
    let listed: BTreeSet<Right> = UNREACHED.iter().map(Unreached::named).collect();
    let mut found = Vec::new();
    let mut say = |rights: Vec<&Right>, what: &str| {
        found.extend(
            rights.iter().map(|(function, sid, action)| format!("{function} {sid} {action}: {what}")),
        );
    };
    let idle = granted.iter().filter(|right| !needed.contains(*right) && !listed.contains(*right));
    say(idle.collect(), "no call needs it; take it from the role, or let the journey go where it is needed");
    let certain: BTreeSet<Right> =
        UNREACHED.iter().filter(|one| !one.by_chance).map(Unreached::named).collect();
    say(certain.intersection(needed).collect(), "the journey needs it; take it from the list");
    say(listed.difference(granted).collect(), "no role has it; take it from the list");
    for Unreached { right, shown_by: (file, test), .. } in UNREACHED {
        if !std::fs::read_to_string(root().join(file))?.contains(&format!("fn {test}(")) {
            found.push(format!("{right:?}: {file} has no test {test}"));
        }
    }
    Ok(found)
}

impl Unreached {
    /// Returns the right itself.
    pub fn named(&self) -> Right {
        let (function, sid, action) = self.right;
        (function.to_owned(), sid.to_owned(), action.to_owned())
    }
}
