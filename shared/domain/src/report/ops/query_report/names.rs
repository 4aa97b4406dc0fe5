//! Finds names and statuses of the entities on a page, in the structure chunks.

use std::collections::HashMap;

use super::Ports;
use super::page::ReportRow;
use super::query::Query;
use crate::base::error::Result;
use crate::base::ids::AccountRef;
use crate::connect::account::{Account, profile_slot};
use crate::platform::account::decode_accounts;
use crate::platform::figures::{Entity, Level};
use crate::sync::chunk::{decode_entities, slot, structure_name};
use crate::vault::keys::DataKey;

/// Describes the entities of rows. An entity that is not in the structure keeps its id alone.
pub(super) async fn fill(
    ports: &Ports,
    at: &AccountRef,
    key: &dyn DataKey,
    account: &Account,
    query: &Query,
    rows: &mut [ReportRow],
) -> Result<()> {
    let mut wanted: HashMap<String, Option<Entity>> =
        rows.iter().filter_map(|row| row.entity.clone()).map(|entity| (entity, None)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let found = if query.level == Level::Account { itself(key, account)? } else { Vec::new() };
    keep(found, &mut wanted);
    if query.level != Level::Account {
        structure(ports, at, key, query.level, &mut wanted).await?;
    }
    for row in rows {
        row.described = row.entity.as_ref().and_then(|entity| wanted.get(entity).cloned().flatten());
    }
    Ok(())
}

/// Reads the structure part by part and keeps the entities of the page.
async fn structure(
    ports: &Ports,
    at: &AccountRef,
    key: &dyn DataKey,
    level: Level,
    wanted: &mut HashMap<String, Option<Entity>>,
) -> Result<()> {
    let name = structure_name(level);
    for chunk in ports.rows.chunks(at, &name, &name, None).await? {
        for (part, sealed) in chunk.parts.iter().enumerate() {
            let plain = key.open(&slot(&chunk.name, chunk.version, part), sealed)?;
            keep(decode_entities(plain.bytes())?, wanted);
        }
    }
    Ok(())
}

fn keep(entities: Vec<Entity>, wanted: &mut HashMap<String, Option<Entity>>) {
    for entity in entities {
        if let Some(slot) = wanted.get_mut(&entity.id) {
            *slot = Some(entity);
        }
    }
}

/// Returns the account as the one entity of its own level.
fn itself(key: &dyn DataKey, account: &Account) -> Result<Vec<Entity>> {
    let plain = key.open(&profile_slot(&account.id), &account.profile)?;
    let described = decode_accounts(plain.bytes()).unwrap_or_default();
    let entity = |one: crate::platform::account::PlatformAccount| Entity {
        id: one.external_id,
        parent: String::new(),
        name: one.name,
        status: String::new(),
    };
    Ok(described.into_iter().map(entity).collect())
}
