//! The played world: advertisers, campaigns, ad groups and ads, all decided by a seed.
//!
//! Objects are built once and are small; figures are never stored (`figures`). Dates in the lives of objects
//! are absolute, so that the same seed shows the same past at any time.

mod build;
pub(crate) mod figures;
pub(crate) mod life;
mod market;

use std::ops::Range;

use jiff::tz::TimeZone;

use self::life::Life;
use self::market::Market;
use crate::clock::Day;

/// The first day on which anything delivers: 2025-01-01.
pub(crate) const FIRST_DAY: Day = 20_089;

/// The four levels of the hierarchy, from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    Advertiser,
    Campaign,
    AdGroup,
    Ad,
}

/// All advertisers of the sandbox.
pub(crate) struct World {
    seed: u64,
    pub(crate) advertisers: Vec<Advertiser>,
}

/// An ad account with its tree.
pub(crate) struct Advertiser {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) index: usize,
    pub(crate) market: &'static Market,
    pub(crate) zone: TimeZone,
    seed: u64,
    pub(crate) campaigns: Vec<Node>,
    pub(crate) adgroups: Vec<Node>,
    pub(crate) ads: Vec<Ad>,
}

/// A campaign or an ad group: a run of neighbouring ads.
pub(crate) struct Node {
    pub(crate) id: u64,
    pub(crate) parent: usize,
    pub(crate) ads: Range<usize>,
    pub(crate) life: Life,
}

/// An ad with the facts that decide its figures.
pub(crate) struct Ad {
    pub(crate) id: u64,
    pub(crate) parent: usize,
    pub(crate) life: Life,
    key: u64,
    /// True for the account's first ad, which delivers every day.
    is_steady: bool,
    /// The days of possible delivery, cut by the ends of its parents.
    days: Range<Day>,
    impressions: u64,
    cpm: u64,
    clicks_per_10k: u64,
    conversions_per_10k: u64,
    basket: u64,
}

impl World {
    /// Builds the world; equal arguments give equal worlds.
    pub(crate) fn new(seed: u64, advertisers: u32, ads: u32) -> Self {
        Self { seed, advertisers: build::advertisers(seed, advertisers, ads) }
    }

    pub(crate) fn advertiser_ids(&self) -> Vec<String> {
        self.advertisers.iter().map(|advertiser| advertiser.id.clone()).collect()
    }

    pub(crate) fn advertiser(&self, id: &str) -> Option<&Advertiser> {
        self.advertisers.iter().find(|advertiser| advertiser.id == id)
    }

    /// Returns the text planted in every ad name.
    pub(crate) fn canary(&self) -> String {
        format!("Canary-{}-", self.seed)
    }

    pub(crate) fn email(&self) -> String {
        format!("canary-{}@advertiser.example", self.seed)
    }

    pub(crate) fn user_name(&self) -> String {
        format!("Canary Person {}", self.seed)
    }

    pub(crate) fn user_id(&self) -> String {
        (7_100_000_000_000_000_000 + self.seed % 1_000_000_007).to_string()
    }

    pub(crate) fn ad_name(&self, index: usize) -> String {
        const LABELS: [&str; 6] =
            ["Video A", "Größenvergleich", "UGC review", "Unboxing ☀", "動画 B", "L’été, 15 s"];
        format!("{}{:05} {}", self.canary(), index + 1, pick(&LABELS, index))
    }
}

impl Advertiser {
    /// Counts the objects of a level.
    pub(crate) fn count(&self, level: Level) -> usize {
        match level {
            Level::Advertiser => 1,
            Level::Campaign => self.campaigns.len(),
            Level::AdGroup => self.adgroups.len(),
            Level::Ad => self.ads.len(),
        }
    }

    /// Returns the ads below an object.
    pub(crate) fn ads_of(&self, level: Level, index: usize) -> Range<usize> {
        match level {
            Level::Advertiser => 0..self.ads.len(),
            Level::Campaign => self.campaigns.get(index).map_or(0..0, |node| node.ads.clone()),
            Level::AdGroup => self.adgroups.get(index).map_or(0..0, |node| node.ads.clone()),
            Level::Ad => index..index + 1,
        }
    }

    /// Finds the object of `level` above (or at) the object `index` of `from`.
    pub(crate) fn ancestor(&self, from: Level, index: usize, level: Level) -> usize {
        if from <= level {
            return index;
        }
        match from {
            Level::Ad => self.ads.get(index).map_or(0, |ad| self.ancestor(Level::AdGroup, ad.parent, level)),
            Level::AdGroup => {
                self.adgroups.get(index).map_or(0, |node| self.ancestor(Level::Campaign, node.parent, level))
            }
            Level::Campaign | Level::Advertiser => 0,
        }
    }

    /// Returns an object's id as the platform writes it.
    pub(crate) fn id_of(&self, level: Level, index: usize) -> String {
        match level {
            Level::Advertiser => self.id.clone(),
            Level::Campaign => text(self.campaigns.get(index).map(|node| node.id)),
            Level::AdGroup => text(self.adgroups.get(index).map(|node| node.id)),
            Level::Ad => text(self.ads.get(index).map(|ad| ad.id)),
        }
    }

    pub(crate) fn life_of(&self, level: Level, index: usize) -> Life {
        let node = match level {
            Level::Advertiser => None,
            Level::Campaign => self.campaigns.get(index).map(|node| node.life),
            Level::AdGroup => self.adgroups.get(index).map(|node| node.life),
            Level::Ad => self.ads.get(index).map(|ad| ad.life),
        };
        node.unwrap_or_default()
    }

    pub(crate) fn campaign_name(index: usize) -> String {
        const NAMES: [&str; 8] = [
            "Spring launch",
            "Sommeraktion",
            "Évergreen – retargeting",
            "新生活キャンペーン",
            "Prospecting broad",
            "Лето",
            "Back to school",
            "Always-on",
        ];
        format!("{} {:03}", pick(&NAMES, index), index + 1)
    }

    pub(crate) fn adgroup_name(index: usize) -> String {
        const NAMES: [&str; 5] = ["Broad", "Women 25–34", "Männer 35–44", "東京 18–24", "Lookalike 3 %"];
        format!("{} {:04}", pick(&NAMES, index), index + 1)
    }
}

fn text(id: Option<u64>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn pick(names: &[&'static str], index: usize) -> &'static str {
    names.get(index % names.len()).copied().unwrap_or_default()
}

/// Mixes numbers into one that looks random, by the finaliser of `SplitMix64`.
pub(crate) fn mix(parts: [u64; 2]) -> u64 {
    let [a, b] = parts;
    let mut z = a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_add(0xD1B5_4A32_D192_ED03);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
