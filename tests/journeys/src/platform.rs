//! The played platform, called directly with a token of its own: tests compare the product's reports with it.

use anyhow::{Context as _, Result, ensure};
use jiff::ToSpan as _;
use jiff::civil::Date;
use mooring_domain::base::money::Micros;
use reqwest::Client;
use serde_json::{Value, json};
use url::Url;

use crate::World;

/// Days that the platform answers at once when rows are per day.
const AT_ONCE: i32 = 30;

/// Sums over rows; decimals in micro units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Spend.
    pub spend: i64,
    /// Impressions.
    pub impressions: i64,
    /// Clicks.
    pub clicks: i64,
    /// Conversions.
    pub conversions: i64,
}

impl Figures {
    /// Reads the metrics of an answer of Mooring.
    pub fn of_ours(metrics: &Value) -> Result<Self> {
        let count = |name: &str| metrics[name].as_i64().with_context(|| format!("no {name} in {metrics}"));
        let spend = metrics["spend"]["amount_micros"].as_i64().context("no spend")?;
        let conversions = metrics["conversions"].to_string().parse::<Micros>()?.0;
        Ok(Self { spend, impressions: count("impressions")?, clicks: count("clicks")?, conversions })
    }

    fn of_theirs(metrics: &Value) -> Result<Self> {
        let text = |name: &str| metrics[name].as_str().with_context(|| format!("no {name} in {metrics}"));
        let micros = |name: &str| Ok::<_, anyhow::Error>(text(name)?.parse::<Micros>()?.0);
        Ok(Self {
            spend: micros("spend")?,
            impressions: text("impressions")?.parse()?,
            clicks: text("clicks")?.parse()?,
            conversions: micros("conversion")?,
        })
    }

    fn plus(self, other: Self) -> Self {
        Self {
            spend: self.spend + other.spend,
            impressions: self.impressions + other.impressions,
            clicks: self.clicks + other.clicks,
            conversions: self.conversions + other.conversions,
        }
    }
}

/// The platform as a client with every permission sees it.
pub struct Platform {
    client: Client,
    origin: Url,
    token: String,
}

impl Platform {
    /// Gets a token of the played platform.
    pub fn of(world: &World) -> Result<Self> {
        Self::new(&world.stack.wiring().platform_origin, world.stack.sandbox().grant_all())
    }

    /// Makes a platform at an origin, with a token of it.
    pub fn new(origin: &str, token: String) -> Result<Self> {
        Ok(Self { client: Client::new(), origin: Url::parse(origin)?, token })
    }

    /// Returns the platform's id of the advertiser with a name.
    pub async fn advertiser(&self, world: &World, name: &str) -> Result<String> {
        self.advertiser_among(&world.stack.sandbox().advertiser_ids(), name).await
    }

    /// Returns the one of some advertisers that has a name.
    pub async fn advertiser_among(&self, ids: &[String], name: &str) -> Result<String> {
        let ids = json!(ids).to_string();
        let data = self.ask("advertiser/info/", &[("advertiser_ids", &ids)]).await?;
        let list = data["list"].as_array().context("no list")?;
        let found = list.iter().find(|advertiser| advertiser["name"] == name);
        let id = found.and_then(|advertiser| advertiser["advertiser_id"].as_str());
        id.map(str::to_owned).with_context(|| format!("no advertiser {name}"))
    }

    /// Reads the sums of an advertiser over days, both ends included, at the account's own level.
    pub async fn totals(&self, advertiser: &str, from: Date, to: Date) -> Result<Figures> {
        let (mut sum, mut first) = (Figures::default(), from);
        while first <= to {
            let last = first.checked_add((AT_ONCE - 1).days())?.min(to);
            sum = sum.plus(self.window(advertiser, first, last).await?);
            first = last.tomorrow()?;
        }
        Ok(sum)
    }

    async fn window(&self, advertiser: &str, first: Date, last: Date) -> Result<Figures> {
        let (first, last) = (first.to_string(), last.to_string());
        let question = [
            ("advertiser_id", advertiser),
            ("report_type", "BASIC"),
            ("data_level", "AUCTION_ADVERTISER"),
            ("dimensions", r#"["advertiser_id","stat_time_day"]"#),
            ("metrics", r#"["spend","impressions","clicks","conversion"]"#),
            ("start_date", first.as_str()),
            ("end_date", last.as_str()),
            ("page_size", "1000"),
        ];
        let data = self.ask("report/integrated/get/", &question).await?;
        let rows = data["list"].as_array().context("no rows")?;
        rows.iter()
            .try_fold(Figures::default(), |sum, row| Ok(sum.plus(Figures::of_theirs(&row["metrics"])?)))
    }

    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        let mut url = self.origin.join("/open_api/v1.3/")?.join(path)?;
        url.query_pairs_mut().extend_pairs(query);
        let text = self.client.get(url).header("access-token", &self.token).send().await?.text().await?;
        let answer: Value = serde_json::from_str(&text)?;
        ensure!(answer["code"] == 0, "the platform answered {answer}");
        Ok(answer["data"].clone())
    }
}

/// Returns how many living tokens the platform knows.
pub async fn living_tokens(world: &World) -> Result<u64> {
    let origin = Url::parse(&world.stack.wiring().platform_origin)?;
    let text = reqwest::get(origin.join("/_sandbox/state")?).await?.text().await?;
    let state: Value = serde_json::from_str(&text)?;
    state["tokens"]["living"].as_u64().context("the sandbox does not count tokens")
}
