//! Product profiles: data files and a strict parser of them.
//!
//! A profile is checked as a whole before anything uses it. The conformance suite checks that its calls and
//! scopes exist at the platform, because only the connectors know them.

mod check;
mod config;
mod file;

use mooring_domain::platform::profile::Profile;
use mooring_domain::{Error, Kind, Result};

pub use config::from_env;

/// Every profile by its name.
const FILES: &[(&str, &str)] = &[("statasphere", include_str!("../statasphere.toml"))];

/// Lists the names of all profiles.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Reads a profile by its name.
pub fn load(name: &str) -> Result<Profile> {
    let Some((_, text)) = FILES.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = names().collect();
        return Err(broken(name, &format!("there is none of this name; there are: {}", known.join(", "))));
    };
    read(name, text)
}

fn read(name: &str, text: &str) -> Result<Profile> {
    let file: file::ProfileFile = toml::from_str(text).map_err(|error| broken(name, &error.to_string()))?;
    let profile = file.into_profile(name).map_err(|reason| broken(name, &reason))?;
    check::profile(&profile).map_err(|reason| broken(name, &reason))?;
    Ok(profile)
}

fn broken(name: &str, reason: &str) -> Error {
    Error::new(Kind::Internal, "bad_profile", format!("The profile `{name}` cannot be used: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATASPHERE: &str = include_str!("../statasphere.toml");

    /// S8: every scope has a purpose, which people read as a sentence; no call changes anything at the
    /// platform.
    #[test]
    fn every_profile_is_sound() {
        for name in names() {
            let profile = load(name).unwrap();
            assert_eq!(profile.name, name);
            assert!(profile.platforms.iter().all(|platform| !platform.calls.is_empty()));
        }
        let profile = load("statasphere").unwrap();
        let tiktok = profile.platform("tiktok_ads").unwrap();
        assert!(tiktok.allows("report.read") && !tiktok.allows("campaign.update"));
        assert!(
            tiktok.scopes.iter().all(|scope| scope.purpose.ends_with('.')),
            "purposes are sentences, not keys"
        );
    }

    #[test]
    fn an_unknown_name_is_told_what_there_is() {
        let message = load("nobody").unwrap_err().message;
        assert!(message.contains("statasphere"), "{message}");
    }

    #[test]
    fn what_does_not_hold_together_is_refused_with_its_reason() {
        let cases = [
            ("[purposes]", "retention_days = 30\n[purposes]", "retention_days"),
            ("[purposes]", "retention_days = 0\n[purposes]", "retention_days"),
            ("[purposes]", "needs_reauth_days = 0\n[purposes]", "needs_reauth_days"),
            ("period_minutes = 60", "period_minutes = 0", "period_minutes"),
            (r#""user.read","#, r#""account.list","#, "account.list"),
            (r#"purpose = "reporting""#, r#"purpose = "advertising""#, "advertising"),
            (r#"scope = "44""#, r#"scope = "100""#, "100"),
            (r#"platform = "tiktok_ads""#, "platform = \"tiktok_ads\"\nsurprise = 1", "surprise"),
            ("https://statasphere.example/privacy", "http://statasphere.example/privacy", "privacy_url"),
            ("privacy@statasphere.example", "nobody", "contact_email"),
            (r#"product = "Statasphere""#, r#"product = " ""#, "product"),
            (r#"what = "Reads daily"#, r#"what = ""  # "#, "what"),
            ("[purposes_in.de]", "[purposes_in.de]\nunused = \"x\"", "purposes_in.de"),
            ("what_in.de = \"Liest Tages", "what_in.fr = \"Liest Tages", "what_in"),
            ("[purposes]", "[purposes]\nunused = \"Selling it.\"", "unused"),
        ];
        for (from, to, named) in cases {
            assert!(STATASPHERE.contains(from), "{from}");
            let error = read("x", &STATASPHERE.replacen(from, to, 1)).unwrap_err();
            assert!(error.message.contains(named), "{to}: {}", error.message);
        }
    }
}
