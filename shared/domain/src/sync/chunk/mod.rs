//! Chunks: versioned, columnar, compressed blocks of rows or names, which are then sealed.
//!
//! A chunk is everything of one kind on one day (`ad/2026-11-20`) or of one level (`structure/ad`). It is split by
//! entity order into parts of at most [`PART_BYTES`] compressed bytes, and each part is sealed on its own in the slot
//! [`slot`]. Keys, boxes and tables are not here.

mod column;
mod entities;
mod rows;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io;

pub use entities::{decode_entities, encode_entities};
use jiff::Timestamp;
use jiff::civil::Date;
pub use rows::{decode_rows, entity_order, pack_rows, plain_rows};
use zstd::bulk::Compressor;

use crate::base::error::{Error, Kind, Result};
use crate::platform::figures::Level;
use crate::vault::keys::SealedBox;

/// The largest compressed part in bytes, so that a part with its box fits into one 64 KiB value.
pub const PART_BYTES: usize = 60 * 1024;

/// The largest decompressed part in bytes: a limit against a crafted or broken block.
const PLAIN_BYTES: usize = 8 * 1024 * 1024;

/// zstd's quickest level: the columns leave little to find, and the levels above it find no more.
const ZSTD_LEVEL: i32 = 1;

/// A chunk as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunk {
    /// The chunk's name, such as `ad/2026-11-20`.
    pub name: String,
    /// When the platform was asked; the chunk's version.
    pub version: Timestamp,
    /// How many rows the chunk has.
    pub rows: u64,
    /// The chunk's sealed parts, in entity order.
    pub parts: Vec<SealedBox>,
}

/// Names the chunk of a day's rows.
pub fn day_name(level: Level, day: Date) -> String {
    format!("{}/{day}", level.as_str())
}

/// Names the chunk of a level's names and statuses.
pub fn structure_name(level: Level) -> String {
    format!("structure/{}", level.as_str())
}

/// Reads the day from a name that [`day_name`] made.
pub fn day_of(name: &str) -> Option<Date> {
    name.split_once('/')?.1.parse().ok()
}

/// Names the slot of a part: the chunk's name, its version and the part's number, which never change once written.
pub fn slot(name: &str, version: Timestamp, part: usize) -> String {
    format!("{name}@{}#{part}", version.as_millisecond())
}

/// Makes the error of a block that does not decode. The box was opened, so Mooring itself wrote a wrong block.
fn broken(what: &'static str) -> Error {
    Error::new(Kind::Sealed, "broken_sheet", format!("A stored chunk does not decode: {what}."))
}

thread_local! {
    /// A compressor's tables are larger than most blocks, so they are made once.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses a block.
fn pack(plain: &[u8]) -> Result<Vec<u8>> {
    let compress = |kept: &RefCell<Option<Compressor<'static>>>| -> io::Result<Vec<u8>> {
        let mut kept = kept.borrow_mut();
        let compressor = match &mut *kept {
            Some(compressor) => compressor,
            none => none.insert(Compressor::new(ZSTD_LEVEL)?),
        };
        compressor.compress(plain)
    };
    COMPRESSOR.with(compress).map_err(|error| {
        Error::new(Kind::Internal, "compress", "A chunk could not be compressed.").because(error)
    })
}

/// Decompresses a block within limits.
fn unpack(packed: &[u8]) -> Result<Vec<u8>> {
    zstd::bulk::decompress(packed, PLAIN_BYTES).map_err(|error| broken("not compressed data").because(error))
}

/// Packs encoded items into parts, halving until each part fits.
fn split<T>(plain: Vec<u8>, items: &[T], encode: impl Fn(&[T]) -> Vec<u8> + Copy) -> Result<Vec<Vec<u8>>> {
    if plain.len() <= PLAIN_BYTES {
        let packed = pack(&plain)?;
        if packed.len() <= PART_BYTES || items.len() <= 1 {
            return Ok(vec![packed]);
        }
    }
    drop(plain);
    let (left, right) = items.split_at(items.len() / 2);
    let mut parts = split(encode(left), left, encode)?;
    parts.extend(split(encode(right), right, encode)?);
    Ok(parts)
}

/// A sealed chunk that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChunk {
    /// The chunk.
    pub chunk: StoredChunk,
    /// Until when the chunk is kept; `None`: as long as its account is connected.
    pub expires_at: Option<Timestamp>,
    /// True when no other version of the chunk is known. This may be wrong: it only says which write to try first.
    pub is_first: bool,
}
