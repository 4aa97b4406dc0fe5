//! The access log: which credential called what, when, and with which outcome. It holds opaque ids, words of Mooring
//! and pseudonyms.
//!
//! The pseudonym of an end user is keyed with the tenant's own key, which is kept in the tenant's row and deleted with
//! it: the remaining log then names nobody to anybody.

use std::fmt;

use data_encoding::HEXLOWER;
use jiff::Timestamp;

use crate::base::host::Entropy;
use crate::base::ids::{CredentialId, EndUser, TenantId};

/// The key of a tenant's pseudonyms.
#[derive(Clone, PartialEq, Eq)]
pub struct PseudonymKey([u8; 32]);

impl PseudonymKey {
    /// Makes a key.
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        let mut key = [0; 32];
        entropy.fill(&mut key);
        Self(key)
    }

    /// Returns the key as it is stored.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads a stored key.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Computes the pseudonym of an end user: the same for every call, and useless without the key.
    pub fn of(&self, entropy: &dyn Entropy, user: &EndUser) -> Pseudonym {
        let digest = entropy.derive(&self.0, &format!("access log: end user {}", user.as_str()));
        Pseudonym(HEXLOWER.encode(digest.first_chunk::<16>().map_or(&[], <[u8; 16]>::as_slice)))
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(…)")
    }
}

/// The name that stands for an end user in the access log: 32 hex characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pseudonym(String);

impl Pseudonym {
    /// Returns the pseudonym as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a pseudonym from its text.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }
}

/// One call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The tenant whose credential called.
    pub tenant: TenantId,
    /// The credential.
    pub credential: CredentialId,
    /// Whether the credential is a frontend token.
    pub is_browser: bool,
    /// The end user whom the credential was bound to; an API key speaks for the whole tenant.
    pub person: Option<Pseudonym>,
    /// The operation's name in OpenAPI.
    pub action: &'static str,
    /// Ids of Mooring that the call named or made.
    pub targets: Vec<String>,
    /// The outcome: `2xx`, `4xx` or `5xx`.
    pub outcome: &'static str,
    /// The request's id, which the request's log lines carry too.
    pub request_id: String,
    /// When the call was made.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counting;

    #[test]
    fn pseudonyms_are_stable_and_differ_by_person_and_by_key() {
        let entropy = Counting::default();
        let (one, two) = (PseudonymKey::fresh(&entropy), PseudonymKey::fresh(&entropy));
        let (anna, ben): (EndUser, EndUser) = ("anna".parse().unwrap(), "ben".parse().unwrap());
        let name = one.of(&entropy, &anna);
        assert_eq!(name, one.of(&entropy, &anna));
        assert_eq!(name.as_str().len(), 32);
        assert_ne!(name, one.of(&entropy, &ben));
        assert_ne!(name, two.of(&entropy, &anna));
        assert_eq!(PseudonymKey::from_bytes(one.bytes()), Some(one));
        assert_eq!(PseudonymKey::from_bytes(&[0; 31]), None);
        assert_eq!(Pseudonym::parse(name.as_str()), Some(name));
        assert_eq!(Pseudonym::parse("anna"), None);
    }
}
