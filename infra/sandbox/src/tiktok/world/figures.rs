//! Daily figures, computed from (seed, ad, day) and the moment of the call; nothing is stored.
//!
//! All figures are integers, money in minor units, so that a level is the exact sum of the level below. Spend,
//! impressions and clicks of a past day never change; conversions arrive for 28 days.

use std::ops::AddAssign;

use super::{Ad, Advertiser, Level, mix};
use crate::clock::{Day, Moment};

/// The figures of an object or a total over any days; all but `reach` add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) impressions: u64,
    pub(crate) clicks: u64,
    pub(crate) spend: u64,
    pub(crate) conversions: u64,
    pub(crate) payments: u64,
    pub(crate) value: u64,
    pub(crate) plays: u64,
    pub(crate) reach: u64,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.impressions += other.impressions;
        self.clicks += other.clicks;
        self.spend += other.spend;
        self.conversions += other.conversions;
        self.payments += other.payments;
        self.value += other.value;
        self.plays += other.plays;
        self.reach += other.reach;
    }
}

impl std::iter::Sum for Figures {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut sum, part| {
            sum += part;
            sum
        })
    }
}

impl Figures {
    /// Takes account of people whom several parts reach: the wider the view, the more of them.
    pub(crate) fn overlapped(mut self, level: Level, several_days: bool) -> Self {
        let kept = match level {
            Level::Ad => 1000,
            Level::AdGroup => 900,
            Level::Campaign => 820,
            Level::Advertiser => 700,
        };
        let kept = if several_days { kept * 6 / 10 } else { kept };
        self.reach = (self.reach * kept / 1000).max(u64::from(self.impressions > 0));
        self
    }
}

/// The conditions of one day for one advertiser at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    day: Day,
    /// Parts per million of an ad's usual impressions.
    demand: u64,
    /// Parts per thousand of the day that have passed.
    passed: u64,
    /// Parts per thousand of the conversions that have arrived.
    arrived: u64,
}

/// The factor of each weekday, from Monday; people scroll more at the weekend.
const WEEKDAYS: [u64; 7] = [930, 900, 920, 970, 1060, 1190, 1130];

/// Parts per thousand of a day's delivery that lie before each hour.
const HOURS: [u64; 24] = [
    0, 18, 30, 38, 44, 50, 60, 78, 108, 146, 188, 232, 280, 330, 380, 430, 482, 538, 602, 674, 752, 832, 904,
    962,
];

/// Parts per thousand of the final conversions that are known after 0 to 28 days (attribution of up to 28 days).
const ARRIVED: [u64; 29] = [
    380, 520, 610, 672, 718, 752, 780, 815, 830, 843, 855, 866, 876, 886, 905, 912, 919, 926, 932, 938, 944,
    955, 962, 968, 974, 980, 986, 993, 1000,
];

impl Advertiser {
    /// Returns a day's conditions, seen from a moment; `None` for days to come.
    pub(crate) fn weather(&self, day: Day, moment: Moment) -> Option<Weather> {
        let age = usize::try_from(moment.today - day).ok()?;
        let passed = if age == 0 { at(&HOURS, moment.hour) } else { 1000 };
        let arrived = ARRIVED.get(age).copied().unwrap_or(1000) * passed / 1000;
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        let hash = mix([self.seed, unsigned(day)]);
        let demand = at(&WEEKDAYS, weekday) * trend(day) / 1000 * noise(hash, 0, 60);
        Some(Weather { day, demand, passed, arrived })
    }

    /// Adds up an object's ads on a day.
    pub(crate) fn figures(&self, level: Level, index: usize, weather: Weather) -> Figures {
        let ads = self.ads.get(self.ads_of(level, index)).unwrap_or_default();
        ads.iter().filter(|ad| ad.delivers(weather.day)).map(|ad| ad.figures(weather)).sum()
    }
}

impl Ad {
    /// Returns whether the ad shows at all on a day: an account's first ad does, the others run in stretches and pause now
    /// and then.
    pub(crate) fn delivers(&self, day: Day) -> bool {
        let runs = || mix([self.key, ((unsigned(day) + self.key % 9) / 9) << 20]) % 100 < 82;
        let pauses = || mix([self.key, unsigned(day)]) % 100 >= 94;
        self.days.contains(&day) && (self.is_steady || (runs() && !pauses()))
    }

    /// Computes a day on which the ad delivers.
    pub(crate) fn figures(&self, weather: Weather) -> Figures {
        let hash = mix([self.key, unsigned(weather.day) << 8]);
        let usual = self.impressions * weather.demand / 1000 * noise(hash, 0, 250) / 1_000_000;
        let full = usual.max(1);
        let full_clicks = full * self.clicks_per_10k * noise(hash, 10, 200) / 10_000_000;
        let full_spend = full * self.cpm * noise(hash, 20, 120) / 1_000_000;
        let impressions = full * weather.passed / 1000;
        let clicks = full_clicks * weather.passed / 1000;
        let (conversions, payments) = self.converted(full_clicks, weather);
        Figures {
            impressions,
            clicks,
            spend: full_spend * weather.passed / 1000,
            conversions: conversions.min(clicks),
            payments: payments.min(clicks),
            value: payments.min(clicks) * (self.basket * noise(hash, 30, 300) / 1000),
            plays: impressions * 870 / 1000,
            reach: (impressions * 1000 / (1050 + (hash >> 40 & 0x3FF) / 2)).max(u64::from(impressions > 0)),
        }
    }

    /// Counts the conversions and purchases that are known so far.
    ///
    /// The ad's own draw offsets the rounding, so that small counts arrive on different days yet never go back, and all
    /// have arrived when `arrived` is whole.
    fn converted(&self, clicks: u64, weather: Weather) -> (u64, u64) {
        let hash = mix([self.key, unsigned(weather.day) << 32]);
        let offset = |shift: u32, below: u64| (hash >> shift & 0xFFFF) * below / 0x1_0000;
        let conversions = (clicks * self.conversions_per_10k + offset(0, 10_000)) / 10_000;
        let payments = (conversions * 780 + offset(16, 1000)) / 1000;
        let known = |all: u64, shift| (all * weather.arrived + offset(shift, 1000)) / 1000;
        let conversions = known(conversions, 32);
        (conversions, known(payments, 48).min(conversions))
    }
}

/// Returns the trend in parts per thousand: slow growth since the first day, and a wave of ten weeks.
fn trend(day: Day) -> u64 {
    let growth = unsigned(day - super::FIRST_DAY).min(1500) / 4;
    let phase = unsigned(day.rem_euclid(70));
    800 + growth + phase.abs_diff(35) * 7
}

/// Draws parts per thousand around 1000 from ten bits of a hash.
fn noise(hash: u64, shift: u32, spread: u64) -> u64 {
    1000 - spread + (hash >> shift & 0x3FF) * 2 * spread / 0x3FF
}

fn at(table: &[u64], index: usize) -> u64 {
    table.get(index).copied().unwrap_or(1000)
}

fn unsigned(day: Day) -> u64 {
    u64::try_from(day).unwrap_or(0)
}
