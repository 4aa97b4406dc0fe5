//! The invariants as checks: each returns the violations, so that an ablation can show that the check notices them.

use anyhow::Result;
use mooring_domain::base::table::Table;
use mooring_local::{Connected, Stack};

use crate::tables::held;
use crate::{World, world};

/// After T0 nothing of the connection is readable (S20, T50).
pub async fn readable(world: &World, connected: &Connected) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for account in &connected.accounts {
        for level in ["account", "campaign", "ad_group", "ad"] {
            let rest = format!("level={level}&from=2026-11-16&to=2026-11-22");
            let status = world.status(&world::report_path(&connected.id, account, &rest)).await?;
            if status != 404 {
                violations.push(format!("{level} report of {account} answers {status}"));
            }
        }
    }
    Ok(violations)
}

/// Nothing in any table names the connection or account any more (T42, T44).
pub async fn remains(stack: &Stack, what: &str) -> Result<Vec<String>> {
    let held = held(stack, what).await?;
    Ok(held.into_iter().map(|(table, count)| format!("{count} items in {table}")).collect())
}

/// No key or token of the connection is left (T42).
pub async fn openable(stack: &Stack, what: &str) -> Result<Vec<String>> {
    let items = stack.items_naming(Table::Vault, what).await?;
    Ok(items.iter().map(|item| format!("{:?}", item.get("sk"))).collect())
}
