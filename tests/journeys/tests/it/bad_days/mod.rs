//! Bad days: the platform down for an hour, tables that throttle, KMS down, poison, dead owners, wrong clocks, a
//! sweeper that sleeps for days. Time is the local clock's; the events are Lambda's.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

mod clocks;
mod outage;
mod owners;
mod services;
mod sweeper;
mod week;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::table::Table;
use mooring_local::Connected;
use mooring_tests_journeys::rig::{Functions, Queue, Rig};
use mooring_tests_journeys::{Answer, Figures, Platform, Size, World, quick, tables};
use serde_json::Value;

/// The seed of ids and jitter, so that the jobs spread as in the run before. What the data key of a run decides, such as the
/// ids of accounts, moves calls by one job or two.
const SEED: u64 = 36;

/// A world in which TTL never fires, with proxies in front of everything.
struct Scene {
    world: World,
    rig: Rig,
}

impl Scene {
    async fn open() -> Result<Self> {
        let world = World::seeded(Size::SMALL, SEED).await?;
        world.stack.aws().set_ttl_enabled(false);
        let rig = Rig::before(&world, 2).await?;
        Ok(Self { world, rig })
    }

    /// Makes a number of connections of one account each, and syncs them if `synced`.
    async fn connected(&self, many: usize, synced: bool) -> Result<Vec<Connected>> {
        let calm = self.rig.calm();
        let mut all = Vec::new();
        for number in 0..many {
            all.push(quick::connect(&self.world, &calm, &format!("bad-{number}")).await?);
        }
        if synced {
            self.drain(&calm, Queue::Sync).await?;
        }
        Ok(all)
    }

    /// Handles the messages of a queue; those that fail stay for another delivery.
    async fn drain(&self, functions: &Functions, queue: Queue) -> Result<()> {
        while functions.next(&self.world, queue).await? {}
        Ok(())
    }

    /// Passes time in steps, with a tick every five minutes, and handles everything that is delivered meanwhile.
    async fn pass(&self, functions: &Functions, time: SignedDuration, step: SignedDuration) -> Result<()> {
        let end = self.world.now() + time;
        let mut tick = self.world.now();
        while self.world.now() < end {
            self.world.skip(step);
            if self.world.now() >= tick {
                // The next tick makes up for a tick that fails.
                functions.tick(&self.world).await.ok();
                tick = self.world.now() + SignedDuration::from_mins(5);
            }
            self.drain(functions, Queue::Sync).await?;
            self.drain(functions, Queue::Deletion).await?;
        }
        Ok(())
    }

    fn calls(&self) -> u64 {
        self.world.stack.sandbox().counters().total
    }

    /// Calls the API with the seeded key.
    async fn call(&self, functions: &Functions, method: &Method, path: &str) -> Result<Answer> {
        let bearer = format!("Bearer {}", self.world.stack.seeded().api_key);
        functions.http(method, path, &[("authorization", &bearer)], None).await
    }

    /// Disconnects through functions and returns the deletion's id.
    async fn disconnect(&self, functions: &Functions, connection: &str) -> Result<String> {
        let answer = self.call(functions, &Method::DELETE, &format!("/v1/connections/{connection}")).await?;
        ensure!(answer.status == 202 || answer.status == 200, "{} {}", answer.status, answer.body);
        answer.json()["id"].as_str().map(str::to_owned).context("a deletion without id")
    }

    async fn deletion(&self, id: &str) -> Result<Value> {
        self.world.product.get(&format!("/v1/deletions/{id}")).await
    }

    /// Returns when the account of a connection last synced.
    async fn last_synced(&self, connected: &Connected) -> Result<Option<Timestamp>> {
        let view = self.world.product.get(&format!("/v1/connections/{}", connected.id)).await?;
        view["accounts"][0]["last_synced_at"].as_str().map(|text| Ok(text.parse()?)).transpose()
    }

    /// Checks that today and yesterday are here, at every level, with the platform's own sums.
    async fn expect_complete(&self, connected: &Connected) -> Result<()> {
        let today = self.world.now().in_tz("Europe/Berlin")?.date();
        let yesterday = today.yesterday()?;
        let advertiser = self.world.stack.sandbox().advertiser_ids().remove(0);
        let theirs = Platform::of(&self.world)?.totals(&advertiser, yesterday, yesterday).await?;
        ensure!(theirs.spend > 0, "an empty day proves nothing");
        let account = &connected.accounts[0];
        for level in ["account", "campaign", "ad_group", "ad"] {
            let days = (yesterday.to_string(), today.to_string());
            self.world.expect_complete(connected, account, level, (&days.0, &days.1)).await?;
            let metrics = "metrics=spend,impressions,clicks,conversions";
            let rest = format!("level={level}&from={yesterday}&to={yesterday}&{metrics}");
            let report = self.world.report(connected, account, &rest).await?;
            let ours = Figures::of_ours(&report["totals"])?;
            ensure!(ours == theirs, "{level}: {ours:?} instead of {theirs:?}");
        }
        Ok(())
    }

    /// Returns how many dead letters a queue has.
    async fn dead_letters(&self, queue: Queue) -> Result<usize> {
        let client = mooring_tests_journeys::rig::sqs(&self.world);
        let url = format!("{}-dead-letters", self.rig.queue_url(queue));
        let receive =
            client.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(0);
        Ok(receive.send().await?.messages.unwrap_or_default().len())
    }

    /// Checks that no row that names a connection is in any table that holds data.
    async fn expect_gone(&self, connection: &str) -> Result<()> {
        for table in [Table::Directory, Table::Connections, Table::Vault, Table::Reports, Table::Transient] {
            let left = tables::sort_keys(&self.world.stack, table, connection).await?;
            ensure!(left.is_empty(), "{}: {left:?}", table.as_str());
        }
        Ok(())
    }
}
