//! Builds the tree of objects out of the seed.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::life::{Ending, Life};
use super::market::{MARKETS, Market};
use super::{Ad, Advertiser, FIRST_DAY, Level, Node, mix};
use crate::clock::Day;

pub(super) fn advertisers(seed: u64, count: u32, ads: u32) -> Vec<Advertiser> {
    (0..count.max(1))
        .zip(MARKETS.iter().cycle())
        .map(|(index, market)| plan(seed, index, market, ads))
        .collect()
}

/// Plans an advertiser: the first has all the ads of the settings, the others a quarter, within bounds.
fn plan(seed: u64, index: u32, market: &'static Market, ads: u32) -> Advertiser {
    let number = u64::from(index);
    let ads = if index == 0 { ads.max(1) } else { (ads / 4).clamp(12, 600) };
    let round = index / 6 + 1;
    let mut advertiser = Advertiser {
        id: (7_000_000_000_000_000_000 + number * 1_000_000_007 + mix([seed, 1]) % 300_000_000_000_000_000)
            .to_string(),
        name: if round == 1 { market.name.to_owned() } else { format!("{} {round}", market.name) },
        index: usize::try_from(index).unwrap_or(0),
        market,
        zone: TimeZone::get(market.zone).unwrap_or(TimeZone::UTC),
        seed: mix([seed, number + 2]),
        campaigns: Vec::new(),
        adgroups: Vec::new(),
        ads: Vec::new(),
    };
    let ids = Ids { seed: advertiser.seed, advertiser: number };
    grow(&mut advertiser, &ids, usize::try_from(ads).unwrap_or(1));
    advertiser
}

/// Adds campaigns of two to four ad groups of two to five ads until there are enough.
fn grow(advertiser: &mut Advertiser, ids: &Ids, wanted: usize) {
    while advertiser.ads.len() < wanted {
        let first = advertiser.ads.len();
        let campaign = advertiser.campaigns.len();
        let groups = size(ids.hash(Level::Campaign, campaign), 2, 3);
        let life = life(ids.hash(Level::Campaign, campaign), campaign_ending(campaign));
        let node = Node { id: ids.id(Level::Campaign, campaign), parent: 0, ads: first..first, life };
        advertiser.campaigns.push(node);
        for _ in 0..groups {
            if advertiser.ads.len() < wanted {
                grow_group(advertiser, ids, campaign, wanted);
            }
        }
        let ads = first..advertiser.ads.len();
        advertiser.campaigns.iter_mut().skip(campaign).for_each(|node| node.ads = ads.clone());
    }
}

fn grow_group(advertiser: &mut Advertiser, ids: &Ids, campaign: usize, wanted: usize) {
    let (first, group) = (advertiser.ads.len(), advertiser.adgroups.len());
    let hash = ids.hash(Level::AdGroup, group);
    let last = (first + size(hash, 2, 4)).min(wanted);
    let life = life(hash, drawn_ending(group, hash));
    let id = ids.id(Level::AdGroup, group);
    advertiser.adgroups.push(Node { id, parent: campaign, ads: first..last, life });
    let parents = [life, advertiser.life_of(Level::Campaign, campaign)];
    for index in first..last {
        advertiser.ads.push(ad(ids, index, group, parents, advertiser.market));
    }
}

fn ad(ids: &Ids, index: usize, parent: usize, parents: [Life; 2], market: &Market) -> Ad {
    let key = ids.hash(Level::Ad, index);
    let life = life(key, drawn_ending(index, key));
    let traits = mix([key, 3]);
    let part = |shift: u32, below: u64| ((traits >> shift) & 0xFFFF) * below / 0x1_0000;
    Ad {
        id: ids.id(Level::Ad, index),
        parent,
        life,
        key,
        is_steady: index == 0,
        days: delivery(index, key, [life, parents[0], parents[1]]),
        // Draws a size so that few ads get most of the budget: each step of the exponent doubles it.
        impressions: (120 + part(0, 120)) << part(8, 7),
        cpm: market.cpm * (700 + part(16, 700)) / 1000,
        clicks_per_10k: 60 + part(32, 160),
        conversions_per_10k: 120 + part(40, 420),
        basket: market.basket * (600 + part(48, 900)) / 1000,
    }
}

/// Draws the days of delivery: the first ad and half of the others deliver from the first day, the rest start some time in
/// the 640 days after.
fn delivery(index: usize, key: u64, lives: [Life; 3]) -> Range<Day> {
    let hash = mix([key, 5]);
    let start = if index == 0 || hash.is_multiple_of(2) { 0 } else { (hash >> 8) % 640 };
    let ends = lives.iter().filter_map(|life| life.end.map(|(day, _)| day));
    FIRST_DAY + signed(start)..ends.min().unwrap_or(Day::MAX)
}

/// Ends campaigns: every ninth is deleted and every ninth disabled, so that small worlds have them too.
fn campaign_ending(campaign: usize) -> Option<Ending> {
    match campaign % 9 {
        2 => Some(Ending::Deleted),
        5 => Some(Ending::Disabled),
        _ => None,
    }
}

/// Draws an ending: one ad or ad group in ten ends, and never the first, so that no account is without figures on any day,
/// however few ads it has.
fn drawn_ending(index: usize, hash: u64) -> Option<Ending> {
    match hash >> 17 & 0xFF {
        _ if index == 0 => None,
        0..16 => Some(Ending::Deleted),
        16..26 => Some(Ending::Disabled),
        _ => None,
    }
}

/// Draws a life that begins late in 2024 and ends on a day between 2025-10-01 and 2026-11-04, or never.
fn life(hash: u64, ending: Option<Ending>) -> Life {
    let day = FIRST_DAY + 273 + signed((hash >> 32) % 400);
    let created = FIRST_DAY - 40 + signed((hash >> 24) % 30);
    Life { created, end: ending.map(|ending| (day, ending)) }
}

fn size(hash: u64, least: usize, choices: u64) -> usize {
    least + usize::try_from((hash >> 9) % choices).unwrap_or(0)
}

fn signed(days: u64) -> Day {
    Day::try_from(days).unwrap_or(0)
}

/// Numbers objects: 17 digits, apart for every advertiser and level, too large for a double.
struct Ids {
    seed: u64,
    advertiser: u64,
}

impl Ids {
    fn hash(&self, level: Level, index: usize) -> u64 {
        mix([self.seed, Self::place(level) << 40 | u64::try_from(index).unwrap_or(0)])
    }

    fn id(&self, level: Level, index: usize) -> u64 {
        let offset = mix([self.seed, 11]) % 500_000_000_000 + self.hash(level, index) % 10_007;
        let base = 17_000_000_000_000_000 + Self::place(level) * 200_000_000_000_000;
        base + self.advertiser % 200 * 1_000_000_000_000 + u64::try_from(index).unwrap_or(0) * 10_007 + offset
    }

    fn place(level: Level) -> u64 {
        match level {
            Level::Advertiser => 0,
            Level::Campaign => 1,
            Level::AdGroup => 2,
            Level::Ad => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever reads a week of a small account finds figures in it, in whatever week that is.
    #[test]
    fn the_smallest_account_delivers_every_day() {
        for advertiser in advertisers(42, 3, 1) {
            let idle =
                (FIRST_DAY..FIRST_DAY + 2_000).find(|day| !advertiser.ads.iter().any(|ad| ad.delivers(*day)));
            assert_eq!(idle, None, "{}", advertiser.name);
        }
    }
}
