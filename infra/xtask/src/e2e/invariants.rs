//! The invariants that hold once everything has come to rest, read from the tables, the API and the platform.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use mooring_local::Product;
use mooring_tests_journeys::Platform;
use reqwest::{Method, StatusCode};

use super::aws::{HOLDING, key};
use super::cloud::Cloud;
use super::journey::report_path;
use super::kill::Story;
use super::{ageing, reading};

/// Every invariant that was checked, with how often it held, and every violation.
#[derive(Default)]
pub(crate) struct Findings {
    held: BTreeMap<&'static str, usize>,
    /// The violations, as sentences.
    pub(crate) violations: Vec<String>,
}

impl Findings {
    fn expect(&mut self, holds: bool, what: &'static str, violation: impl FnOnce() -> String) {
        *self.held.entry(what).or_default() += usize::from(holds);
        if !holds {
            self.violations.push(format!("{what}: {}", violation()));
        }
    }

    /// Lists the invariants with how often each held.
    pub(crate) fn rows(&self) -> Vec<(String, String)> {
        self.held.iter().map(|(what, count)| ((*what).to_owned(), format!("{count} times"))).collect()
    }
}

/// Checks all invariants.
pub(crate) async fn check(cloud: &Cloud, product: &Product, stories: &[Story]) -> Result<Findings> {
    let mut findings = Findings::default();
    let rows = Rows::read(cloud).await?;
    gone(cloud, product, stories, &rows, &mut findings).await?;
    receipts(cloud, &rows, &mut findings).await?;
    live(cloud, product, &rows, &mut findings).await?;
    for connection in &rows.in_vault {
        let known = rows.states.contains_key(connection);
        findings.expect(known, "vault rows belong to a connection", || connection.clone());
    }
    Ok(findings)
}

/// The rows of the tables.
struct Rows {
    /// The states of all connections.
    states: BTreeMap<String, String>,
    /// The connections that any table names.
    named: BTreeSet<String>,
    /// The connections that the Vault names.
    in_vault: BTreeSet<String>,
}

impl Rows {
    async fn read(cloud: &Cloud) -> Result<Self> {
        let mut rows = Self { states: BTreeMap::new(), named: BTreeSet::new(), in_vault: BTreeSet::new() };
        for table in HOLDING {
            for item in cloud.items(table).await? {
                let keys = [key(&item, "pk"), key(&item, "sk")];
                let parts =
                    keys.iter().flat_map(|key| key.split('#')).filter(|part| part.starts_with("con_"));
                let connections: Vec<_> = parts.map(str::to_owned).collect();
                rows.named.extend(connections.iter().cloned());
                if table == "vault" {
                    rows.in_vault.extend(connections);
                } else if table == "connections" && key(&item, "sk").starts_with("con_") {
                    rows.states.insert(key(&item, "sk").to_owned(), key(&item, "state").to_owned());
                }
            }
        }
        Ok(rows)
    }
}

/// Checks that nothing is readable after a disconnect, and that nothing is left.
async fn gone(
    cloud: &Cloud,
    product: &Product,
    stories: &[Story],
    rows: &Rows,
    findings: &mut Findings,
) -> Result<()> {
    for story in stories.iter().filter(|story| story.disconnected) {
        for account in &story.accounts {
            let status =
                product.send(Method::GET, &report_path(&story.connection, account), None).await?.status();
            let unreadable = status == StatusCode::NOT_FOUND;
            findings.expect(unreadable, "a report after a disconnect is 404", || {
                format!("{status} of {}", story.connection)
            });
        }
        let left = rows.named.contains(&story.connection);
        findings.expect(!left, "no row names a purged connection", || story.connection.clone());
    }
    for deletion in ageing::deletions(cloud).await? {
        let over = ageing::is_over(&deletion);
        findings.expect(over, "every deletion is done", || format!("{:?}", deletion.get("step")));
    }
    Ok(())
}

/// Checks that a receipt exists only for a connection whose rows were counted at zero, and still are.
async fn receipts(cloud: &Cloud, rows: &Rows, findings: &mut Findings) -> Result<()> {
    for deletion in ageing::deletions(cloud).await? {
        let connection = key(&deletion, "connection");
        let events = deletion.get("events").and_then(|events| events["L"].as_array()).context("no events")?;
        let counts = events.last().and_then(|event| event["M"]["counts"]["L"].as_array().cloned());
        let zero = counts.is_some_and(|counts| {
            !counts.is_empty() && counts.iter().all(|count| count["M"]["items"]["N"] == "0")
        });
        let verified = !key(&deletion, "verified_at").is_empty();
        let empty = !rows.named.contains(connection);
        findings.expect(verified && zero && empty, "a receipt is true", || connection.to_owned());
    }
    Ok(())
}

/// Checks that every connection that is there is active and complete, and agrees with the platform.
async fn live(cloud: &Cloud, product: &Product, rows: &Rows, findings: &mut Findings) -> Result<()> {
    let (platform, advertisers): (Platform, _) = (cloud.platform().await?, cloud.advertisers().await?);
    for (connection, state) in &rows.states {
        findings.expect(state == "active", "a connection that is there is active", || {
            format!("{connection}: {state}")
        });
        if state != "active" {
            continue;
        }
        for reader in reading::readers(product, connection).await? {
            let missing = reader.all_missing(product).await?;
            findings.expect(missing == 0, "every day of an active connection is there", || {
                format!("{missing} chunks of {connection}")
            });
            let compared = reader.compare(product, &platform, &advertisers).await;
            findings.expect(compared.is_ok(), "its figures are the platform's", || {
                format!("{connection}: {compared:?}")
            });
        }
    }
    Ok(())
}
