//! `DynamoDB`: the embedded server, and TTL by the local clock.
//!
//! The embedded database takes a clock only in memory, so this module sweeps in both cases: by a paged scan and
//! conditional deletes through the database's own operations.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::list_tables::ListTablesRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::storage::TableMetadata;
use dynoxide::types::KeySchemaElement;
use dynoxide::{AttributeValue, Database, DynoxideError, Item};
use jiff::Timestamp;

use crate::disk;
use crate::folder::DATABASE;
use crate::trouble::{DataError, Trouble};

/// Items that ran out longer ago than this are left alone, as `DynamoDB` leaves them.
const TOO_OLD: Duration = Duration::from_hours(5 * 365 * 24);
/// Small pages, because every page holds the database.
const PAGE: usize = 100;
const EXPIRED: &str = "#ttl < :now AND #ttl > :floor";

/// Returns the database's file in a folder.
pub(crate) fn file(dir: &Path) -> PathBuf {
    dir.join(DATABASE)
}

/// Opens the database, and reads the list of its tables: a broken file shows itself here.
pub(crate) fn open(dir: Option<&Path>) -> Result<Database> {
    let Some(dir) = dir else { return Ok(Database::memory()?) };
    let file = file(dir);
    // SQLite gives the files that it puts beside this one the same rights.
    disk::keep_private(&file)?;
    let path = file.to_str().ok_or_else(|| {
        DataError::new(dir, Trouble::System, "the path of the data folder has to be UTF-8 for the database")
    })?;
    let said = |error: DynoxideError| DataError::database(&file, &error.to_string());
    let database = Database::new(path).map_err(said)?;
    database.list_tables(ListTablesRequest::default()).map_err(said)?;
    Ok(database)
}

/// Deletes the items that have expired at `now`. Returns how many they were, and how long it took.
pub(crate) async fn sweep(db: Database, now: Timestamp) -> Result<(u64, Duration)> {
    let started = Instant::now();
    let swept = tokio::task::spawn_blocking(move || sweep_tables(&db, now.as_second())).await??;
    Ok((swept, started.elapsed()))
}

fn sweep_tables(db: &Database, now: i64) -> Result<u64> {
    let mut swept = 0;
    let mut after = None;
    loop {
        let tables = db.list_tables(ListTablesRequest { exclusive_start_table_name: after, limit: None })?;
        for name in &tables.table_names {
            if let Some(meta) = db.get_table_metadata(name)?.filter(|meta| meta.ttl_enabled) {
                swept += Expired::new(&meta, now)?.delete_all(db)?;
            }
        }
        after = tables.last_evaluated_table_name;
        if after.is_none() {
            return Ok(swept);
        }
    }
}

/// The expired items of one table.
struct Expired {
    table: String,
    keys: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expired {
    fn new(meta: &TableMetadata, now: i64) -> Result<Self> {
        let schema: Vec<KeySchemaElement> = serde_json::from_str(&meta.key_schema)?;
        let floor = now.saturating_sub(i64::try_from(TOO_OLD.as_secs())?);
        let number = |value: i64| AttributeValue::N(value.to_string());
        Ok(Self {
            table: meta.table_name.clone(),
            keys: schema.into_iter().map(|key| key.attribute_name).collect(),
            names: [("#ttl".to_owned(), meta.ttl_attribute.clone().unwrap_or_default())].into(),
            values: [(":now".to_owned(), number(now)), (":floor".to_owned(), number(floor))].into(),
        })
    }

    fn delete_all(&self, db: &Database) -> Result<u64> {
        let mut deleted = 0;
        let mut after = None;
        loop {
            let page = db.scan(self.scan(after))?;
            for item in page.items.unwrap_or_default() {
                deleted += u64::from(self.delete(db, item)?);
            }
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(deleted);
            }
        }
    }

    fn scan(&self, after: Option<Item>) -> ScanRequest {
        ScanRequest {
            table_name: self.table.clone(),
            filter_expression: Some(EXPIRED.to_owned()),
            expression_attribute_names: Some(self.names.clone()),
            expression_attribute_values: Some(self.values.clone()),
            limit: Some(PAGE),
            exclusive_start_key: after,
            ..ScanRequest::default()
        }
    }

    /// Deletes one item if it is still expired: a caller may have moved its expiry meanwhile.
    fn delete(&self, db: &Database, item: Item) -> Result<bool> {
        let request = DeleteItemRequest {
            table_name: self.table.clone(),
            key: item.into_iter().filter(|(name, _)| self.keys.contains(name)).collect(),
            condition_expression: Some(EXPIRED.to_owned()),
            expression_attribute_names: Some(self.names.clone()),
            expression_attribute_values: Some(self.values.clone()),
            ..DeleteItemRequest::default()
        };
        match db.delete_item(request) {
            Ok(_) => Ok(true),
            Err(DynoxideError::ConditionalCheckFailedException(..)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
