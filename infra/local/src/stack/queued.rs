//! What waits in queues and lies in tables: handled, ticked and read by hand.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use mooring_aws_local::sdk_config;
use mooring_domain::base::table::Table;
use mooring_queue::{QUEUES, Queue};

use super::Stack;
use crate::poller::{self, Mapping};
use crate::schedules;

impl Stack {
    /// The mapping of a queue to its worker.
    pub(super) fn mapping(&self, queue: &'static Queue) -> Result<Mapping> {
        let client = aws_sdk_sqs::Client::new(&sdk_config(&self.wiring.endpoints.sqs));
        let function = self.mounted.workers.get(queue.worker).cloned();
        Ok(Mapping {
            client,
            queue_url: self.wiring.queues.url(queue).map_err(anyhow::Error::msg)?.to_owned(),
            batch: queue.batch.into(),
            function: function.with_context(|| format!("no function {}", queue.worker))?,
        })
    }

    /// Handles what the queues hold now, one queue after another; answers how many messages there were.
    pub async fn drain(&self) -> Result<usize> {
        let mut all = 0;
        for queue in QUEUES {
            let mapping = self.mapping(queue)?;
            while let count @ 1.. = poller::drain_once(&mapping).await.map_err(anyhow::Error::msg)? {
                all += count;
            }
        }
        Ok(all)
    }

    /// Ticks planner and sweepers once, as the schedules do.
    pub async fn tick(&self) -> Result<()> {
        for function in self.mounted.schedules.iter().chain([&self.mounted.webhook_sweeper]) {
            function(schedules::input(self.clock().now())).await?;
        }
        Ok(())
    }

    /// Every item of a table whose partition or sort key names something, such as a connection.
    pub async fn items_naming(
        &self,
        table: Table,
        what: &str,
    ) -> Result<Vec<HashMap<String, AttributeValue>>> {
        let items = self.items(table).await?;
        let names = |value: Option<&AttributeValue>| {
            value.and_then(|value| value.as_s().ok()).is_some_and(|text| text.contains(what))
        };
        Ok(items.into_iter().filter(|item| names(item.get("pk")) || names(item.get("sk"))).collect())
    }

    /// Every item of a table, as it lies there.
    pub async fn items(&self, table: Table) -> Result<Vec<HashMap<String, AttributeValue>>> {
        let client = aws_sdk_dynamodb::Client::new(&sdk_config(&self.wiring.endpoints.dynamodb));
        let name = format!("mooring-{}", table.as_str());
        let mut pages = client.scan().table_name(name).consistent_read(true).into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            items.extend(page?.items.unwrap_or_default());
        }
        Ok(items)
    }
}
