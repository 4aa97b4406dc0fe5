//! Calls that are tried once and within a short time: their caller can continue without an answer and must
//! not wait.

use std::collections::HashMap;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, Config};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use mooring_domain::Result;
use mooring_domain::base::table::Table;

use crate::client::Store;
use crate::client::expression::{Check, Expression};
use crate::client::failure::{failed, not_built};
use crate::client::item::{Draft, Item};
use crate::client::key::Key;
use crate::client::write::{key_item, with_key};

/// The changes of an update to one row.
pub(crate) struct Change {
    /// The attributes that the update sets.
    pub(crate) set: Vec<(String, AttributeValue)>,
    /// The number that the update adds to.
    pub(crate) add: Option<(&'static str, AttributeValue)>,
    /// The conditions of the update.
    pub(crate) checks: Vec<Check>,
}

impl Store {
    /// Reads rows of one table, eventually consistent and expired ones included.
    pub(crate) async fn glance(&self, table: Table, keys: &[Key]) -> Result<Vec<Item>> {
        let name = self.tables.name(table)?;
        let keys = keys.iter().map(key_item).collect();
        let asked = KeysAndAttributes::builder().set_keys(Some(keys)).build().map_err(not_built)?;
        let get =
            self.client.batch_get_item().set_request_items(Some(HashMap::from([(name.to_owned(), asked)])));
        let answer =
            get.customize().config_override(self.impatient()).send().await.map_err(|error| failed(&error))?;
        Ok(answer.responses.and_then(|mut tables| tables.remove(name)).unwrap_or_default())
    }

    /// Writes a whole row without a condition.
    pub(crate) async fn put_once(&self, key: &Key, draft: Draft) -> Result<()> {
        let put = self.client.put_item().table_name(self.tables.name(key.table)?);
        let put = put.set_item(Some(with_key(key, draft.done())));
        let sent = put.customize().config_override(self.impatient()).send().await;
        sent.map(|_| ()).map_err(|error| failed(&error))
    }

    /// Changes a row and returns the changed attributes. When a condition does not hold, returns the
    /// unchanged row.
    pub(crate) async fn change_once(
        &self,
        key: &Key,
        change: &Change,
    ) -> Result<std::result::Result<Item, Option<Item>>> {
        let mut expression = Expression::default();
        let set = expression.update(&change.set, &[]);
        let add = change.add.as_ref().map(|(name, number)| expression.adding(name, number.clone()));
        let update = [set, add.unwrap_or_default()].join(" ").trim().to_owned();
        let condition = expression.checks(&change.checks);
        let (names, values) = expression.parts();
        let sent = self
            .client
            .update_item()
            .table_name(self.tables.name(key.table)?)
            .set_key(Some(key_item(key)))
            .update_expression(update)
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .customize()
            .config_override(self.impatient())
            .send()
            .await;
        match sent {
            Ok(answer) => Ok(Ok(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Err(refused.item.clone()))
                }
                _ => Err(failed(&error)),
            },
        }
    }

    fn impatient(&self) -> Builder {
        let timeouts = TimeoutConfig::builder().operation_timeout(self.patience).build();
        Config::builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts)
    }
}
