//! What waits in queues and lies in tables: handled, ticked and read by hand.

use std::collections::HashMap;

use anyhow::Result;
use aws_sdk_dynamodb::types::AttributeValue;
use mooring_aws_local::sdk_config;
use mooring_domain::base::table::Table;

use super::Stack;
use crate::poller::{self, Mapping};
use crate::{mount, queues, schedules};

impl Stack {
    /// The mapping of the sync queue.
    pub(super) fn sync_mapping(&self) -> Mapping {
        self.mapping(self.wiring.queues.sync.as_deref(), queues::SYNC.batch, self.mounted.sync_worker.clone())
    }

    /// The mapping of the deletion queue.
    pub(super) fn deletion_mapping(&self) -> Mapping {
        self.mapping(
            self.wiring.queues.deletion.as_deref(),
            queues::DELETION.batch,
            self.mounted.deletion_worker.clone(),
        )
    }

    /// The mapping of the webhook queue.
    pub(super) fn webhook_mapping(&self) -> Mapping {
        self.mapping(
            self.wiring.queues.webhook.as_deref(),
            queues::WEBHOOK.batch,
            self.mounted.webhook_worker.clone(),
        )
    }

    /// The mapping of the mail queue.
    pub(super) fn mail_mapping(&self) -> Mapping {
        self.mapping(self.wiring.queues.mail.as_deref(), queues::MAIL.batch, self.mounted.mail_worker.clone())
    }

    fn mapping(&self, queue_url: Option<&str>, batch: i32, function: mount::QueueFunction) -> Mapping {
        let client = aws_sdk_sqs::Client::new(&sdk_config(&self.wiring.endpoints.sqs));
        Mapping { client, queue_url: queue_url.unwrap_or_default().to_owned(), batch, function }
    }

    /// Handles what the queues hold now, sync first, webhooks last; answers how many messages there were.
    pub async fn drain(&self) -> Result<usize> {
        let mut all = 0;
        for mapping in
            [self.sync_mapping(), self.deletion_mapping(), self.mail_mapping(), self.webhook_mapping()]
        {
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
