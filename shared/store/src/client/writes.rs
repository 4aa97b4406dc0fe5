//! Single writes, transactions and batches. A write that collides with another write is tried again.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, ReturnValue, WriteRequest};
use mooring_domain::Result;
use mooring_domain::base::table::Table;

use crate::client::Store;
use crate::client::backoff::Backoff;
use crate::client::expression::{Check, Expression};
use crate::client::failure::{
    REFUSED, busy, coded, failed, is_conflict, is_refused, lost_the_race, not_built,
};
use crate::client::item::{Draft, Item};
use crate::client::key::Key;
use crate::client::write::{Write, key_item, with_key};

/// The most writes that DynamoDB takes in one transaction.
pub(crate) const TRANSACTION: usize = 100;

/// The most rows that DynamoDB takes in one batch of writes.
const BATCH: usize = 25;

/// A write of a transaction whose condition did not hold.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The position of the write in the transaction.
    pub(crate) position: usize,
    /// The row that DynamoDB found; `None` when there is none.
    pub(crate) found: Option<Item>,
}

enum Attempt {
    Done,
    Refused(Vec<Refusal>),
    Conflicted,
}

impl Store {
    /// Writes a whole row without a condition.
    pub(crate) async fn put(&self, key: &Key, draft: Draft) -> Result<()> {
        self.put_if(key, draft, &[]).await.map(|_| ())
    }

    /// Writes a whole row if conditions hold on the row before it; returns false when they do not.
    pub(crate) async fn put_if(&self, key: &Key, draft: Draft, checks: &[Check]) -> Result<bool> {
        let mut expression = Expression::default();
        let condition = expression.checks(checks);
        let (names, values) = expression.parts();
        let put = self.client.put_item().table_name(self.tables.name(key.table)?);
        let put = put.set_item(Some(with_key(key, draft.done()))).set_condition_expression(condition);
        let put = put.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let mut backoff = Backoff::default();
        loop {
            match put.clone().send().await {
                Ok(_) => return Ok(true),
                Err(error) if is_refused(&error) => return Ok(false),
                Err(error) if is_conflict(&error) && backoff.wait().await => {}
                Err(error) => return Err(failed(&error)),
            }
        }
    }

    /// Deletes a row and returns its last content. Of several callers at the same time exactly one gets it.
    pub(crate) async fn take(&self, key: &Key) -> Result<Option<Item>> {
        let mut expression = Expression::default();
        let condition = expression.checks(&[Check::Exists]);
        let (names, _) = expression.parts();
        let delete = self.client.delete_item().table_name(self.tables.name(key.table)?);
        let delete = delete.set_key(Some(key_item(key))).set_condition_expression(condition);
        let delete = delete.set_expression_attribute_names(names).return_values(ReturnValue::AllOld);
        let mut backoff = Backoff::default();
        loop {
            match delete.clone().send().await {
                Ok(answer) => return Ok(answer.attributes),
                Err(error) if is_refused(&error) => return Ok(None),
                Err(error) if is_conflict(&error) && backoff.wait().await => {}
                Err(error) => return Err(failed(&error)),
            }
        }
    }

    /// Does all writes or none. Returns the writes whose conditions did not hold; an empty list means that
    /// all were done.
    pub(crate) async fn transact(&self, writes: &[Write]) -> Result<Vec<Refusal>> {
        let mut backoff = Backoff::default();
        loop {
            match self.attempt(writes).await? {
                Attempt::Done => return Ok(Vec::new()),
                Attempt::Refused(refusals) => return Ok(refusals),
                Attempt::Conflicted if backoff.wait().await => {}
                Attempt::Conflicted => return Err(busy("TransactionConflict")),
            }
        }
    }

    async fn attempt(&self, writes: &[Write]) -> Result<Attempt> {
        let items = writes.iter().map(|write| write.to_sdk(&self.tables)).collect::<Result<Vec<_>>>()?;
        let sent = self.client.transact_write_items().set_transact_items(Some(items)).send().await;
        let Err(error) = sent else { return Ok(Attempt::Done) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
        else {
            return if is_conflict(&error) { Ok(Attempt::Conflicted) } else { Err(failed(&error)) };
        };
        let reasons = cancelled.cancellation_reasons();
        let refused = reasons.iter().enumerate().filter(|(_, reason)| reason.code() == Some(REFUSED));
        let refused: Vec<_> =
            refused.map(|(position, reason)| Refusal { position, found: reason.item.clone() }).collect();
        if !refused.is_empty() {
            return Ok(Attempt::Refused(refused));
        }
        if reasons.iter().any(lost_the_race) {
            return Ok(Attempt::Conflicted);
        }
        let codes = reasons.iter().filter_map(|reason| reason.code());
        Err(coded(codes.filter(|code| *code != "None").min().unwrap_or("TransactionCanceledException")))
    }

    /// Does writes in transactions, and leaves out those whose conditions do not hold.
    pub(crate) async fn transact_where_possible(&self, mut writes: Vec<Write>) -> Result<()> {
        while !writes.is_empty() {
            let mut batch: Vec<Write> = writes.drain(..writes.len().min(TRANSACTION)).collect();
            while !batch.is_empty() {
                let refused = self.transact(&batch).await?;
                if refused.is_empty() {
                    break;
                }
                for refusal in refused.iter().rev() {
                    batch.remove(refusal.position);
                }
            }
        }
        Ok(())
    }

    /// Deletes rows; a row that does not exist is no error.
    pub(crate) async fn delete_many(&self, table: Table, keys: &[Key]) -> Result<()> {
        let delete = |key| DeleteRequest::builder().set_key(Some(key_item(key))).build();
        let requests =
            keys.iter().map(|key| Ok(WriteRequest::builder().delete_request(delete(key)?).build()));
        let requests = requests.collect::<std::result::Result<Vec<_>, _>>().map_err(not_built)?;
        self.write_many(table, &requests).await
    }

    /// Writes whole rows without conditions.
    pub(crate) async fn put_many(&self, table: Table, rows: Vec<(Key, Draft)>) -> Result<()> {
        let put = |(key, draft): (Key, Draft)| {
            let item = with_key(&key, draft.done());
            Ok(WriteRequest::builder()
                .put_request(PutRequest::builder().set_item(Some(item)).build()?)
                .build())
        };
        let requests =
            rows.into_iter().map(put).collect::<std::result::Result<Vec<_>, _>>().map_err(not_built)?;
        self.write_many(table, &requests).await
    }

    async fn write_many(&self, table: Table, requests: &[WriteRequest]) -> Result<()> {
        let name = self.tables.name(table)?;
        for batch in requests.chunks(BATCH) {
            let mut open = batch.to_vec();
            let mut backoff = Backoff::default();
            loop {
                let asked = HashMap::from([(name.to_owned(), open)]);
                let answer = self.client.batch_write_item().set_request_items(Some(asked)).send().await;
                let left = answer.map_err(|error| failed(&error))?.unprocessed_items;
                open = left.and_then(|mut tables| tables.remove(name)).unwrap_or_default();
                if open.is_empty() {
                    break;
                }
                if !backoff.wait().await {
                    return Err(busy("unprocessed items"));
                }
            }
        }
        Ok(())
    }
}
