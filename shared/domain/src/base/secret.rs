//! Secrets in clear: newtypes that nobody can print, and that wipe themselves when dropped.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Bytes that were opened from a box. They live as briefly as the code allows and are wiped on drop.
pub struct Plain(Zeroizing<Vec<u8>>);

impl Plain {
    /// Takes over the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bytes as text, when they are UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// Text that must not be printed and is no platform's secret: a secret of Mooring on its way to or from its holder, or
/// a person's address. A platform's secrets are [`SecretString`]s.
#[derive(Clone, PartialEq, Eq)]
pub struct Confidential(Zeroizing<String>);

impl Confidential {
    /// Takes over the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Confidential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confidential(…)")
    }
}

/// Reads a platform's secret in clear, to seal or to fingerprint it. No other place of the domain does so.
pub(crate) fn reading<T>(secret: &SecretString, read: impl FnOnce(&str) -> T) -> T {
    read(secret.expose_secret())
}

/// The SHA-256 of a secret that was handed out: the table stores the digest in the secret's place and finds rows by
/// it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Returns the digest as 64 lower-case hex characters.
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// Reads a digest from 64 hex characters.
    pub fn from_hex(text: &str) -> Option<Self> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

/// A keyed fingerprint of a value that must not be stored, such as a platform's account number or an e-mail address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub String);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}
