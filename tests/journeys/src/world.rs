//! A small world: the whole of Mooring, the played platform and the AWS services. Nothing happens by itself, and the
//! clock stands: a test moves it, and each call of the platform moves it by 60 ms.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use mooring_aws_local::LocalClock;
use mooring_local::{Connected, Person, Product, Stack, StackOptions};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// The time at which every world begins: a Sunday morning, a few minutes after the hour.
pub const BEGINNING: &str = "2026-11-22T10:02:30Z";

/// The size of the played platform.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Ads of the first ad account; the others are smaller.
    pub ads: u32,
    /// Ad accounts of the person.
    pub advertisers: u32,
}

impl Size {
    /// One ad account with few ads.
    pub const SMALL: Self = Self { ads: 3, advertisers: 1 };
    /// Two ad accounts with few ads.
    pub const PAIR: Self = Self { ads: 6, advertisers: 2 };
}

/// The world of one test.
pub struct World {
    /// The whole stack, served and without pollers.
    pub stack: Stack,
    /// The product's server with the seeded API key.
    pub product: Product,
}

impl World {
    /// Starts a world.
    pub async fn start(size: Size) -> Result<Self> {
        Self::serving(Stack::start(Self::options(size)?).await?).await
    }

    /// Starts a world whose ids and secrets a seed fixes.
    pub async fn seeded(size: Size, seed: u64) -> Result<Self> {
        Self::serving(Stack::start(StackOptions { seed: Some(seed), ..Self::options(size)? }).await?).await
    }

    /// Returns the options of a world's stack.
    pub(crate) fn options(size: Size) -> Result<StackOptions> {
        let clock = LocalClock::standing_at(BEGINNING.parse()?);
        Ok(StackOptions { clock, ads: size.ads, advertisers: size.advertisers, ..StackOptions::default() })
    }

    /// Makes a world over a stack and serves the stack from now on.
    pub(crate) async fn serving(stack: Stack) -> Result<Self> {
        stack.serve().await?;
        let product = stack.product()?;
        Ok(Self { stack, product })
    }

    /// Returns the stack's time.
    pub fn now(&self) -> Timestamp {
        self.stack.clock().now()
    }

    /// Moves time forward and lets nothing happen.
    pub fn skip(&self, by: SignedDuration) {
        if let Ok(by) = Duration::try_from(by) {
            self.stack.clock().advance(by);
        }
    }

    /// Moves time forward, ticks the schedules once and handles the messages of the queues.
    pub async fn pass(&self, by: SignedDuration) -> Result<()> {
        self.skip(by);
        self.stack.tick().await?;
        self.stack.drain().await?;
        Ok(())
    }

    /// Plays an hour of ticks, so that every account's slot comes.
    pub async fn an_hour(&self) -> Result<()> {
        for _ in 0..6 {
            self.pass(SignedDuration::from_mins(10)).await?;
        }
        Ok(())
    }

    /// Takes a new person through the pages and activates the connection that comes back.
    pub async fn connect(&self, end_user: &str) -> Result<Connected> {
        self.product.connect(&mut Person::new()?, end_user, None).await
    }

    /// Connects and lets the first jobs end.
    pub async fn connect_and_sync(&self, end_user: &str) -> Result<Connected> {
        let connected = self.connect(end_user).await?;
        self.stack.drain().await?;
        Ok(connected)
    }

    /// Disconnects and returns the deletion.
    pub async fn disconnect(&self, connection: &str) -> Result<Value> {
        self.product.call(Method::DELETE, &format!("/v1/connections/{connection}"), None).await
    }

    /// Moves from step to step until a deletion is done; returns it. Fails when it takes more than `sweeps` sweeps.
    pub async fn finish(&self, deletion: &str, sweeps: usize) -> Result<Value> {
        self.stack.drain().await?;
        for _ in 0..=sweeps {
            let view = self.product.get(&format!("/v1/deletions/{deletion}")).await?;
            if view["step"] == "done" {
                return Ok(view);
            }
            let next = view["next_step_at"].as_str().context("a deletion that waits for nothing")?;
            let ahead = self.now().duration_until(next.parse()?) + SignedDuration::from_secs(1);
            self.pass(ahead.max(SignedDuration::from_secs(1))).await?;
        }
        let view = self.product.get(&format!("/v1/deletions/{deletion}")).await?;
        bail!("after {sweeps} sweeps the deletion is at {view}")
    }

    /// Reads all items of a list of the API, page by page: the length of a page is never the number of items.
    pub async fn list(&self, path: &str, name: &str) -> Result<Vec<Value>> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.product.get(&format!("{path}?limit=100{cursor}")).await?;
            all.extend(page[name].as_array().context("no list")?.iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { return Ok(all) };
            cursor = format!("&cursor={next}");
        }
    }

    /// Returns the status of a GET of the product.
    pub async fn status(&self, path: &str) -> Result<StatusCode> {
        Ok(self.product.send(Method::GET, path, None).await?.status())
    }

    /// Reads a report over days of one account, as the product does.
    pub async fn report(&self, connected: &Connected, account: &str, rest: &str) -> Result<Value> {
        self.product.get(&report_path(&connected.id, account, rest)).await
    }

    /// Fails unless every day of a level is here.
    pub async fn expect_complete(
        &self,
        connected: &Connected,
        account: &str,
        level: &str,
        days: (&str, &str),
    ) -> Result<()> {
        let rest = format!("level={level}&from={}&to={}&metrics=spend&limit=1", days.0, days.1);
        let report = self.report(connected, account, &rest).await?;
        let known = report["completeness"].as_array().context("no completeness")?;
        let missing =
            known.iter().find(|day| !matches!(day["status"].as_str(), Some("complete" | "provisional")));
        ensure!(!known.is_empty() && missing.is_none(), "{level}: {missing:?} of {} days", known.len());
        Ok(())
    }
}

/// Returns the path of a report.
pub fn report_path(connection: &str, account: &str, rest: &str) -> String {
    format!("/v1/reports?connection_id={connection}&account_id={account}&{rest}")
}
