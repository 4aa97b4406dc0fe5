//! Rows that are written only where none is, many in one call: the one thing that `PartiQL` can do and batches cannot.

use aws_sdk_dynamodb::types::BatchStatementRequest;
use mooring_domain::Result;
use mooring_domain::base::table::Table;

use crate::Store;
use crate::client::failure::{failed, not_built};
use crate::client::item::{Draft, Item};
use crate::client::key::Key;
use crate::client::write::with_key;

/// The most statements of one call.
const BATCH: usize = 25;

impl Store {
    /// Inserts rows of different keys, each only if none is there, expired or not. Answers of each whether it was
    /// inserted; why one was not is for a call of its own to find out.
    ///
    /// A statement has a condition and costs what a single put costs, which a batch of writes does not have and a
    /// transaction does not cost.
    pub(crate) async fn insert_many(&self, table: Table, rows: Vec<(Key, Draft)>) -> Result<Vec<bool>> {
        let name = self.tables.name(table)?;
        let statements = rows.into_iter().map(|(key, draft)| insert(name, with_key(&key, draft.done())));
        let mut statements = statements.collect::<Result<Vec<_>>>()?;
        let mut inserted = Vec::with_capacity(statements.len());
        while !statements.is_empty() {
            let batch: Vec<_> = statements.drain(..statements.len().min(BATCH)).collect();
            let end = inserted.len() + batch.len();
            let sent = self.client.batch_execute_statement().set_statements(Some(batch)).send().await;
            let answer = sent.map_err(|error| failed(&error))?;
            inserted.extend(answer.responses().iter().map(|one| one.error.is_none()));
            // What has no answer was not inserted, and no other answer moves to its place.
            inserted.resize(end, false);
        }
        Ok(inserted)
    }
}

/// The names in the text are ours; every value is a parameter.
fn insert(table: &str, item: Item) -> Result<BatchStatementRequest> {
    let (names, values): (Vec<_>, Vec<_>) = item.into_iter().unzip();
    let names: Vec<_> = names.iter().map(|name| format!("'{name}': ?")).collect();
    let text = format!("INSERT INTO \"{table}\" VALUE {{{}}}", names.join(", "));
    BatchStatementRequest::builder().statement(text).set_parameters(Some(values)).build().map_err(not_built)
}
