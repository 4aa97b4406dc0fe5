//! Reads which profile the deployment runs.

use mooring_domain::Result;
use mooring_domain::platform::profile::Profile;

use crate::load;

/// The profile when the environment names none.
const DEFAULT: &str = "statasphere";

/// Reads the profile that `PROFILE` names, or the default one.
pub fn from_env() -> Result<Profile> {
    load(std::env::var("PROFILE").ok().filter(|name| !name.is_empty()).as_deref().unwrap_or(DEFAULT))
}
