//! Parses the file of a profile; an unknown field is an error.

use std::collections::{BTreeMap, BTreeSet};

use mooring_domain::platform::profile::{PlatformProfile, Profile, ScopePurpose, ScopeWords};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileFile {
    product: String,
    privacy_url: String,
    contact_email: String,
    /// How many days figures are kept. When it is left out, they are kept as long as their account is
    /// connected.
    #[serde(default)]
    retention_days: Option<u16>,
    #[serde(default)]
    needs_reauth_days: Option<u16>,
    purposes: BTreeMap<String, String>,
    /// The purposes in further languages, by the language's tag.
    #[serde(default)]
    purposes_in: BTreeMap<String, BTreeMap<String, String>>,
    platforms: Vec<PlatformFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlatformFile {
    platform: String,
    backfill_days: u16,
    period_minutes: u16,
    calls: Vec<String>,
    scopes: Vec<ScopeFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopeFile {
    scope: String,
    what: String,
    /// The same in each language of `purposes_in`.
    #[serde(default)]
    what_in: BTreeMap<String, String>,
    purpose: String,
    required: bool,
}

/// The purposes by their names, in the profile's own language and in further ones.
struct Purposes {
    own: BTreeMap<String, String>,
    further: BTreeMap<String, BTreeMap<String, String>>,
}

impl Purposes {
    /// Refuses a language that lacks a purpose or has another one: a page never mixes languages by accident.
    fn check(&self) -> Result<(), String> {
        let other = self.further.iter().find(|(_, texts)| !texts.keys().eq(self.own.keys()));
        other
            .map_or(Ok(()), |(tag, _)| Err(format!("[purposes_in.{tag}] has other purposes than [purposes]")))
    }

    /// Joins a scope's words in each further language.
    fn words(
        &self,
        scope: &str,
        purpose: &str,
        what_in: BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, ScopeWords>, String> {
        if !what_in.keys().eq(self.further.keys()) {
            return Err(format!("`what_in` of scope `{scope}` has other languages than [purposes_in]"));
        }
        let words = what_in.into_iter().map(|(tag, what)| {
            let purpose = self.further.get(&tag).and_then(|texts| texts.get(purpose)).cloned();
            (tag, ScopeWords { what, purpose: purpose.unwrap_or_default() })
        });
        Ok(words.collect())
    }
}

impl ProfileFile {
    /// Makes the profile, with the sentence of each purpose in place of its name.
    pub(crate) fn into_profile(self, name: &str) -> Result<Profile, String> {
        let scopes = self.platforms.iter().flat_map(|platform| &platform.scopes);
        let used: BTreeSet<_> = scopes.map(|scope| scope.purpose.clone()).collect();
        let purposes = &Purposes { own: self.purposes, further: self.purposes_in };
        let platforms = self.platforms.into_iter().map(|platform| platform.into_profile(purposes));
        let platforms = platforms.collect::<Result<_, _>>()?;
        if let Some(idle) = purposes.own.keys().find(|purpose| !used.contains(*purpose)) {
            return Err(format!("no scope serves the purpose `{idle}`"));
        }
        purposes.check()?;
        Ok(Profile {
            name: name.to_owned(),
            platforms,
            product: self.product,
            privacy_url: self.privacy_url,
            contact_email: self.contact_email,
            retention_days: self.retention_days,
            needs_reauth_days: self.needs_reauth_days,
        })
    }
}

impl PlatformFile {
    fn into_profile(self, purposes: &Purposes) -> Result<PlatformProfile, String> {
        let scopes = self.scopes.into_iter().map(|scope| scope.into_purpose(purposes));
        Ok(PlatformProfile {
            scopes: scopes.collect::<Result<_, _>>()?,
            platform: self.platform,
            calls: self.calls,
            backfill_days: self.backfill_days,
            period_minutes: self.period_minutes,
        })
    }
}

impl ScopeFile {
    fn into_purpose(self, purposes: &Purposes) -> Result<ScopePurpose, String> {
        let Self { scope, what, what_in, purpose, required } = self;
        let translations = purposes.words(&scope, &purpose, what_in)?;
        let words = purposes.own.get(&purpose);
        let unknown =
            || format!("scope `{scope}` names the purpose `{purpose}`, which is not under [purposes]");
        let purpose = words.cloned().ok_or_else(unknown)?;
        Ok(ScopePurpose { scope, what, purpose, translations, required })
    }
}
