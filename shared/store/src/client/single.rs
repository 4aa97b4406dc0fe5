//! Single writes, and their answer when a condition does not hold.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use mooring_domain::Result;

use crate::client::Store;
use crate::client::backoff::Backoff;
use crate::client::expression::{Check, Expression};
use crate::client::failure::{busy, failed, is_conflict, is_refused};
use crate::client::item::{Draft, Item};
use crate::client::key::Key;
use crate::client::write::{key_item, with_key};

/// The outcome of placing a row.
pub(crate) enum Placed {
    /// The row was placed; this is the row that it replaced, if there was one.
    Over(Option<Item>),
    /// The row was not placed; this is the row that stands there.
    Behind(Item),
}

impl Store {
    /// Writes a whole row if conditions hold on the row before it, and returns the row before it in both
    /// cases.
    pub(crate) async fn place(&self, key: &Key, draft: Draft, checks: &[Check]) -> Result<Placed> {
        let mut expression = Expression::default();
        let condition = expression.checks(checks);
        let (names, values) = expression.parts();
        let put = self.client.put_item().table_name(self.tables.name(key.table)?);
        let put = put.set_item(Some(with_key(key, draft.done()))).set_condition_expression(condition);
        let put = put.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let put = put.return_values(ReturnValue::AllOld);
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut backoff = Backoff::default();
        loop {
            let error = match put.clone().send().await {
                Ok(answer) => return Ok(Placed::Over(answer.attributes)),
                Err(error) => error,
            };
            if !is_refused(&error) {
                if is_conflict(&error) && backoff.wait().await {
                    continue;
                }
                return Err(failed(&error));
            }
            let found = match error.into_service_error() {
                PutItemError::ConditionalCheckFailedException(refused) if refused.item.is_some() => {
                    refused.item
                }
                _ => self.get(key).await?,
            };
            match found {
                Some(found) => return Ok(Placed::Behind(found)),
                // The row that refused the condition has been deleted meanwhile.
                None if backoff.wait().await => {}
                None => return Err(busy("a row that comes and goes")),
            }
        }
    }

    /// Sets attributes of a row and keeps the others; creates the row if it does not exist.
    pub(crate) async fn set(&self, key: &Key, set: &[(String, AttributeValue)]) -> Result<()> {
        self.set_if(key, set, &[], &[]).await.map(|_| ())
    }

    /// Sets and removes attributes of a row if conditions hold on it; returns false when they do not.
    pub(crate) async fn set_if(
        &self,
        key: &Key,
        set: &[(String, AttributeValue)],
        remove: &[&'static str],
        checks: &[Check],
    ) -> Result<bool> {
        let mut expression = Expression::default();
        let changes = expression.update(set, remove);
        let condition = expression.checks(checks);
        let (names, values) = expression.parts();
        let update = self.client.update_item().table_name(self.tables.name(key.table)?);
        let update = update.set_key(Some(key_item(key))).update_expression(changes);
        let update = update.set_condition_expression(condition);
        let update = update.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let mut backoff = Backoff::default();
        loop {
            match update.clone().send().await {
                Ok(_) => return Ok(true),
                Err(error) if is_refused(&error) => return Ok(false),
                Err(error) if is_conflict(&error) && backoff.wait().await => {}
                Err(error) => return Err(failed(&error)),
            }
        }
    }

    /// Deletes a row if conditions hold on it; otherwise does nothing.
    pub(crate) async fn delete_if(&self, key: &Key, checks: &[Check]) -> Result<()> {
        let mut expression = Expression::default();
        let condition = expression.checks(checks);
        let (names, values) = expression.parts();
        let delete = self.client.delete_item().table_name(self.tables.name(key.table)?);
        let delete = delete.set_key(Some(key_item(key))).set_condition_expression(condition);
        let delete = delete.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let mut backoff = Backoff::default();
        loop {
            match delete.clone().send().await {
                Ok(_) => return Ok(()),
                Err(error) if is_refused(&error) => return Ok(()),
                Err(error) if is_conflict(&error) && backoff.wait().await => {}
                Err(error) => return Err(failed(&error)),
            }
        }
    }
}
