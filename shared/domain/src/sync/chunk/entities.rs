//! Encodes a level's names and statuses as a block.

use crate::base::error::Result;
use crate::platform::figures::Entity;
use crate::sync::chunk::column::{Reader, put_ids, put_texts, put_uint, take_ids, take_texts};
use crate::sync::chunk::{broken, split, unpack};

/// The first byte of a block of entities.
const ENTITIES_V1: u8 = 2;

/// Encodes a level's entities, sorted by id, into packed parts. The same entities give the same bytes.
pub fn encode_entities(entities: &mut [Entity]) -> Result<Vec<Vec<u8>>> {
    entities.sort_by(|a, b| a.id.len().cmp(&b.id.len()).then_with(|| a.id.cmp(&b.id)));
    split(encode_block(entities), entities, encode_block)
}

fn encode_block(entities: &[Entity]) -> Vec<u8> {
    let mut out = vec![ENTITIES_V1];
    put_uint(&mut out, u64::try_from(entities.len()).unwrap_or(0));
    put_ids(&mut out, entities.iter().map(|entity| entity.id.as_str()));
    put_texts(&mut out, entities.iter().map(|entity| entity.parent.as_str()));
    put_texts(&mut out, entities.iter().map(|entity| entity.name.as_str()));
    put_texts(&mut out, entities.iter().map(|entity| entity.status.as_str()));
    out
}

/// Decodes one packed part.
pub fn decode_entities(packed: &[u8]) -> Result<Vec<Entity>> {
    let plain = unpack(packed)?;
    let mut reader = Reader::new(&plain);
    if reader.byte()? != ENTITIES_V1 {
        return Err(broken("unknown version"));
    }
    let count = reader.count()?;
    let ids = take_ids(&mut reader, count)?;
    let parents = take_texts(&mut reader, count)?;
    let names = take_texts(&mut reader, count)?;
    let statuses = take_texts(&mut reader, count)?;
    reader.end()?;
    let texts = parents.into_iter().zip(names).zip(statuses);
    Ok(ids
        .into_iter()
        .zip(texts)
        .map(|(id, ((parent, name), status))| Entity { id: id.into(), parent, name, status })
        .collect())
}
