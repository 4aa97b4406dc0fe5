//! The ports to the host: time and randomness.

use jiff::Timestamp;

use crate::base::secret::Digest;

/// The one source of time. Instants are UTC.
pub trait Clock: Send + Sync {
    /// Returns the current instant.
    fn now(&self) -> Timestamp;
}

/// The one source of randomness, and the digests that go with it.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
    /// Computes the SHA-256 of bytes.
    fn digest(&self, bytes: &[u8]) -> Digest;
    /// Compares two values in constant time.
    fn same(&self, left: &[u8], right: &[u8]) -> bool;
    /// Derives 32 bytes from a secret and a label by HKDF-SHA-256: the PKCE verifier comes from the browser's cookie
    /// this way.
    fn derive(&self, secret: &[u8], label: &str) -> [u8; 32];
}
