//! Stores chunks: the newest version under one key, earlier ones beside it, further parts of both under keys
//! of their own.
//!
//! The caller reads the fence again right before each write. A row that is written although a cutoff came
//! after that check is sealed under a destroyed key.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::AccountRef;
use mooring_domain::base::table::Table;
use mooring_domain::base::together::{Work, together};
use mooring_domain::sync::chunk::{NewChunk, StoredChunk};
use mooring_domain::sync::ports::{ChunkRead, ChunkWrite};
use mooring_domain::vault::keys::SealedBox;

use crate::client::Store;
use crate::client::item::{Draft, Fields, Item, SK, bytes, number};
use crate::client::{Backoff, Check, Placed, busy};
use crate::sync::keys;
use crate::vault::items::{read_sealed, write_sealed};

const VERSION: &str = "version";

/// The row of one version: all its data except its further parts.
struct Head {
    version: Timestamp,
    rows: u64,
    parts: usize,
    first: Option<SealedBox>,
}

fn read_head(item: &Item) -> Result<Head> {
    let fields = Fields::of("chunk", item);
    let millis = fields.number(VERSION)?;
    let parts = fields.number("parts")?;
    Ok(Head {
        version: Timestamp::from_millisecond(millis).map_err(|_| fields.broken(VERSION))?,
        rows: fields.number("rows")?,
        parts,
        first: if parts == 0 { None } else { Some(fields.sealed("box")?) },
    })
}

fn write_head(chunk: &StoredChunk, expires_at: Option<Timestamp>) -> Draft {
    Draft::default()
        .with(VERSION, number(chunk.version.as_millisecond()))
        .with("rows", number(chunk.rows))
        .with("parts", number(chunk.parts.len()))
        .maybe("box", chunk.parts.first().map(|part| bytes(&part.0)))
        .maybe_expiring(expires_at)
}

#[async_trait]
impl ChunkRead for Store {
    async fn chunks(
        &self,
        account: &AccountRef,
        first: &str,
        last: &str,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<StoredChunk>> {
        if first > last {
            return Ok(Vec::new());
        }
        let rows = self.query(&keys::currents(account, first, last)).await?;
        let read =
            |row| -> Work<'_, Result<Option<StoredChunk>>> { Box::pin(self.chunk(account, row, as_of)) };
        let read = together(rows.into_iter().map(read).collect(), AT_ONCE).await;
        read.into_iter().filter_map(Result::transpose).collect()
    }
}

/// The most chunks that are read whole, or stored, at the same time.
const AT_ONCE: usize = 8;

#[async_trait]
impl ChunkWrite for Store {
    async fn put_chunks(&self, account: &AccountRef, chunks: &[NewChunk]) -> Result<Vec<Result<bool>>> {
        let inserted = self.insert_heads(account, chunks).await?;
        let puts = chunks.iter().zip(inserted).map(|(new, inserted)| -> Work<'_, _> {
            Box::pin(async move {
                match new {
                    _ if inserted => Ok(true),
                    NewChunk { is_first: true, .. } => self.put_first(account, new).await,
                    _ => self.put_over(account, new).await,
                }
            })
        });
        Ok(together(puts.collect(), AT_ONCE).await)
    }
}

impl Store {
    /// Inserts chunks where none exists, many in one call. Returns for each chunk whether it is stored. A
    /// chunk that meets another row or has further parts is left to the calls that read the row first.
    async fn insert_heads(&self, account: &AccountRef, chunks: &[NewChunk]) -> Result<Vec<bool>> {
        let fits = |new: &NewChunk| new.is_first && new.chunk.parts.len() <= 1;
        let rows = chunks.iter().filter(|new| fits(new)).map(|new| {
            let key = keys::current(account, &new.chunk.name);
            (key, write_head(&new.chunk, new.expires_at))
        });
        let mut inserted = self.insert_many(Table::Reports, rows.collect()).await?.into_iter();
        Ok(chunks.iter().map(|new| fits(new) && inserted.next().unwrap_or(false)).collect())
    }

    /// Stores a chunk of which no version is known, and reads the current chunk only if one exists.
    async fn put_first(&self, account: &AccountRef, new: &NewChunk) -> Result<bool> {
        let NewChunk { chunk, expires_at, .. } = new;
        // The further parts of a refused version would stay behind without use.
        if chunk.parts.len() > 1 {
            return self.put_over(account, new).await;
        }
        let key = keys::current(account, &chunk.name);
        let absent = Check::AbsentOrExpired(self.clock.now());
        match self.place(&key, write_head(chunk, *expires_at), &[absent]).await? {
            Placed::Over(_) => Ok(true),
            // The answer of an earlier attempt was lost, and the row is the one that this attempt wrote.
            Placed::Behind(item) if read_head(&item)?.version == chunk.version => Ok(true),
            Placed::Behind(_) => self.put_over(account, new).await,
        }
    }

    /// Stores a version as the current chunk and keeps the version before it as an earlier one.
    async fn put_over(&self, account: &AccountRef, new: &NewChunk) -> Result<bool> {
        let NewChunk { chunk, expires_at, .. } = new;
        let key = keys::current(account, &chunk.name);
        let version = chunk.version.as_millisecond();
        let mut backoff = Backoff::default();
        let mut sent = false;
        loop {
            let before = self.get(&key).await?;
            let stored =
                before.as_ref().map(read_head).transpose()?.map(|current| current.version.as_millisecond());
            if stored.is_some_and(|stored| stored >= version) {
                // The SDK sends a put again when the answer is lost, and DynamoDB refuses it: the row is then
                // our own version.
                return Ok(sent && stored == Some(version));
            }
            if !sent {
                self.put_parts(account, chunk, *expires_at).await?;
            }
            let unchanged = self.keep_past(account, &chunk.name, before).await?;
            sent = true;
            if self.put_if(&key, write_head(chunk, *expires_at), &[unchanged]).await? {
                return Ok(true);
            }
            if !backoff.wait().await {
                return Err(busy("a chunk that others keep writing"));
            }
        }
    }

    /// Writes the further parts. They come before the current chunk, so that it never names a part that does
    /// not exist.
    async fn put_parts(
        &self,
        account: &AccountRef,
        chunk: &StoredChunk,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        let parts = chunk.parts.iter().enumerate().skip(1);
        let row = |(number, part)| {
            let key = keys::part(account, &chunk.name, chunk.version, number);
            (key, write_sealed(part).maybe_expiring(expires_at))
        };
        self.put_many(Table::Reports, parts.map(row).collect()).await
    }

    /// Copies the newest version unchanged to its earlier key, and returns the condition that it is still the
    /// newest.
    async fn keep_past(&self, account: &AccountRef, name: &str, before: Option<Item>) -> Result<Check> {
        let Some(item) = before else { return Ok(Check::AbsentOrExpired(self.clock.now())) };
        let version = read_head(&item)?.version;
        self.put(&keys::past(account, name, version), Draft::of(item)).await?;
        Ok(Check::Is(VERSION, number(version.as_millisecond())))
    }

    /// Reads the version of a chunk that counts, of whose newest version this is the row.
    async fn chunk(
        &self,
        account: &AccountRef,
        row: Item,
        as_of: Option<Timestamp>,
    ) -> Result<Option<StoredChunk>> {
        let name = Fields::of("chunk", &row).word(SK, |sk| keys::parse_current(sk).map(str::to_owned))?;
        let current = read_head(&row)?;
        let wanted = match as_of {
            Some(at) if current.version > at => self.as_of(account, &name, at).await?,
            _ => Some(current),
        };
        match wanted {
            Some(current) => self.whole(account, name, current).await.map(Some),
            None => Ok(None),
        }
    }

    /// Reads the newest of the earlier versions of a chunk at an instant.
    async fn as_of(&self, account: &AccountRef, name: &str, at: Timestamp) -> Result<Option<Head>> {
        self.last(&keys::past_until(account, name, at)).await?.as_ref().map(read_head).transpose()
    }

    async fn whole(&self, account: &AccountRef, name: String, current: Head) -> Result<StoredChunk> {
        let mut parts: Vec<SealedBox> = current.first.into_iter().collect();
        if current.parts > 1 {
            let rows = self.query(&keys::parts(account, &name, current.version)).await?;
            parts.extend(rows.iter().map(read_sealed).collect::<Result<Vec<_>>>()?);
        }
        if parts.len() != current.parts {
            return Err(busy("a chunk without all its parts"));
        }
        Ok(StoredChunk { name, version: current.version, rows: current.rows, parts })
    }
}
