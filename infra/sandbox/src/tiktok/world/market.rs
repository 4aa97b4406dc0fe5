//! The markets of advertisers: currency, zones and price level.

/// A country's settings for one advertiser.
#[derive(Debug)]
pub(crate) struct Market {
    pub(crate) name: &'static str,
    pub(crate) currency: &'static str,
    /// Digits after the point in the currency's amounts.
    pub(crate) decimals: u32,
    pub(crate) zone: &'static str,
    /// The same zone as a fixed offset, with the inverted sign of the `Etc` names.
    pub(crate) fixed_zone: &'static str,
    pub(crate) country: &'static str,
    pub(crate) language: &'static str,
    /// Typical price of a thousand impressions, in minor units.
    pub(super) cpm: u64,
    /// Typical value of a purchase, in minor units.
    pub(super) basket: u64,
}

/// The markets in the order in which advertisers take them; the third has no minor units.
pub(super) const MARKETS: [Market; 6] = [
    Market {
        name: "Nordlicht Outdoor",
        currency: "EUR",
        decimals: 2,
        zone: "Europe/Berlin",
        fixed_zone: "Etc/GMT-1",
        country: "DE",
        language: "de",
        cpm: 480,
        basket: 5_900,
    },
    Market {
        name: "Redwood Coffee Co.",
        currency: "USD",
        decimals: 2,
        zone: "America/Los_Angeles",
        fixed_zone: "Etc/GMT+8",
        country: "US",
        language: "en",
        cpm: 620,
        basket: 4_200,
    },
    Market {
        name: "さくら文具店",
        currency: "JPY",
        decimals: 0,
        zone: "Asia/Tokyo",
        fixed_zone: "Etc/GMT-9",
        country: "JP",
        language: "ja",
        cpm: 540,
        basket: 3_800,
    },
    Market {
        name: "Harbour & Finch",
        currency: "GBP",
        decimals: 2,
        zone: "Europe/London",
        fixed_zone: "Etc/GMT",
        country: "GB",
        language: "en",
        cpm: 510,
        basket: 4_700,
    },
    Market {
        name: "Café São Bento",
        currency: "BRL",
        decimals: 2,
        zone: "America/Sao_Paulo",
        fixed_zone: "Etc/GMT+3",
        country: "BR",
        language: "pt",
        cpm: 1_150,
        basket: 14_000,
    },
    Market {
        name: "Chandni Textiles",
        currency: "INR",
        decimals: 2,
        zone: "Asia/Kolkata",
        fixed_zone: "Etc/GMT-5",
        country: "IN",
        language: "en",
        cpm: 9_000,
        basket: 180_000,
    },
];
