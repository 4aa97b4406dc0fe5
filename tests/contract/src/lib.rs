//! A world for contract tests: DynamoDB with all tables, a store on it, and values to put in; a KMS key; a queue.
//!
//! The tests say what an adapter has to keep; nothing here checks anything.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that is wrong here has to stop at once"
)]

mod services;
pub mod values;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use mooring_aws_local::{FaultPlan, FaultProxy, LocalClock};
use mooring_domain::base::host::Clock;
use mooring_domain::base::table::Table;
use mooring_store::{Store, Tables, create_tables};

pub use services::{Keys, Queue, Services};

/// An item as it is stored.
pub type Item = HashMap<String, AttributeValue>;

/// How long a call that is tried once may take here: the tests do not test a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The local clock as the domain's.
#[derive(Debug, Clone)]
pub struct WorldClock(pub LocalClock);

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// All tables, with names of their own, and a store on them. TTL removes items only when a test asks for it.
pub struct World {
    /// The services.
    pub services: Services,
    /// The store.
    pub store: Store,
    /// A client beside the store, to see what is physically there.
    pub client: Client,
    /// The tables' names.
    pub tables: Tables,
    /// The faults of [`Self::faulty`].
    pub plan: Arc<FaultPlan>,
    proxy: FaultProxy,
}

impl World {
    /// Starts a world.
    pub async fn start() -> Result<Self> {
        let services = Services::start().await?;
        let client = Client::new(&services.tables(&services.dynamodb));
        let tables = Tables::prefixed(&services::unique("contract-"));
        create_tables(&client, &tables).await?;
        let plan = FaultPlan::quiet();
        let proxy = FaultProxy::start(&services.dynamodb, "store", Arc::clone(&plan)).await?;
        let clock = Arc::new(WorldClock(services.clock.clone()));
        let store = Store::new(client.clone(), tables.clone(), clock).with_patience(PATIENCE);
        Ok(Self { services, store, client, tables, plan, proxy })
    }

    /// Makes a store on the same tables whose calls the plan counts and breaks.
    pub fn faulty(&self) -> Store {
        let client = Client::new(&self.services.tables(self.proxy.url()));
        let clock = Arc::new(WorldClock(self.services.clock.clone()));
        Store::new(client, self.tables.clone(), clock).with_patience(PATIENCE)
    }

    /// Makes such a store with a limit on how long an attempt may take, and without a second attempt.
    pub fn impatient(&self, limit: Duration) -> Store {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(limit).build();
        let config = aws_sdk_dynamodb::config::Builder::from(&self.services.tables(self.proxy.url()));
        let config = config.timeout_config(timeouts).retry_config(RetryConfig::disabled()).build();
        let clock = Arc::new(WorldClock(self.services.clock.clone()));
        Store::new(Client::from_conf(config), self.tables.clone(), clock)
    }

    /// Returns the local time.
    pub fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// Moves the local time forward.
    pub fn pass(&self, time: Duration) {
        self.services.clock.advance(time);
    }

    /// Reads one row as it is physically there.
    pub async fn row(
        &self,
        table: Table,
        pk: impl Into<String>,
        sk: impl Into<String>,
    ) -> Result<Option<Item>> {
        let get = self.client.get_item().table_name(self.tables.name(table)?).consistent_read(true);
        let get = get.key("pk", AttributeValue::S(pk.into())).key("sk", AttributeValue::S(sk.into()));
        Ok(get.send().await?.item)
    }

    /// Removes one row, whatever it is.
    pub async fn remove(&self, table: Table, pk: impl Into<String>, sk: impl Into<String>) -> Result<()> {
        let delete = self.client.delete_item().table_name(self.tables.name(table)?);
        let delete = delete.key("pk", AttributeValue::S(pk.into())).key("sk", AttributeValue::S(sk.into()));
        delete.send().await?;
        Ok(())
    }

    /// Reads all rows that are physically in a table.
    pub async fn rows(&self, table: Table) -> Result<Vec<Item>> {
        let scan = self.client.scan().table_name(self.tables.name(table)?).consistent_read(true);
        Ok(scan.into_paginator().items().send().try_collect().await?)
    }

    /// Reads all rows that are physically in a partition, by their sort keys.
    pub async fn partition(&self, table: Table, pk: impl Into<String>) -> Result<Vec<(String, Item)>> {
        let query = self.client.query().table_name(self.tables.name(table)?).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(pk.into()));
        let items: Vec<Item> = query.into_paginator().items().send().try_collect().await?;
        Ok(items.into_iter().map(|item| (text(&item, "sk"), item)).collect())
    }
}

/// Returns an attribute as text; empty when there is none.
pub fn text(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// Returns when TTL would remove an item, in seconds.
pub fn expiry(item: &Item) -> Option<i64> {
    item.get("expires_at")?.as_n().ok()?.parse().ok()
}
