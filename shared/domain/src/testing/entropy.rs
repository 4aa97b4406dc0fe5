//! Plays randomness, the same in each run.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::base::host::Entropy;
use crate::base::secret::Digest;

/// Entropy that counts up, so that each run of a test draws the same numbers.
#[derive(Default)]
pub(crate) struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn digest(&self, bytes: &[u8]) -> Digest {
        let mut out = [0_u8; 32];
        for (at, byte) in bytes.iter().enumerate() {
            out[at % 32] = out[at % 32].wrapping_mul(31).wrapping_add(*byte);
        }
        Digest(out)
    }

    fn same(&self, left: &[u8], right: &[u8]) -> bool {
        left == right
    }

    fn derive(&self, secret: &[u8], label: &str) -> [u8; 32] {
        self.digest(&[label.as_bytes(), secret].concat()).0
    }
}
