//! Opens the deployment's own secrets: the key and the credentials of a platform app.

use secrecy::SecretString;

use crate::base::error::{Error, Kind, Result};
use crate::base::together::both;
use crate::platform::credentials::{AppCredentials, CREDENTIALS, secret_slot};
use crate::vault::keys::{DataKey, KeyContext, WrappedKey};
use crate::vault::ports::{KeyOpen, VaultRead};

/// Reads the wrapped key of an app.
pub async fn wrapped_key(vault: &dyn VaultRead, app: &'static str) -> Result<WrappedKey> {
    vault.key(&KeyContext::app(app)).await?.ok_or_else(|| missing(app))
}

/// Opens the key of an app. Every invocation opens its own copy and drops it.
pub async fn app_key(
    vault: &dyn VaultRead,
    keys: &dyn KeyOpen,
    app: &'static str,
) -> Result<Box<dyn DataKey>> {
    keys.open(&KeyContext::app(app), &wrapped_key(vault, app).await?).await
}

/// Opens the credentials of a platform app. They are read beside their key, sealed, because neither row needs the other.
pub async fn credentials(
    vault: &dyn VaultRead,
    keys: &dyn KeyOpen,
    platform: &'static str,
) -> Result<AppCredentials> {
    let (key, sealed) = both(app_key(vault, keys, platform), vault.app_secret(platform, CREDENTIALS)).await;
    let (key, sealed) = (key?, sealed?.ok_or_else(|| missing(platform))?);
    let plain = key.open(&secret_slot(CREDENTIALS), &sealed)?;
    let (id, secret) =
        plain.text().and_then(|text| text.split_once('\0')).ok_or_else(|| missing(platform))?;
    Ok(AppCredentials { id: id.to_owned(), secret: SecretString::from(secret) })
}

fn missing(app: &str) -> Error {
    let message = format!("The deployment has no secrets for `{app}`; run the set-up command.");
    Error::new(Kind::Internal, "not_set_up", message)
}
