//! The app's credentials: sealed under the deployment's key, and opened by it. What they say stays here.

use mooring_domain::platform::credentials::INDEX_APP;
use mooring_domain::platform::steps::app_secrets;
use secrecy::ExposeSecret as _;

use super::Point;
use crate::reach::InCloud;

/// Checks the credentials of every platform of the profile, and the key that seals addresses.
pub(super) async fn check(cloud: &InCloud) -> Vec<Point> {
    let mut points = Vec::new();
    for platform in platforms(cloud) {
        let todo = format!("cargo xtask app-secret {platform} --stack {}", cloud.stack.name);
        points.push(match sealed(cloud, platform).await {
            Ok(true) => Point::ok(name(platform), "sealed, and the key opens it"),
            Ok(false) => Point::wrong(name(platform), "id or secret is empty", todo),
            // Storing the secret again would write over one that works where only the way to it is closed.
            Err(error) if is_missing(&error) => Point::wrong(name(platform), format!("{error:#}"), todo),
            Err(error) => {
                let todo = "give these credentials kms:Decrypt on the stack's key and reads on its tables, or wait until AWS \
                            answers; do not store the secret again";
                Point::wrong(name(platform), format!("{error:#}"), todo)
            }
        });
    }
    points
}

/// Returns whether nothing is stored, rather than that it could not be read.
fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<mooring_domain::Error>().is_some_and(|error| error.code == "not_set_up")
}

fn name(platform: &str) -> String {
    format!("secret {platform}")
}

/// Lists the platforms of the stack's profile that a connector exists for.
pub(super) fn platforms(cloud: &InCloud) -> Vec<&'static str> {
    let profile = cloud.stack.parameter("Profile").and_then(|name| mooring_profiles::load(name).ok());
    let wanted = profile.map(|profile| profile.platforms).unwrap_or_default();
    let has = |platform: &&str| wanted.iter().any(|one| one.platform == *platform);
    mooring_registry::PLATFORMS.into_iter().filter(has).collect()
}

async fn sealed(cloud: &InCloud, platform: &'static str) -> anyhow::Result<bool> {
    let (store, vault) = (cloud.store()?, cloud.vault()?);
    app_secrets::app_key(&store, &vault, INDEX_APP).await?;
    let found = app_secrets::credentials(&store, &vault, platform).await?;
    Ok(!found.id.is_empty() && !found.secret.expose_secret().is_empty())
}
