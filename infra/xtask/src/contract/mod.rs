//! Compares the connector's requests and the sandbox's answers with the vendors' own interface files, so that connector
//! and sandbox cannot agree on a mistake. The files are data from outside the repository; the repository keeps nothing
//! of them.

mod answers;
mod bench;
mod exceptions;
mod ledger;
mod operation;
mod requests;
mod schema;
mod specs;
mod tables;
mod tap;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use mooring_tiktok_ads::{CALLS_PER_SECOND, MANIFEST, return_codes};

use self::bench::{Bench, FULL};
use self::exceptions::{Exceptions, Outcome};
use self::ledger::Ledger;
use self::specs::Specs;

/// Checks everything against the files below `folder`, prints the checks, and fails on a violation.
#[expect(clippy::print_stdout, reason = "the table is what a person runs this for")]
pub(crate) async fn check(folder: &Path) -> Result<()> {
    let specs = Specs::read(&folder.join("tiktok"), &requests::base(&MANIFEST))?;
    let ledger = tiktok_ads(&specs).await?;
    let outcome = Exceptions::committed()?.apply(ledger.findings());
    println!("{}", told(&ledger, &outcome)?);
    let violations = outcome.violations.len();
    ensure!(violations == 0, "{violations} violations of the vendors' files");
    Ok(())
}

async fn tiktok_ads(specs: &Specs) -> Result<Ledger> {
    let bench = Bench::start(FULL).await?;
    bench.whole_way().await?;
    bench.refusals().await?;
    let exchanges = bench.tap.seen();
    let mut ledger = Ledger::default();
    requests::check(specs, &MANIFEST, &exchanges, &mut ledger);
    answers::check(specs, &MANIFEST, &exchanges, &mut ledger);
    tables::metrics(specs, &exchanges, &mut ledger);
    tables::scopes(specs, &MANIFEST, &mut ledger);
    for name in mooring_profiles::names() {
        if let Some(entry) = mooring_profiles::load(name)?.platform(MANIFEST.platform) {
            tables::profile(specs, &MANIFEST, name, entry, &mut ledger);
        }
    }
    tables::nesting(specs, &MANIFEST, &bench, &mut ledger).await?;
    tables::codes(specs, return_codes(), &bench, &mut ledger).await?;
    tables::rates(specs, &MANIFEST, CALLS_PER_SECOND, &mut ledger);
    Ok(ledger)
}

fn told(ledger: &Ledger, outcome: &Outcome) -> Result<String> {
    let Outcome { excused, violations } = outcome;
    let mut text = format!("{}\n\n", ledger.table());
    for (finding, reason) in excused {
        writeln!(
            text,
            "excepted  [{}] {}: {} ({reason})",
            finding.rule.word(),
            finding.subject,
            finding.detail
        )?;
    }
    for finding in violations {
        writeln!(text, "VIOLATION [{}] {}: {}", finding.rule.word(), finding.subject, finding.detail)?;
    }
    let (checks, excepted) = (ledger.total(), excused.len());
    write!(text, "{checks} checks, {excepted} exceptions, {} violations", violations.len())?;
    Ok(text)
}
