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
use crate::sync::chunk::{StoredChunk, decode_entities, slot, structure_name};
use crate::vault::keys::DataKey;

/// Reads the sealed chunks that name the entities of a question's rows; none where the rows name no entity, or where
/// the account is the only one.
pub(super) async fn structure(ports: &Ports, at: &AccountRef, query: &Query) -> Result<Vec<StoredChunk>> {
    if query.level == Level::Account || !query.group_by.entity {
        return Ok(Vec::new());
    }
    let name = structure_name(query.level);
    ports.rows.chunks(at, &name, &name, None).await
}

/// Describes the entities of rows. An entity that is not in the structure keeps its id alone.
pub(super) fn fill(
    key: &dyn DataKey,
    account: &Account,
    query: &Query,
    structure: &[StoredChunk],
    rows: &mut [ReportRow],
) -> Result<()> {
    let mut wanted: HashMap<String, Option<Entity>> =
        rows.iter().filter_map(|row| row.entity.clone()).map(|entity| (entity, None)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let found = if query.level == Level::Account { itself(key, account)? } else { Vec::new() };
    keep(found, &mut wanted);
    for chunk in structure {
        for (part, sealed) in chunk.parts.iter().enumerate() {
            let plain = key.open(&slot(&chunk.name, chunk.version, part), sealed)?;
            keep(decode_entities(plain.bytes())?, &mut wanted);
        }
    }
    for row in rows {
        row.described = row.entity.as_ref().and_then(|entity| wanted.get(entity).cloned().flatten());
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
