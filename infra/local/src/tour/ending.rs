//! The ending half of the tour: disconnect, the steps with the clock sped up, the receipt recounted, the dead man's switch.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::table::Table;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::screen::{done, say, table};
use crate::product::{Connected, Product};
use crate::stack::Stack;

/// The tables that hold the rows of a connection.
const HELD: [Table; 3] = [Table::Vault, Table::Connections, Table::Reports];

/// Disconnects, moves the clock from step to step, and holds the receipt against the tables.
pub(super) async fn disconnect(stack: &Stack, product: &Product, connected: &Connected) -> Result<()> {
    let before = count(stack, &connected.id).await?;
    let deletion = product.call(Method::DELETE, &format!("/v1/connections/{}", connected.id), None).await?;
    let id = deletion["id"].as_str().context("the deletion has no id")?.to_owned();
    let path = format!(
        "/v1/reports?connection_id={}&account_id={}&level=account&from=2026-01-01&to=2026-01-02",
        connected.id,
        connected.accounts.first().context("no account")?
    );
    let after = product.send(Method::GET, &path, None).await?.status();
    ensure!(after == StatusCode::NOT_FOUND, "the report is still there: {after}");
    done("disconnected; the very next read answers 404");

    let done_view = follow(stack, product, &id).await?;
    let receipt = product.get(&format!("/v1/deletions/{id}/receipt")).await?;
    let after = count(stack, &connected.id).await?;
    table(&["table", "items before", "items now"], &compared(&before, &after));
    ensure!(after.iter().all(|items| *items == 0), "the recount found items: {after:?}");
    ensure!(counted(&receipt) == 0, "the receipt counted items: {receipt}");
    done(&format!(
        "receipt verified at {}, recounted in the tables: both say zero",
        second(text(&done_view, "verified_at"))
    ));
    for residue in receipt["expires"].as_array().into_iter().flatten() {
        say(&format!(
            "    expires by {}: {} ({})",
            text(residue, "by"),
            text(residue, "place"),
            text(residue, "holds")
        ));
    }
    Ok(())
}

/// Lists the tables with two counts beside each other.
fn compared(before: &[usize], after: &[usize]) -> Vec<Vec<String>> {
    let counts = before.iter().zip(after);
    HELD.iter()
        .zip(counts)
        .map(|(table, (before, after))| {
            vec![table.as_str().to_owned(), before.to_string(), after.to_string()]
        })
        .collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or("?")
}

/// Sums up the receipt's counts.
fn counted(receipt: &Value) -> u64 {
    let places = receipt["counted"].as_array().into_iter().flatten();
    places.filter_map(|place| place["count"].as_u64()).sum()
}

/// Prints the steps that happened, and moves the clock to the next step once nothing happens any more by itself.
async fn follow(stack: &Stack, product: &Product, id: &str) -> Result<Value> {
    let (mut shown, mut waits) = (0, None);
    for _ in 0..600 {
        let view = product.get(&format!("/v1/deletions/{id}")).await?;
        let events = view["events"].as_array().cloned().unwrap_or_default();
        for event in events.iter().skip(shown) {
            let outcome =
                event["outcome"].as_str().map(|outcome| format!(" ({outcome})")).unwrap_or_default();
            done(&format!("{}  {}{outcome}", second(text(event, "at")), text(event, "step")));
        }
        shown = events.len();
        if view["step"] == "done" {
            return Ok(view);
        }
        let next = view["next_step_at"].as_str().map(str::to_owned);
        if next == waits {
            jump(
                stack,
                next.as_deref().unwrap_or_default().parse::<Timestamp>()? + SignedDuration::from_secs(1),
            );
        }
        waits = next;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    anyhow::bail!("deletion {id} did not end")
}

/// Writes a time to the second: nobody reads nanoseconds.
fn second(time: &str) -> String {
    let parsed = time.parse::<Timestamp>().map(|time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    parsed.unwrap_or_else(|_| time.to_owned())
}

/// Moves the clock forward to an instant, if that is ahead.
fn jump(stack: &Stack, to: Timestamp) {
    let ahead = stack.clock().now().duration_until(to);
    if let Ok(ahead) = Duration::try_from(ahead) {
        stack.clock().advance(ahead);
    }
}

/// Counts the items of each table of [`HELD`] that name the connection in their keys.
async fn count(stack: &Stack, connection: &str) -> Result<Vec<usize>> {
    let mut counts = Vec::new();
    for table in HELD {
        counts.push(stack.items_naming(table, connection).await?.len());
    }
    Ok(counts)
}

/// Disconnects a second connection while every function of Mooring is dead, and lets TTL alone do the rest.
pub(super) async fn dead_man(stack: &Stack, product: &Product) -> Result<()> {
    let connected = super::connect(product, "tour-ben").await?;
    wait_for_rows(stack, &connected.id).await?;
    stack.stop_background().await;
    product.call(Method::DELETE, &format!("/v1/connections/{}", connected.id), None).await?;
    stack.stop_gateway().await;
    done("disconnected, then every function was stopped: planner, workers, sweeper, API");
    let before = count(stack, &connected.id).await?;
    jump(stack, stack.clock().now() + SignedDuration::from_mins(61));
    stack.aws().ttl_sweep_once().await?;
    let after = count(stack, &connected.id).await?;
    table(&["table", "items at T0", "after TTL alone"], &compared(&before, &after));
    ensure!(after.first() == Some(&0), "keys or tokens outlived TTL: {after:?}");
    done("keys and tokens are gone; what is left in the reports table is noise that no key opens");
    Ok(())
}

async fn wait_for_rows(stack: &Stack, connection: &str) -> Result<()> {
    for _ in 0..300 {
        if !stack.items_naming(Table::Reports, connection).await?.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the second connection did not sync")
}
