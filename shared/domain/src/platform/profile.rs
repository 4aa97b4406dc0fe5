//! A product's profile: which platform calls the product may make, for which purposes, and how long it keeps the data.

use std::collections::BTreeMap;

use crate::base::error::{Error, Result};

/// A scope of a platform with the purpose that the connect page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopePurpose {
    /// The platform's word for the scope.
    pub scope: String,
    /// The data that is read or the action that is done with the scope, in the profile's own language, English.
    pub what: String,
    /// The purpose of the scope, in English.
    pub purpose: String,
    /// Both in further languages, by the language's tag.
    pub translations: BTreeMap<String, ScopeWords>,
    /// True when the connection is refused without the scope.
    pub required: bool,
}

/// A scope in the words of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeWords {
    /// The data that is read or the action that is done.
    pub what: String,
    /// The purpose.
    pub purpose: String,
}

/// The part of a profile for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformProfile {
    /// The platform's word, such as `tiktok_ads`.
    pub platform: String,
    /// Scopes with their purposes.
    pub scopes: Vec<ScopePurpose>,
    /// The platform calls that may leave, by the connector's call names; every other call is refused.
    pub calls: Vec<String>,
    /// How many days the first sync reaches back.
    pub backfill_days: u16,
    /// Minutes between two syncs of an account.
    pub period_minutes: u16,
}

/// A product's profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The profile's word, such as `statasphere`.
    pub name: String,
    /// The product's name for people.
    pub product: String,
    /// The privacy policy to link from every page.
    pub privacy_url: String,
    /// The address that people write to.
    pub contact_email: String,
    /// How many days report rows are kept while the account is connected; `None`: as long as the account is (promise
    /// T46).
    pub retention_days: Option<u16>,
    /// How many days a connection waits for a person whose login ended before it is deleted; `None`: for ever.
    pub needs_reauth_days: Option<u16>,
    /// The platforms that the product connects to.
    pub platforms: Vec<PlatformProfile>,
}

impl Profile {
    /// Finds the part of the profile for a platform.
    pub fn platform(&self, platform: &str) -> Option<&PlatformProfile> {
        self.platforms.iter().find(|entry| entry.platform == platform)
    }

    /// Returns how often accounts of a platform sync, in minutes: an hour for a platform that the product left out since it
    /// was connected.
    pub fn period_minutes(&self, platform: &str) -> u16 {
        self.platform(platform).map_or(60, |platform| platform.period_minutes)
    }

    /// Finds the profile of a platform that a caller named; refuses one that the product does not connect to.
    pub fn expect(&self, platform: &str) -> Result<&PlatformProfile> {
        let unknown = || Error::invalid("unknown_platform", "The product does not connect to this platform.");
        self.platform(platform).ok_or_else(unknown)
    }
}

impl PlatformProfile {
    /// Returns whether a platform call may leave.
    pub fn allows(&self, call: &str) -> bool {
        self.calls.iter().any(|name| name == call)
    }

    /// Lists the required scopes that a grant lacks.
    pub fn missing<'a>(&'a self, granted: &[String]) -> Vec<&'a ScopePurpose> {
        self.scopes.iter().filter(|entry| entry.required && !granted.contains(&entry.scope)).collect()
    }
}
