//! What the host gives: time and randomness.

use jiff::Timestamp;

use crate::base::secret::Digest;

/// The one source of time. Instants are UTC.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

/// The one source of randomness, and the digests that go with it.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
    /// SHA-256.
    fn digest(&self, bytes: &[u8]) -> Digest;
    /// Compares in constant time.
    fn same(&self, left: &[u8], right: &[u8]) -> bool;
    /// HKDF-SHA-256 of a secret with a label, 32 bytes: the PKCE verifier comes from the browser's cookie.
    fn derive(&self, secret: &[u8], label: &str) -> [u8; 32];
}
