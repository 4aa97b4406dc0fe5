//! Sheets: the newest version under one key, earlier ones beside it, further parts of both under keys of their own.
//!
//! The caller re-reads the fence right before each write; what slips through is sealed under a destroyed key.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::deletion::Table;
use mooring_domain::keys::SealedBox;
use mooring_domain::ports::{AccountRef, NewSheet, SheetRead, SheetWrite};
use mooring_domain::sheet::StoredSheet;
use mooring_domain::together::{Work, together};

use crate::Store;
use crate::client::{Backoff, Check, Placed, busy};
use crate::items::vault::{read_sealed, write_sealed};
use crate::items::{Draft, Fields, Item, SK, bytes, number};
use crate::keys;

const VERSION: &str = "version";

/// The row of one version: everything but its further parts.
struct Head {
    version: Timestamp,
    rows: u64,
    parts: usize,
    first: Option<SealedBox>,
}

fn read_head(item: &Item) -> Result<Head> {
    let fields = Fields::of("sheet", item);
    let millis = fields.number(VERSION)?;
    let parts = fields.number("parts")?;
    Ok(Head {
        version: Timestamp::from_millisecond(millis).map_err(|_| fields.broken(VERSION))?,
        rows: fields.number("rows")?,
        parts,
        first: if parts == 0 { None } else { Some(fields.sealed("box")?) },
    })
}

fn write_head(sheet: &StoredSheet, expires_at: Option<Timestamp>) -> Draft {
    Draft::default()
        .with(VERSION, number(sheet.version.as_millisecond()))
        .with("rows", number(sheet.rows))
        .with("parts", number(sheet.parts.len()))
        .maybe("box", sheet.parts.first().map(|part| bytes(&part.0)))
        .maybe_expiring(expires_at)
}

#[async_trait]
impl SheetRead for Store {
    async fn sheets(
        &self,
        account: &AccountRef,
        first: &str,
        last: &str,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<StoredSheet>> {
        if first > last {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for row in self.query(&keys::heads(account, first, last)).await? {
            let name = Fields::of("sheet", &row).word(SK, |sk| keys::parse_head(sk).map(str::to_owned))?;
            let head = read_head(&row)?;
            let wanted = match as_of {
                Some(at) if head.version > at => self.as_of(account, &name, at).await?,
                _ => Some(head),
            };
            if let Some(head) = wanted {
                found.push(self.whole(account, name, head).await?);
            }
        }
        Ok(found)
    }
}

/// How many sheets are stored at the same time.
const AT_ONCE: usize = 8;

#[async_trait]
impl SheetWrite for Store {
    async fn put_sheets(&self, account: &AccountRef, sheets: &[NewSheet]) -> Result<Vec<Result<bool>>> {
        let inserted = self.insert_heads(account, sheets).await?;
        let puts = sheets.iter().zip(inserted).map(|(new, inserted)| -> Work<'_, _> {
            Box::pin(async move {
                match new {
                    _ if inserted => Ok(true),
                    NewSheet { is_first: true, .. } => self.put_first(account, new).await,
                    _ => self.put_over(account, new).await,
                }
            })
        });
        Ok(together(puts.collect(), AT_ONCE).await)
    }
}

impl Store {
    /// Inserts sheets where none is, many in one call. Of each answers whether that was all: whatever is in the way of
    /// one, or has further parts, is for the calls that look at what is there.
    async fn insert_heads(&self, account: &AccountRef, sheets: &[NewSheet]) -> Result<Vec<bool>> {
        let fits = |new: &NewSheet| new.is_first && new.sheet.parts.len() <= 1;
        let rows = sheets.iter().filter(|new| fits(new)).map(|new| {
            let key = keys::head(account, &new.sheet.name);
            (key, write_head(&new.sheet, new.expires_at))
        });
        let mut inserted = self.insert_many(Table::Reports, rows.collect()).await?.into_iter();
        Ok(sheets.iter().map(|new| fits(new) && inserted.next().unwrap_or(false)).collect())
    }

    /// Stores a sheet of which no version is known, and looks for one only where there is one.
    async fn put_first(&self, account: &AccountRef, new: &NewSheet) -> Result<bool> {
        let NewSheet { sheet, expires_at, .. } = new;
        // Further parts of a version that is refused would lie there for nothing.
        if sheet.parts.len() > 1 {
            return self.put_over(account, new).await;
        }
        let key = keys::head(account, &sheet.name);
        let absent = Check::AbsentOrExpired(self.clock.now());
        match self.place(&key, write_head(sheet, *expires_at), &[absent]).await? {
            Placed::Over(_) => Ok(true),
            // An answer was lost, and what is in the way is our own.
            Placed::Behind(item) if read_head(&item)?.version == sheet.version => Ok(true),
            Placed::Behind(_) => self.put_over(account, new).await,
        }
    }

    /// Stores a version over the one before it, which is kept.
    async fn put_over(&self, account: &AccountRef, new: &NewSheet) -> Result<bool> {
        let NewSheet { sheet, expires_at, .. } = new;
        let key = keys::head(account, &sheet.name);
        let version = sheet.version.as_millisecond();
        let mut backoff = Backoff::default();
        let mut sent = false;
        loop {
            let before = self.get(&key).await?;
            let stored =
                before.as_ref().map(read_head).transpose()?.map(|head| head.version.as_millisecond());
            if stored.is_some_and(|stored| stored >= version) {
                // A put whose answer was lost is sent again and refused: then it is our own version that is there.
                return Ok(sent && stored == Some(version));
            }
            if !sent {
                self.put_parts(account, sheet, *expires_at).await?;
            }
            let unchanged = self.keep_past(account, &sheet.name, before).await?;
            sent = true;
            if self.put_if(&key, write_head(sheet, *expires_at), &[unchanged]).await? {
                return Ok(true);
            }
            if !backoff.wait().await {
                return Err(busy("a sheet that others keep writing"));
            }
        }
    }

    /// The further parts come first, so that a head never names what is not there.
    async fn put_parts(
        &self,
        account: &AccountRef,
        sheet: &StoredSheet,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        let parts = sheet.parts.iter().enumerate().skip(1);
        let row = |(number, part)| {
            let key = keys::part(account, &sheet.name, sheet.version, number);
            (key, write_sealed(part).maybe_expiring(expires_at))
        };
        self.put_many(Table::Reports, parts.map(row).collect()).await
    }

    /// Copies the newest version aside as it is, and gives the condition that it is still the newest.
    async fn keep_past(&self, account: &AccountRef, name: &str, before: Option<Item>) -> Result<Check> {
        let Some(item) = before else { return Ok(Check::AbsentOrExpired(self.clock.now())) };
        let version = read_head(&item)?.version;
        self.put(&keys::past(account, name, version), Draft::of(item)).await?;
        Ok(Check::Is(VERSION, number(version.as_millisecond())))
    }

    /// The newest of the earlier versions of a sheet at a time.
    async fn as_of(&self, account: &AccountRef, name: &str, at: Timestamp) -> Result<Option<Head>> {
        self.last(&keys::past_until(account, name, at)).await?.as_ref().map(read_head).transpose()
    }

    async fn whole(&self, account: &AccountRef, name: String, head: Head) -> Result<StoredSheet> {
        let mut parts: Vec<SealedBox> = head.first.into_iter().collect();
        if head.parts > 1 {
            let rows = self.query(&keys::parts(account, &name, head.version)).await?;
            parts.extend(rows.iter().map(read_sealed).collect::<Result<Vec<_>>>()?);
        }
        if parts.len() != head.parts {
            return Err(busy("a sheet without all its parts"));
        }
        Ok(StoredSheet { name, version: head.version, rows: head.rows, parts })
    }
}
