//! The deployment's own secrets: platform app credentials, and the key behind fingerprints.

use secrecy::SecretString;

use crate::base::address::MailAddress;
use crate::base::secret::Fingerprint;
use crate::vault::keys::DataKey;

/// The pseudo-connection whose key makes fingerprints.
pub const INDEX_APP: &str = "mooring";

/// The name of the sealed credentials of a platform app.
pub const CREDENTIALS: &str = "credentials";

/// Names the slot of an app's sealed secret.
pub fn secret_slot(name: &str) -> String {
    format!("sec#{name}")
}

/// Writes credentials as bytes to seal: the id, a zero byte, the secret.
pub fn encode_credentials(id: &str, secret: &str) -> Vec<u8> {
    format!("{id}\0{secret}").into_bytes()
}

/// Fingerprints an e-mail address.
pub fn mail_fingerprint(index: &dyn DataKey, address: &MailAddress) -> Fingerprint {
    fingerprint(index, "mail", address.text().as_bytes())
}

/// Fingerprints the source of a request, which is counted and never stored in clear.
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

/// The product's registration at a platform.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    /// The app's public id.
    pub id: String,
    /// The app's secret.
    pub secret: SecretString,
}
