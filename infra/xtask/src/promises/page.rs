//! docs/promises.md.

use super::file::{Claim, Promises, Shown};

const HEAD: &str = "# Promises, and the test that shows each

Written by `cargo xtask promises` from tests/promises.toml; do not edit. A test compares it.

Four products that need a backend like this one tell their users in published privacy policies what becomes of their data:
Statasphere (S), TTPulse (T), SocialConnect (C) and Segmage (G). An id counts only with a test and with the change that
makes the test fail: `cargo xtask promises --prove` makes each change in a copy of the tree, runs the test and expects it
to be red. (R1 and on in [connector-spec.md](connector-spec.md) and in `tests/conformance` are rules for connectors.)
";

const FAULTS: &str = "
## Faults that were found once

Somebody saw each of them in the running product. Its row is the test that fails when the fault comes back.
";

const MEASUREMENTS: &str = "
## Measurements

| scorecard | must hold | measured by |
|---|---|---|
";

/// Writes the page.
pub(super) fn text(promises: &Promises) -> String {
    let mut out = String::from(HEAD);
    claims(&mut out, promises, &promises.claims);
    if !promises.faults.is_empty() {
        out.push_str(FAULTS);
        claims(&mut out, promises, &promises.faults);
    }
    out.push_str(MEASUREMENTS);
    for entry in &promises.measurements {
        out.push_str(&line(&[&entry.id.to_string(), &entry.says, &format!("`{}`", entry.by)]));
    }
    out
}

fn claims(out: &mut String, promises: &Promises, claims: &[Claim]) {
    out.push_str("\n| id | promised | the test shows | it fails when |\n|---|---|---|---|\n");
    for claim in claims {
        for (number, row) in promises.rows(&claim.id).enumerate() {
            let (id, says) = if number == 0 { (claim.id.as_str(), claim.says.as_str()) } else { ("", "") };
            let shows = format!("{} `{}`", row.shows, row.test);
            out.push_str(&line(&[id, says, &shows, &fails_when(row)]));
        }
    }
}

fn fails_when(row: &Shown) -> String {
    format!("{} ({})", row.change, row.file)
}

fn line(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}
