//! Parses the file of a profile; an unknown field is an error.

use std::collections::{BTreeMap, BTreeSet};

use mooring_domain::platform::profile::{PlatformProfile, Profile, ScopePurpose};
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
    purpose: String,
    required: bool,
}

impl ProfileFile {
    /// Makes the profile, with the sentence of each purpose in place of its name.
    pub(crate) fn into_profile(self, name: &str) -> Result<Profile, String> {
        let scopes = self.platforms.iter().flat_map(|platform| &platform.scopes);
        let used: BTreeSet<_> = scopes.map(|scope| scope.purpose.clone()).collect();
        let purposes = &self.purposes;
        let platforms = self.platforms.into_iter().map(|platform| platform.into_profile(purposes));
        let platforms = platforms.collect::<Result<_, _>>()?;
        if let Some(idle) = purposes.keys().find(|purpose| !used.contains(*purpose)) {
            return Err(format!("no scope serves the purpose `{idle}`"));
        }
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
    fn into_profile(self, purposes: &BTreeMap<String, String>) -> Result<PlatformProfile, String> {
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
    fn into_purpose(self, purposes: &BTreeMap<String, String>) -> Result<ScopePurpose, String> {
        let Self { scope, what, purpose, required } = self;
        let words = purposes.get(&purpose);
        let unknown =
            || format!("scope `{scope}` names the purpose `{purpose}`, which is not under [purposes]");
        let purpose = words.cloned().ok_or_else(unknown)?;
        Ok(ScopePurpose { scope, what, purpose, required })
    }
}
