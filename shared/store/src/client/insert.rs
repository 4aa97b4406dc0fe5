//! Inserts many rows in one call, each only where no row exists. `PartiQL` statements can have such
//! conditions, batches of writes cannot.

use aws_sdk_dynamodb::types::BatchStatementRequest;
use mooring_domain::Result;
use mooring_domain::base::table::Table;

use crate::client::Store;
use crate::client::failure::{failed, not_built};
use crate::client::item::{Draft, Item};
use crate::client::key::Key;
use crate::client::write::with_key;

/// The most statements that DynamoDB takes in one call.
const BATCH: usize = 25;

impl Store {
    /// Inserts rows of different keys, each only if no row has its key, expired or not. Returns for each row
    /// whether it was inserted. It does not return why one was not: the caller makes another call to find
    /// out.
    ///
    /// A statement costs as much as a single put and can have a condition. A batch of writes can have none,
    /// and a transaction costs twice as much.
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
            // A statement without an answer counts as not inserted; the answers of later batches keep their
            // places.
            inserted.resize(end, false);
        }
        Ok(inserted)
    }
}

/// Makes one statement. The code chooses all names in its text; every value is a parameter.
fn insert(table: &str, item: Item) -> Result<BatchStatementRequest> {
    let (names, values): (Vec<_>, Vec<_>) = item.into_iter().unzip();
    let names: Vec<_> = names.iter().map(|name| format!("'{name}': ?")).collect();
    let text = format!("INSERT INTO \"{table}\" VALUE {{{}}}", names.join(", "));
    BatchStatementRequest::builder().statement(text).set_parameters(Some(values)).build().map_err(not_built)
}
