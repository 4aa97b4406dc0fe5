//! One write of a transaction, and its form for the SDK.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use mooring_domain::Result;

use crate::client::expression::{Check, Expression};
use crate::client::failure::not_built;
use crate::client::item::{Draft, Item, PK, SK, number, text};
use crate::client::key::Key;
use crate::config::Tables;

/// The action of a write on its row.
#[derive(Debug, Clone)]
enum Action {
    Put(Item),
    Update { set: Vec<(String, AttributeValue)>, remove: Vec<&'static str>, add: Option<(&'static str, i64)> },
    Delete,
    Look,
}

/// A write to one row, with its conditions.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    key: Key,
    action: Action,
    checks: Vec<Check>,
}

impl Write {
    fn new(key: Key, action: Action) -> Self {
        Self { key, action, checks: Vec::new() }
    }

    /// Writes the whole row.
    pub(crate) fn put(key: Key, draft: Draft) -> Self {
        Self::new(key, Action::Put(draft.done()))
    }

    /// Changes attributes of a row; without [`Check::Exists`] it creates a missing row.
    pub(crate) fn update(key: Key) -> Self {
        Self::new(key, Action::Update { set: Vec::new(), remove: Vec::new(), add: None })
    }

    /// Deletes a row.
    pub(crate) fn delete(key: Key) -> Self {
        Self::new(key, Action::Delete)
    }

    /// Checks the conditions and writes nothing.
    pub(crate) fn check(key: Key) -> Self {
        Self::new(key, Action::Look)
    }

    /// Returns the key of the row.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Sets an attribute of an update.
    pub(crate) fn set(mut self, name: impl Into<String>, value: AttributeValue) -> Self {
        if let Action::Update { set, .. } = &mut self.action {
            set.push((name.into(), value));
        }
        self
    }

    /// Removes attributes in an update.
    pub(crate) fn without(mut self, names: &[&'static str]) -> Self {
        if let Action::Update { remove, .. } = &mut self.action {
            remove.extend_from_slice(names);
        }
        self
    }

    /// Adds to a number in an update; a missing number counts as zero.
    pub(crate) fn adding(mut self, name: &'static str, step: i64) -> Self {
        if let Action::Update { add, .. } = &mut self.action {
            *add = Some((name, step));
        }
        self
    }

    /// Adds a condition.
    pub(crate) fn only_if(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Makes the SDK's form. When a condition does not hold, DynamoDB returns the row as it is.
    pub(crate) fn to_sdk(&self, tables: &Tables) -> Result<TransactWriteItem> {
        let table = tables.name(self.key.table)?.to_owned();
        let mut expression = Expression::default();
        let condition = expression.checks(&self.checks);
        let built = match &self.action {
            Action::Put(item) => self.sdk_put(table, item, condition, expression),
            Action::Update { set, remove, add } => {
                let mut update = expression.update(set, remove);
                if let Some((name, step)) = add {
                    update = format!("{update} {}", expression.adding(name, number(step)));
                }
                self.sdk_update(table, update, condition, expression)
            }
            Action::Delete => self.sdk_delete(table, condition, expression),
            Action::Look => self.sdk_look(table, condition, expression),
        };
        built.map_err(not_built)
    }

    fn sdk_put(
        &self,
        table: String,
        item: &Item,
        condition: Option<String>,
        expression: Expression,
    ) -> Built {
        let (names, values) = expression.parts();
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(with_key(&self.key, item.clone())))
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    fn sdk_update(
        &self,
        table: String,
        update: String,
        condition: Option<String>,
        expression: Expression,
    ) -> Built {
        let (names, values) = expression.parts();
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key_item(&self.key)))
            .update_expression(update)
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    fn sdk_delete(&self, table: String, condition: Option<String>, expression: Expression) -> Built {
        let (names, values) = expression.parts();
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key_item(&self.key)))
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values);
        Ok(TransactWriteItem::builder().delete(delete.build()?).build())
    }

    fn sdk_look(&self, table: String, condition: Option<String>, expression: Expression) -> Built {
        let (names, values) = expression.parts();
        let look = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key_item(&self.key)))
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().condition_check(look.build()?).build())
    }
}

type Built = std::result::Result<TransactWriteItem, BuildError>;

/// Makes an item of the attributes of a key.
pub(crate) fn key_item(key: &Key) -> Item {
    with_key(key, Item::new())
}

/// Adds the attributes of the key to an item.
pub(crate) fn with_key(key: &Key, mut item: Item) -> Item {
    item.insert(PK.to_owned(), text(key.pk.as_str()));
    item.insert(SK.to_owned(), text(key.sk.as_str()));
    item
}
