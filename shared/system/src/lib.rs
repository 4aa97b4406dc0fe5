//! The process's own clock, randomness and digests: no other crate has them.
//!
//! All other code takes [`mooring_domain::base::host::Clock`] and [`mooring_domain::base::host::Entropy`].

use aws_lc_rs::{constant_time, digest, hkdf, rand};
use jiff::Timestamp;
use mooring_domain::base::host::{Clock, Entropy};
use mooring_domain::base::secret::Digest;

/// Reads the system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Gives the system's randomness, and SHA-256 and HKDF from aws-lc.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

struct ThirtyTwo;

impl hkdf::KeyType for ThirtyTwo {
    fn len(&self) -> usize {
        32
    }
}

impl Entropy for SystemEntropy {
    #[expect(clippy::expect_used, reason = "without randomness nothing here is safe to go on with")]
    fn fill(&self, buffer: &mut [u8]) {
        rand::fill(buffer).expect("the system's random number generator failed");
    }

    fn digest(&self, bytes: &[u8]) -> Digest {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Digest(out)
    }

    fn same(&self, left: &[u8], right: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(left, right).is_ok()
    }

    #[expect(clippy::expect_used, reason = "32 bytes are always within what HKDF-SHA-256 gives")]
    fn derive(&self, secret: &[u8], label: &str) -> [u8; 32] {
        let mut out = [0; 32];
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret);
        let info = [label.as_bytes()];
        extracted.expand(&info, ThirtyTwo).and_then(|key| key.fill(&mut out)).expect("HKDF length");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_sha_256_and_derivations_differ_by_label() {
        let hex = SystemEntropy.digest(b"abc").to_hex();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_ne!(SystemEntropy.derive(b"s", "pkce"), SystemEntropy.derive(b"s", "other"));
        assert!(SystemEntropy.same(b"a", b"a") && !SystemEntropy.same(b"a", b"b"));
    }
}
