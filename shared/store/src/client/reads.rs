//! Reads consistently: one row, several rows, a span of rows; and reads the due index.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{KeysAndAttributes, Select};
use mooring_domain::Result;
use mooring_domain::base::table::Table;

use crate::client::Store;
use crate::client::backoff::Backoff;
use crate::client::expression::Expression;
use crate::client::failure::{busy, failed, not_built};
use crate::client::item::{DUE_AT, DUE_SHARD, Fields, INDEX, Item, PK, SK, is_live, text};
use crate::client::key::{Key, Span};
use crate::client::write::key_item;

/// The most keys that DynamoDB takes in one batch of reads.
const BATCH: usize = 100;

impl Store {
    /// Reads one row; `None` if it is missing or expired.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>> {
        let table = self.tables.name(key.table)?;
        let get = self.client.get_item().table_name(table).set_key(Some(key_item(key))).consistent_read(true);
        let item = get.send().await.map_err(|error| failed(&error))?.item;
        Ok(self.live(item.into_iter().collect())?.pop())
    }

    /// Reads those rows of one table that exist and have not expired, in no order.
    pub(crate) async fn get_many(&self, table: Table, keys: &[Key]) -> Result<Vec<Item>> {
        let name = self.tables.name(table)?;
        let mut items = Vec::new();
        for batch in keys.chunks(BATCH) {
            let mut open = batch.iter().map(key_item).collect::<Vec<_>>();
            let mut backoff = Backoff::default();
            while !open.is_empty() {
                let (found, left) = self.get_batch(name, open).await?;
                items.extend(found);
                open = left;
                if !open.is_empty() && !backoff.wait().await {
                    return Err(busy("unprocessed keys"));
                }
            }
        }
        self.live(items)
    }

    async fn get_batch(&self, name: &str, keys: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>)> {
        let asked = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let asked = HashMap::from([(name.to_owned(), asked.map_err(not_built)?)]);
        let get = self.client.batch_get_item().set_request_items(Some(asked));
        let mut answer = get.send().await.map_err(|error| failed(&error))?;
        let found = answer.responses.take().and_then(|mut tables| tables.remove(name));
        let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(name));
        Ok((found.unwrap_or_default(), left.map(|left| left.keys).unwrap_or_default()))
    }

    /// Reads all rows of a span that have not expired, in order.
    pub(crate) async fn query(&self, span: &Span) -> Result<Vec<Item>> {
        let (ask, expression) = self.ask(span)?;
        self.live(collect(ask, expression).await?)
    }

    /// Reads the rows of a span that have an attribute and have not expired, in order.
    pub(crate) async fn query_having(&self, span: &Span, attribute: &str) -> Result<Vec<Item>> {
        let (ask, mut expression) = self.ask(span)?;
        let filter = format!("attribute_exists({})", expression.name(attribute));
        self.live(collect(ask.filter_expression(filter), expression).await?)
    }

    /// Reads the last row of a span; `None` if that row has expired.
    pub(crate) async fn last(&self, span: &Span) -> Result<Option<Item>> {
        let (ask, expression) = self.ask(span)?;
        let answer = ready(ask, expression)
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await
            .map_err(|error| failed(&error))?;
        Ok(self.live(answer.items.unwrap_or_default())?.pop())
    }

    /// Reads the first rows of a span that have not expired and pass a test, at most `limit`, in order.
    pub(crate) async fn first(
        &self,
        span: &Span,
        limit: u32,
        keep: impl Fn(&Item) -> Result<bool> + Send + Sync,
    ) -> Result<Vec<Item>> {
        self.some(span, limit, true, keep).await
    }

    /// Reads the last rows of a span that have not expired and pass a test, at most `limit`, the last first.
    pub(crate) async fn newest(
        &self,
        span: &Span,
        limit: u32,
        keep: impl Fn(&Item) -> Result<bool> + Send + Sync,
    ) -> Result<Vec<Item>> {
        self.some(span, limit, false, keep).await
    }

    async fn some(
        &self,
        span: &Span,
        limit: u32,
        forward: bool,
        keep: impl Fn(&Item) -> Result<bool> + Send + Sync,
    ) -> Result<Vec<Item>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (ask, expression) = self.ask(span)?;
        let page = i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX);
        let ask = ready(ask, expression).scan_index_forward(forward);
        let mut rows = ask.into_paginator().page_size(page).items().send();
        let mut kept = Vec::new();
        while kept.len() < limit {
            let Some(row) = rows.next().await else { break };
            let row = row.map_err(|error| failed(&error))?;
            if is_live(&row, self.clock.now())? && keep(&row)? {
                kept.push(row);
            }
        }
        Ok(kept)
    }

    /// Lists the keys of all rows that are physically in a span, expired or not.
    pub(crate) async fn keys(&self, span: &Span) -> Result<Vec<Key>> {
        let (mut keys, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = self.key_page(span, after).await?;
            keys.extend(page);
            after = next;
            if after.is_none() {
                return Ok(keys);
            }
        }
    }

    /// Reads one page of the keys in a span, expired ones included, and returns the key after which the next
    /// page starts.
    pub(crate) async fn key_page(
        &self,
        span: &Span,
        after: Option<Item>,
    ) -> Result<(Vec<Key>, Option<Item>)> {
        let (ask, mut expression) = self.ask(span)?;
        let projection = [PK, SK].map(|name| expression.name(name)).join(", ");
        let ask = ask.projection_expression(projection).set_exclusive_start_key(after);
        let page = ready(ask, expression).send().await.map_err(|error| failed(&error))?;
        let keys = page.items().iter().map(|item| key_of(span.table, item)).collect::<Result<_>>()?;
        Ok((keys, page.last_evaluated_key))
    }

    /// Counts the rows that are physically in a span, expired or not.
    pub(crate) async fn count_rows(&self, span: &Span) -> Result<u64> {
        let (ask, expression) = self.ask(span)?;
        let mut pages = ready(ask, expression).select(Select::Count).into_paginator().send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += u64::try_from(page.map_err(|error| failed(&error))?.count).unwrap_or_default();
        }
        Ok(count)
    }

    /// Reads the rows of a whole table whose sort keys begin with a prefix and that have not expired, in no order. Only
    /// an operator's command reads a table as a whole: no role of a function may.
    pub(crate) async fn rows_below(&self, table: Table, prefix: &str) -> Result<Vec<Item>> {
        let mut expression = Expression::default();
        let filter = format!("begins_with({}, {})", expression.name(SK), expression.value(text(prefix)));
        let (names, values) = expression.parts();
        let scan = self.client.scan().table_name(self.tables.name(table)?).consistent_read(true);
        let scan = scan.filter_expression(filter).set_expression_attribute_names(names);
        let rows = scan.set_expression_attribute_values(values).into_paginator().items().send();
        self.live(rows.try_collect().await.map_err(|error| failed(&error))?)
    }

    /// Lists the keys of the due index in a range, in order, at most `limit` if one is given.
    pub(crate) async fn due_keys(
        &self,
        table: Table,
        shard: &str,
        (first, last): (&str, &str),
        limit: Option<usize>,
    ) -> Result<Vec<Key>> {
        let rows = self.due_rows(table, shard, (first, last), limit).await?;
        rows.iter().map(|row| key_of(table, row)).collect()
    }

    /// Lists the keys in a range of the due index with the instants at which they are due.
    pub(crate) async fn due_rows(
        &self,
        table: Table,
        shard: &str,
        (first, last): (&str, &str),
        limit: Option<usize>,
    ) -> Result<Vec<Item>> {
        let mut expression = Expression::default();
        let at = expression.between(DUE_AT, first, last);
        let condition =
            format!("{} = {} AND {at}", expression.name(DUE_SHARD), expression.value(text(shard)));
        let (names, values) = expression.parts();
        let ask = self.client.query().table_name(self.tables.name(table)?).index_name(INDEX);
        let ask = ask.key_condition_expression(condition);
        let ask = ask.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let page = limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
        let mut rows = ask.set_limit(page).into_paginator().items().send();
        let mut found = Vec::new();
        while limit.is_none_or(|limit| found.len() < limit) {
            let Some(row) = rows.next().await else { break };
            found.push(row.map_err(|error| failed(&error))?);
        }
        Ok(found)
    }

    fn ask(&self, span: &Span) -> Result<(QueryFluentBuilder, Expression)> {
        let mut expression = Expression::default();
        let condition = expression.span(&span.pk, &span.sort);
        let ask = self.client.query().table_name(self.tables.name(span.table)?);
        Ok((ask.key_condition_expression(condition).consistent_read(true), expression))
    }

    fn live(&self, items: Vec<Item>) -> Result<Vec<Item>> {
        let now = self.clock.now();
        items
            .into_iter()
            .filter_map(|item| match is_live(&item, now) {
                Ok(true) => Some(Ok(item)),
                Ok(false) => None,
                Err(error) => Some(Err(error)),
            })
            .collect()
    }
}

fn ready(ask: QueryFluentBuilder, expression: Expression) -> QueryFluentBuilder {
    let (names, values) = expression.parts();
    ask.set_expression_attribute_names(names).set_expression_attribute_values(values)
}

async fn collect(ask: QueryFluentBuilder, expression: Expression) -> Result<Vec<Item>> {
    ready(ask, expression).into_paginator().items().send().try_collect().await.map_err(|error| failed(&error))
}

fn key_of(table: Table, item: &Item) -> Result<Key> {
    Key::read(table, Fields::of("key", item))
}
