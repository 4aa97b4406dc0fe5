//! The deployment's own secrets: platform app credentials, and the key behind fingerprints.

use secrecy::SecretString;

use crate::address::MailAddress;
use crate::connector::AppCredentials;
use crate::error::{Error, Kind, Result};
use crate::keys::KeyContext;
use crate::ports::{DataKey, KeyOpen, VaultRead};
use crate::secret::Fingerprint;

/// The pseudo-connection whose key makes fingerprints.
pub const INDEX_APP: &str = "mooring";
/// The name of the sealed credentials of a platform app.
pub const CREDENTIALS: &str = "credentials";

/// The slot of an app's sealed secret.
pub fn secret_slot(name: &str) -> String {
    format!("sec#{name}")
}

/// Writes credentials as bytes to seal: the id, a zero byte, the secret.
pub fn encode_credentials(id: &str, secret: &str) -> Vec<u8> {
    format!("{id}\0{secret}").into_bytes()
}

/// Opens the key of an app; every invocation opens its own and drops it.
pub async fn app_key(
    vault: &dyn VaultRead,
    keys: &dyn KeyOpen,
    app: &'static str,
) -> Result<Box<dyn DataKey>> {
    let context = KeyContext::app(app);
    let wrapped = vault.key(&context).await?.ok_or_else(|| missing(app))?;
    keys.open(&context, &wrapped).await
}

/// Opens the credentials of a platform app.
pub async fn credentials(
    vault: &dyn VaultRead,
    keys: &dyn KeyOpen,
    platform: &'static str,
) -> Result<AppCredentials> {
    let key = app_key(vault, keys, platform).await?;
    let sealed = vault.app_secret(platform, CREDENTIALS).await?.ok_or_else(|| missing(platform))?;
    let plain = key.open(&secret_slot(CREDENTIALS), &sealed)?;
    let (id, secret) =
        plain.text().and_then(|text| text.split_once('\0')).ok_or_else(|| missing(platform))?;
    Ok(AppCredentials { id: id.to_owned(), secret: SecretString::from(secret) })
}

/// Fingerprints an e-mail address.
pub fn mail_fingerprint(index: &dyn DataKey, address: &MailAddress) -> Fingerprint {
    fingerprint(index, "mail", address.text().as_bytes())
}

/// Fingerprints where a request came from, which is counted and never stored in clear.
pub fn source_fingerprint(index: &dyn DataKey, source: &str) -> Fingerprint {
    fingerprint(index, "source", source.as_bytes())
}

/// Fingerprints a platform's own number of a person or an account.
pub fn platform_fingerprint(index: &dyn DataKey, platform: &str, number: &str) -> Fingerprint {
    fingerprint(index, "platform", format!("{platform}\0{number}").as_bytes())
}

fn fingerprint(index: &dyn DataKey, label: &str, bytes: &[u8]) -> Fingerprint {
    Fingerprint(data_encoding::HEXLOWER.encode(&index.fingerprint(label, bytes)))
}

fn missing(app: &str) -> Error {
    let message = format!("The deployment has no secrets for `{app}`; run the set-up command.");
    Error::new(Kind::Internal, "not_set_up", message)
}
