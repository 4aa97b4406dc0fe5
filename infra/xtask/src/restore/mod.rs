//! Restores a table to a point in time, beside the live one, and keeps the copy apart until every deletion since then was
//! done to it too.
//!
//! A restore brings back what was deleted. The copy has a name that no role of a function names, so that nothing reads it;
//! only once the Ledger was replayed over it and every place was counted at zero does the chore say how to take it. Each
//! step may be repeated: the chore begins where the one before it ended.

mod replay;
#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ports::LedgerList as _;
use mooring_store::{Store, Tables};
use serde_json::{Value, json};

use crate::aws::stack::resource_of;
use crate::aws::{DYNAMODB, refused};
use crate::reach::InCloud;

/// How long the chore waits between two questions whether the copy is there. A restore takes minutes to hours.
const PAUSE: Duration = Duration::from_secs(5);

/// The table to restore.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The table, by its word: directory, connections, vault, reports or activity.
    #[arg(value_parser = table)]
    table: Table,
    /// The stack in AWS, by its name.
    #[arg(long, value_name = "NAME")]
    stack: String,
    /// The point in time, such as 2026-11-30T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    at: Timestamp,
    /// Makes the copy and replays the Ledger over it; without it the chore only says what it would do.
    #[arg(long)]
    yes: bool,
}

fn table(word: &str) -> Result<Table, String> {
    match Table::parse(word) {
        Some(Table::Ledger) => Err(
            "the Ledger says what has to be deleted from a copy; a copy of itself cannot be checked by it"
                .to_owned(),
        ),
        Some(table) if table.recovery_days().is_some() => Ok(table),
        Some(_) => Err("its rows live for minutes, and nothing can restore them".to_owned()),
        None => {
            Err("there is no such table; known: directory, connections, vault, reports, activity".to_owned())
        }
    }
}

/// Restores a table, or without `--yes` says what that would do.
#[expect(clippy::print_stdout, reason = "what was done and what comes next is what the chore is asked for")]
pub(crate) async fn run(options: &Options) -> Result<()> {
    let Options { table, at, .. } = *options;
    within_window(table, at, Timestamp::now())?;
    let cloud = InCloud::open(&options.stack).await?;
    let source = cloud.stack.resource(&resource_of(table))?.to_owned();
    let copy = copy_name(&options.stack, table, at);
    let live = cloud.store()?;
    let since = replay::since(live.every_deletion().await?, at);
    println!("{source} as it was at {at} becomes {copy}, which no function may read");
    println!("{} deletions of the Ledger have to be done to it", since.len());
    ensure!(options.yes, "nothing was done; say it again with --yes");
    restored(&cloud, &source, &copy, at).await?;
    let store = Store::reached_by(cloud.config.clone(), Tables::named([(table, copy.clone())]));
    let done = replay::replay(&live, &store, table, at).await?;
    println!(
        "{} deletions replayed, {} rows deleted from the copy, every place counted at zero",
        done.deletions, done.rows
    );
    println!("{}", next_step(&source, &copy, table));
    Ok(())
}

/// Refuses a point that the table's recovery window does not reach.
fn within_window(table: Table, at: Timestamp, now: Timestamp) -> Result<()> {
    let days = table.recovery_days().unwrap_or_default();
    let earliest = now - SignedDuration::from_hours(24 * i64::from(days));
    ensure!(at <= now, "{at} is not over yet");
    ensure!(
        at >= earliest,
        "`{}` can be restored to {earliest} at the earliest: it keeps {days} days",
        table.as_str()
    );
    Ok(())
}

/// Returns the name of the copy: the same for the same point, so that the chore finds it again.
fn copy_name(stack: &str, table: Table, at: Timestamp) -> String {
    let point: String = at.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{stack}-{}-restored-{point}", table.as_str())
}

/// Makes the copy, unless it is there, waits until it can be read, and switches TTL on.
async fn restored(cloud: &InCloud, source: &str, copy: &str, at: Timestamp) -> Result<()> {
    if state(cloud, copy).await?.is_none() {
        let body = json!({
            "SourceTableName": source,
            "TargetTableName": copy,
            "RestoreDateTime": at.as_second(),
        });
        ask(cloud, "RestoreTableToPointInTime", &body).await.context("beginning the restore")?;
    }
    loop {
        match state(cloud, copy).await?.as_deref() {
            Some("ACTIVE") => break,
            Some("CREATING" | "UPDATING") | None => tokio::time::sleep(PAUSE).await,
            Some(other) => bail!("the copy {copy} is {other}: look at it in DynamoDB"),
        }
    }
    expire(cloud, copy).await
}

/// Switches TTL on where it is off: a restored table has none, and expired rows must not stay.
async fn expire(cloud: &InCloud, copy: &str) -> Result<()> {
    let found = ask(cloud, "DescribeTimeToLive", &json!({ "TableName": copy })).await?;
    let status = found.pointer("/TimeToLiveDescription/TimeToLiveStatus").and_then(Value::as_str);
    if matches!(status, Some("ENABLED" | "ENABLING")) {
        return Ok(());
    }
    let specification = json!({ "AttributeName": "expires_at", "Enabled": true });
    let body = json!({ "TableName": copy, "TimeToLiveSpecification": specification });
    ask(cloud, "UpdateTimeToLive", &body).await.map(|_| ())
}

/// Returns the state of a table; `None` when there is none of this name.
async fn state(cloud: &InCloud, name: &str) -> Result<Option<String>> {
    match ask(cloud, "DescribeTable", &json!({ "TableName": name })).await {
        Ok(found) => Ok(found.pointer("/Table/TableStatus").and_then(Value::as_str).map(str::to_owned)),
        Err(error) if refused(&error).is_some_and(|refused| refused.code == "ResourceNotFoundException") => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn ask(cloud: &InCloud, operation: &str, body: &Value) -> Result<Value> {
    cloud.aws.json(DYNAMODB, &format!("DynamoDB_20120810.{operation}"), body).await
}

/// Says how the copy is taken, and what comes back with it that no deletion names.
fn next_step(source: &str, copy: &str, table: Table) -> String {
    let back = match table {
        Table::Directory => {
            "API keys that were revoked and origins that were taken away since then are back: compare \
                             `cargo xtask key list` before and after, and revoke again"
        }
        Table::Vault => {
            "tokens that were renewed since then are the old ones again: their connections ask the person"
        }
        _ => "what was written since then is missing from it",
    };
    format!(
        "the copy {copy} may now take the place of {source}. {back}. Say this chore again right before the switch: a \
         deletion since then would be missed otherwise. infra/deploy/README.md, Restore, has the steps"
    )
}
