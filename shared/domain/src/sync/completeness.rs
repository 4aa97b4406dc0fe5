//! Completeness: the status of the rows for each day, level and account. Zero is never confused with not fetched.

use jiff::Timestamp;

use crate::platform::figures::{Level, MetricSet};

/// The status of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayStatus {
    /// All rows are here and the platform no longer changes them.
    Complete,
    /// All rows are here; the platform may still change them.
    Provisional,
    /// Some rows are here.
    Partial(Reason),
    /// No rows could be fetched.
    Failed(Reason),
    /// The grant does not cover the day's rows.
    NotPermitted,
    /// The platform has no figures of this level.
    NotOffered,
}

/// Further facts about a day's rows, none of them a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Marks {
    /// Metrics that the platform does not offer here: these are no zeros and will not come.
    pub not_offered: MetricSet,
    /// True when the account's own total is higher than the sum of its campaigns: the rest belongs to no campaign.
    pub unattributed: bool,
}

/// Why a day is partial or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The platform limited Mooring's calls.
    RateLimited,
    /// The platform failed or could not be reached.
    Upstream,
    /// The platform's answer did not have the agreed shape.
    UpstreamChanged,
    /// The sums of the rows do not match the account's own total.
    TotalsDiffer,
    /// The grant ended.
    Reauthorise,
    /// The product's app at the platform is not set up as it should be; its operator has to act.
    Setup,
    /// Some rows could not be read, or contradicted each other, also when Mooring asked for them again.
    OddRows,
}

impl Reason {
    const ALL: [(Self, &'static str); 7] = [
        (Self::RateLimited, "rate_limited"),
        (Self::Upstream, "upstream"),
        (Self::UpstreamChanged, "upstream_changed"),
        (Self::TotalsDiffer, "totals_differ"),
        (Self::Reauthorise, "reauthorise"),
        (Self::Setup, "setup"),
        (Self::OddRows, "odd_rows"),
    ];

    /// Returns every reason.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(reason, _)| reason)
    }

    /// Returns the reason's word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(reason, _)| *reason == self).map_or("upstream", |(_, word)| word)
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(reason, _)| *reason)
    }
}

impl DayStatus {
    /// The words of [`Self::as_str`].
    pub const WORDS: [&'static str; 6] =
        ["complete", "provisional", "partial", "failed", "not_permitted", "not_offered"];

    /// Returns the status as one word, without its reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Provisional => "provisional",
            Self::Partial(_) => "partial",
            Self::Failed(_) => "failed",
            Self::NotPermitted => "not_permitted",
            Self::NotOffered => "not_offered",
        }
    }

    /// Returns why the day is partial or failed.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Partial(reason) | Self::Failed(reason) => Some(reason),
            Self::Complete | Self::Provisional | Self::NotPermitted | Self::NotOffered => None,
        }
    }

    /// Returns the status as it is stored: one word, or two with a colon, such as `partial:totals_differ`.
    pub fn to_text(self) -> String {
        match self.reason() {
            Some(reason) => format!("{}:{}", self.as_str(), reason.as_str()),
            None => self.as_str().to_owned(),
        }
    }

    /// Reads a status from the text that [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "complete" => Some(Self::Complete),
            None if text == "provisional" => Some(Self::Provisional),
            None if text == "not_permitted" => Some(Self::NotPermitted),
            None if text == "not_offered" => Some(Self::NotOffered),
            Some(("partial", reason)) => Reason::parse(reason).map(Self::Partial),
            Some(("failed", reason)) => Reason::parse(reason).map(Self::Failed),
            _ => None,
        }
    }

    /// Returns whether rows of the day can be shown.
    pub const fn has_rows(self) -> bool {
        matches!(self, Self::Complete | Self::Provisional | Self::Partial(_))
    }
}

/// The record of one day of one level, with the version and content hash of its stored chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRecord {
    /// The day's status.
    pub status: DayStatus,
    /// Further facts about the day's rows.
    pub marks: Marks,
    /// The version of the stored chunk, if rows were stored.
    pub version: Option<Timestamp>,
    /// The keyed hash of the chunk's content.
    pub hash: [u8; 16],
    /// How many rows the chunk has.
    pub rows: u64,
}

/// Completeness by level and day.
pub type Days = std::collections::BTreeMap<(Level, jiff::civil::Date), DayRecord>;
