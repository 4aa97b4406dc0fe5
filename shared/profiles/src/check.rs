//! Checks that the parts of a profile fit together.

use std::collections::BTreeSet;

use mooring_domain::platform::profile::{PlatformProfile, Profile};

/// Checks a profile; the error names the first part that does not fit.
pub(crate) fn profile(profile: &Profile) -> Result<(), String> {
    filled("product", &profile.product)?;
    holds(profile.privacy_url.starts_with("https://"), || {
        "`privacy_url` is not an https address".to_owned()
    })?;
    holds(profile.contact_email.contains('@'), || "`contact_email` is not an e-mail address".to_owned())?;
    holds(profile.needs_reauth_days != Some(0), || "`needs_reauth_days` is zero".to_owned())?;
    distinct("platform", profile.platforms.iter().map(|platform| platform.platform.as_str()))?;
    profile.platforms.iter().try_for_each(|entry| platform(entry, profile.retention_days))
}

fn platform(entry: &PlatformProfile, retention_days: Option<u16>) -> Result<(), String> {
    let name = &entry.platform;
    distinct("call", entry.calls.iter().map(String::as_str))?;
    distinct("scope", entry.scopes.iter().map(|scope| scope.scope.as_str()))?;
    holds(entry.period_minutes > 0, || format!("`period_minutes` of {name} is zero"))?;
    let reach = 1..=retention_days.unwrap_or(u16::MAX);
    holds(reach.contains(&entry.backfill_days), || {
        format!("`backfill_days` of {name} is not between 1 and `retention_days`")
    })?;
    for scope in &entry.scopes {
        filled("what", &scope.what)?;
        filled("purpose", &scope.purpose)?;
        for words in scope.translations.values() {
            filled("what_in", &words.what)?;
            filled("purposes_in", &words.purpose)?;
        }
    }
    Ok(())
}

fn filled(field: &str, text: &str) -> Result<(), String> {
    holds(!text.trim().is_empty(), || format!("`{field}` is empty"))
}

fn distinct<'a>(what: &str, mut words: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let twice = words.find(|word| !seen.insert(*word));
    twice.map_or(Ok(()), |word| Err(format!("the {what} `{word}` is listed twice")))
}

fn holds(fact: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if fact { Ok(()) } else { Err(otherwise()) }
}
