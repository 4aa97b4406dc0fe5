//! Seals chunks and puts them, with a fence check right before.

use jiff::Timestamp;

use super::context::{Step, SyncContext};
use super::gate;
use crate::base::error::Result;
use crate::sync::chunk::{NewChunk, StoredChunk, slot};
use crate::vault::keys::SealedBox;

/// A chunk before it is sealed.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) version: Timestamp,
    pub(super) rows: u64,
    pub(super) parts: Vec<Vec<u8>>,
    pub(super) expires_at: Option<Timestamp>,
    /// Whether Mooring knows of no other version.
    pub(super) is_first: bool,
}

/// Seals chunks, checks the fence and puts the chunks together. Returns for each whether it is the newest.
pub(super) async fn put(cx: &SyncContext<'_>, drafts: Vec<Draft>) -> Step<Vec<Result<bool>>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let chunks = drafts.into_iter().map(|draft| seal(cx, draft)).collect::<Result<Vec<_>>>()?;
    gate::before_put(cx).await?;
    Ok(cx.ports.rows.put_chunks(&cx.at, &chunks).await?)
}

/// Seals the parts of a chunk, each for its own slot.
fn seal(cx: &SyncContext<'_>, draft: Draft) -> Result<NewChunk> {
    let seal = |(part, bytes): (usize, &Vec<u8>)| -> Result<SealedBox> {
        cx.opened.key.seal(&slot(&draft.name, draft.version, part), bytes)
    };
    let parts = draft.parts.iter().enumerate().map(seal).collect::<Result<_>>()?;
    let chunk = StoredChunk { name: draft.name, version: draft.version, rows: draft.rows, parts };
    Ok(NewChunk { chunk, expires_at: draft.expires_at, is_first: draft.is_first })
}
