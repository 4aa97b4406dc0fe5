//! The types of TikTok's answers: unknown fields are ignored, ids stay text, figures become exact numbers at once.

#![expect(clippy::struct_field_names, reason = "fields are named as the platform names them")]

use std::fmt;
use std::marker::PhantomData;

use compact_str::CompactString;
use jiff::civil::Date;
use mooring_domain::base::money::{MICROS, Micros};
use mooring_domain::platform::figures::LONGEST_ID;
use mooring_kit::lenient::{Items, Text, list_or_none, or_default};
use mooring_kit::paging::Answered;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Unexpected, Visitor};

/// The envelope of a success.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<T> {
    pub(crate) data: T,
}

/// A list without pages.
#[derive(Debug, Deserialize)]
#[serde(bound = "")]
pub(crate) struct List<T: DeserializeOwned> {
    pub(crate) list: Items<T>,
}

/// A list with numbered pages.
#[derive(Debug, Deserialize)]
pub(crate) struct PageOf<L> {
    pub(crate) list: L,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) page_info: PageInfo,
}

/// TikTok's facts about a page; any of them may be missing.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PageInfo {
    #[serde(default)]
    page: Text,
    #[serde(default)]
    total_page: Text,
    #[serde(default)]
    page_size: Text,
}

impl PageInfo {
    /// Returns the page as the kit counts it: TikTok may return fewer items a page than were asked for.
    pub(crate) fn answered(&self, asked: u32, items: usize) -> Answered {
        let number = |text: &Text| text.as_deref().and_then(|text| text.parse().ok());
        let size = number(&self.page_size).filter(|size| *size > 0).unwrap_or(asked).min(asked);
        Answered { page: number(&self.page), pages: number(&self.total_page), size, items }
    }
}

#[derive(Deserialize)]
pub(crate) struct AccessToken {
    #[serde(deserialize_with = "mooring_kit::token")]
    pub(crate) access_token: SecretString,
    /// An entry that cannot be read counts as a scope that was not granted, and so does what is no list: the token beside
    /// it has to be known all the same, so that Mooring can end it.
    #[serde(default, deserialize_with = "list_or_none")]
    pub(crate) scope: Items<Id>,
}

#[derive(Deserialize)]
pub(crate) struct User {
    pub(crate) core_user_id: Id,
}

/// An entry of TikTok's list of the accounts that a grant reaches.
#[derive(Deserialize)]
pub(crate) struct Reached {
    #[serde(default)]
    pub(crate) advertiser_id: Text,
    #[serde(default)]
    pub(crate) advertiser_name: Text,
}

#[derive(Deserialize)]
pub(crate) struct Advertiser {
    pub(crate) advertiser_id: Id,
    #[serde(default)]
    pub(crate) name: Text,
    #[serde(default)]
    pub(crate) currency: Text,
    #[serde(default)]
    pub(crate) display_timezone: Text,
    #[serde(default)]
    pub(crate) timezone: Text,
}

/// Statuses are words that may be new any day, so they stay text. TikTok's own sandbox has no secondary one.
#[derive(Deserialize)]
pub(crate) struct Campaign {
    pub(crate) campaign_id: Id,
    #[serde(default)]
    pub(crate) campaign_name: Text,
    #[serde(default)]
    pub(crate) secondary_status: Text,
    #[serde(default)]
    pub(crate) operation_status: Text,
}

#[derive(Deserialize)]
pub(crate) struct AdGroup {
    pub(crate) adgroup_id: Id,
    pub(crate) campaign_id: Id,
    #[serde(default)]
    pub(crate) adgroup_name: Text,
    #[serde(default)]
    pub(crate) secondary_status: Text,
    #[serde(default)]
    pub(crate) operation_status: Text,
}

#[derive(Deserialize)]
pub(crate) struct Ad {
    pub(crate) ad_id: Id,
    pub(crate) adgroup_id: Id,
    #[serde(default)]
    pub(crate) ad_name: Text,
    #[serde(default)]
    pub(crate) secondary_status: Text,
    #[serde(default)]
    pub(crate) operation_status: Text,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ReportRow {
    pub(crate) dimensions: Dimensions,
    #[serde(deserialize_with = "object")]
    pub(crate) metrics: Metrics,
}

/// The id of a row. TikTok returns only the id of the level that was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Dimensions {
    #[serde(alias = "advertiser_id", alias = "campaign_id", alias = "adgroup_id", alias = "ad_id")]
    pub(crate) id: Id<CompactString>,
    pub(crate) stat_time_day: Day,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Metrics {
    #[serde(default)]
    pub(crate) spend: Decimal,
    #[serde(default)]
    pub(crate) impressions: Count,
    #[serde(default)]
    pub(crate) clicks: Count,
    #[serde(default)]
    pub(crate) conversion: Decimal,
    /// The total value of purchases, in spite of its name.
    #[serde(default)]
    pub(crate) total_complete_payment_rate: Decimal,
}

/// An id as text. TikTok sends text; whole numbers are accepted too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id<T = String>(pub(crate) T);

/// Returns whether a text is an id: a text that lost bytes, or never was an id, is not.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A decimal figure in micro units; `None` for the platform's `-`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) Option<i64>);

/// A whole figure; `None` for the platform's `-`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) Option<i64>);

/// A day in the account's zone, sent with a time of midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) Date);

/// A value that is read from text, from a whole number, or from nothing. Never from a float, which would not be exact.
pub(crate) trait FromScalar: Sized {
    const WANTED: &'static str;
    fn from_text(text: &str) -> Option<Self>;
    fn from_nothing() -> Option<Self>;
}

impl<T: for<'a> From<&'a str>> FromScalar for Id<T> {
    const WANTED: &'static str = "an id";

    fn from_text(text: &str) -> Option<Self> {
        is_id(text).then(|| Self(text.into()))
    }

    fn from_nothing() -> Option<Self> {
        None
    }
}

impl FromScalar for Decimal {
    const WANTED: &'static str = "a decimal number";

    fn from_text(text: &str) -> Option<Self> {
        let reported = !matches!(text, "-" | "");
        Some(Self(if reported { Some(text.parse::<Micros>().ok()?.0) } else { None }))
    }

    fn from_nothing() -> Option<Self> {
        Some(Self(None))
    }
}

impl FromScalar for Count {
    const WANTED: &'static str = "a whole number";

    fn from_text(text: &str) -> Option<Self> {
        match Decimal::from_text(text)?.0 {
            Some(micros) if micros % MICROS != 0 => None,
            micros => Some(Self(micros.map(|micros| micros / MICROS))),
        }
    }

    fn from_nothing() -> Option<Self> {
        Some(Self(None))
    }
}

impl FromScalar for Day {
    const WANTED: &'static str = "a day at midnight";

    fn from_text(text: &str) -> Option<Self> {
        text.strip_suffix(" 00:00:00").unwrap_or(text).parse().ok().map(Self)
    }

    fn from_nothing() -> Option<Self> {
        None
    }
}

/// Reads an object and nothing else: a derived struct would accept `[]` for an object without fields.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Object(PhantomData))
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

struct Scalar<T>(PhantomData<T>);

impl<T: FromScalar> Visitor<'_> for Scalar<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WANTED)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<T, E> {
        T::from_nothing().ok_or_else(|| E::invalid_type(Unexpected::Unit, &self))
    }
}

macro_rules! deserialize_scalar {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Scalar(PhantomData))
            }
        }
    )*};
}

deserialize_scalar!(Id, Id<CompactString>, Decimal, Count, Day);

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: for<'de> Deserialize<'de>>(json: &str) -> Option<T> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn figures_are_exact_and_a_dash_is_not_zero() {
        let cases = [
            (r#""20.000""#, Some(20_000_000)),
            (r#""0.10""#, Some(100_000)),
            (r#""123456789.99""#, Some(123_456_789_990_000)),
            (r#""-0.5""#, Some(-500_000)),
            (r#""0""#, Some(0)),
            ("7", Some(7_000_000)),
            (r#""-""#, None),
            ("null", None),
        ];
        for (json, expected) in cases {
            assert_eq!(read::<Decimal>(json), Some(Decimal(expected)), "{json}");
        }
        for json in ["0.1", r#""1e3""#, r#""1,000""#, r#""NaN""#, "{}", "true"] {
            assert_eq!(read::<Decimal>(json), None, "{json}");
        }
    }

    #[test]
    fn counts_are_whole() {
        assert_eq!(read::<Count>(r#""5830""#), Some(Count(Some(5830))));
        assert_eq!(read::<Count>(r#""5830.00""#), Some(Count(Some(5830))));
        assert_eq!(read::<Count>(r#""-""#), Some(Count(None)));
        assert_eq!(read::<Count>(r#""5830.5""#), None);
    }

    #[test]
    fn ids_beyond_the_range_of_floats_survive() {
        for json in [r#""7050363942434013185""#, "7050363942434013185"] {
            assert_eq!(read::<Id>(json), Some(Id("7050363942434013185".into())));
        }
        assert_eq!(read::<Id>("null"), None);
        assert_eq!(read::<Id>("7.0"), None);
    }

    #[test]
    fn a_grant_is_read_whatever_one_of_its_scopes_is_and_not_without_a_token() {
        let scopes = |rest: &str| {
            let token: Option<AccessToken> = read(&format!(r#"{{"access_token":{rest}}}"#));
            let scope = token?.scope.read;
            Some(scope.into_iter().map(|id| id.0).collect::<Vec<_>>())
        };
        assert_eq!(
            scopes(r#""t","scope":[100,null,"200",{}]"#),
            Some(vec!["100".to_owned(), "200".to_owned()])
        );
        assert_eq!((scopes(r#""t","scope":null"#), scopes(r#""t""#)), (Some(vec![]), Some(vec![])));
        for token in [r#""""#, r#""a\nb""#, "null", r#""t\u00f6""#] {
            assert_eq!(scopes(token), None, "{token}");
        }
    }

    #[test]
    fn a_page_may_say_nothing_of_itself() {
        for rest in ["", r#","page_info":null"#, r#","page_info":{}"#] {
            let page: PageOf<Vec<ReportRow>> = read(&format!(r#"{{"list":[]{rest}}}"#)).unwrap();
            let Answered { page, pages, size, items } = page.page_info.answered(10, 3);
            assert_eq!((page, pages, size, items), (None, None, 10, 3), "{rest}");
        }
    }

    #[test]
    fn a_day_is_a_date_at_midnight() {
        let day = Day(jiff::civil::date(2021, 10, 25));
        assert_eq!(read::<Day>(r#""2021-10-25 00:00:00""#), Some(day));
        assert_eq!(read::<Day>(r#""2021-10-25""#), Some(day));
        assert_eq!(read::<Day>(r#""2021-13-25 00:00:00""#), None);
    }
}
