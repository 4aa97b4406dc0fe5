//! The data file, read strictly and checked against the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::names::Tests;

/// Everything in tests/promises.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promises {
    /// The promises of the four products.
    #[serde(rename = "promise")]
    pub(crate) claims: Vec<Claim>,
    /// Faults that were found once and that must not come back.
    #[serde(rename = "fault", default)]
    pub(crate) faults: Vec<Claim>,
    /// Figures that must hold.
    #[serde(rename = "measurement")]
    pub(crate) measurements: Vec<Measurement>,
    /// The tests, each with the change that it was seen to notice.
    #[serde(rename = "shown")]
    pub(crate) shown: Vec<Shown>,
}

/// A sentence that has to be true.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    /// Its id, such as `S20`.
    pub(crate) id: String,
    /// The sentence.
    pub(crate) says: String,
}

/// A figure and the test that measures it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measurement {
    /// Its number on the scorecard.
    pub(crate) id: u32,
    /// The sentence that must hold.
    pub(crate) says: String,
    /// The test binary that measures it, or a module of the binary `it`.
    pub(crate) by: String,
}

/// A test, and a change of one place in the code that makes it fail.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Default))]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    /// The claims that it shows.
    pub(crate) ids: Vec<String>,
    /// The package of the test.
    pub(crate) package: String,
    /// `lib` for a unit test, else the name of the test binary.
    pub(crate) target: String,
    /// The test's full name.
    pub(crate) test: String,
    /// What it shows, in one sentence.
    pub(crate) shows: String,
    /// The file of the change.
    pub(crate) file: String,
    /// The text that the change removes; it stands once in the file.
    pub(crate) find: String,
    /// The text that the change puts there.
    pub(crate) replace: String,
    /// The change in words: what the product no longer does.
    pub(crate) change: String,
}

impl Promises {
    /// Reads the data file and checks each row against the tree: a row that names a missing test or text proves
    /// nothing.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join("tests/promises.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let promises: Self = toml::from_str(&text).context("tests/promises.toml")?;
        promises.claims_and_rows_fit()?;
        let packages = mooring_tests_tidy::packages()?;
        let tests = Tests::new(root, &packages);
        for row in &promises.shown {
            row.holds(root)
                .and_then(|()| tests.have(row))
                .with_context(|| format!("tests/promises.toml: {} {}", row.ids.join(", "), row.test))?;
        }
        for entry in &promises.measurements {
            tests
                .have_tests_called(&entry.by)
                .with_context(|| format!("tests/promises.toml: measurement {}", entry.id))?;
        }
        Ok(promises)
    }

    /// Fails for an id that nothing claims, so that a mistyped id does not silently prove nothing.
    pub(crate) fn claim_each(&self, ids: &[String]) -> Result<()> {
        let claims = || self.claims.iter().chain(&self.faults).map(|claim| claim.id.as_str());
        if let Some(id) = ids.iter().find(|id| claims().all(|known| known != id.as_str())) {
            bail!("nothing claims {id}; claimed are {}", claims().collect::<Vec<_>>().join(", "));
        }
        Ok(())
    }

    /// Lists the rows that show a claim.
    pub(crate) fn rows<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Shown> {
        self.shown.iter().filter(move |row| row.ids.iter().any(|other| other == id))
    }

    fn claims_and_rows_fit(&self) -> Result<()> {
        let mut claims = BTreeMap::new();
        for claim in self.claims.iter().chain(&self.faults) {
            ensure!(claims.insert(claim.id.as_str(), claim).is_none(), "{} is claimed twice", claim.id);
        }
        let shown: BTreeSet<_> = self.shown.iter().flat_map(|row| &row.ids).map(String::as_str).collect();
        if let Some(id) = claims.keys().find(|id| !shown.contains(*id)) {
            bail!("{id} is claimed and no row shows it; an id counts only with a row");
        }
        if let Some(id) = shown.iter().find(|id| !claims.contains_key(*id)) {
            bail!("a row shows {id}, which nothing claims");
        }
        Ok(())
    }
}

impl Shown {
    fn holds(&self, root: &Path) -> Result<()> {
        let path = root.join(&self.file);
        let text = fs::read_to_string(&path).with_context(|| self.file.clone())?;
        let times = text.matches(self.find.as_str()).count();
        ensure!(times == 1, "the text to find stands {times} times in {}, not once", self.file);
        ensure!(self.find != self.replace, "the change changes nothing");
        Ok(())
    }

    /// Makes the change in a text of the file.
    pub(crate) fn broken(&self, text: &str) -> String {
        text.replacen(self.find.as_str(), &self.replace, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promises(claimed: &[&str], shown: &[&str]) -> Promises {
        let claim = |id: &&str| Claim { id: (*id).to_owned(), says: String::new() };
        let row = |id: &&str| Shown { ids: vec![(*id).to_owned()], ..Shown::default() };
        Promises {
            claims: claimed.iter().map(claim).collect(),
            faults: Vec::new(),
            measurements: Vec::new(),
            shown: shown.iter().map(row).collect(),
        }
    }

    #[test]
    fn a_claim_without_a_row_and_a_row_without_a_claim_are_refused() {
        promises(&["S1", "S2"], &["S2", "S1", "S1"]).claims_and_rows_fit().unwrap();
        for (claimed, shown) in [(["S1", "S2"], ["S1", "S1"]), (["S1", "S1"], ["S1", "S1"])] {
            assert!(promises(&claimed, &shown).claims_and_rows_fit().is_err(), "{claimed:?} {shown:?}");
        }
        assert!(promises(&["S1"], &["S1", "S3"]).claims_and_rows_fit().is_err());
    }

    #[test]
    fn only_ids_that_are_claimed_can_be_proven() {
        let promises = promises(&["S1"], &["S1"]);
        promises.claim_each(&["S1".to_owned()]).unwrap();
        let error = promises.claim_each(&["S1".to_owned(), "s1".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "nothing claims s1; claimed are S1");
    }
}
