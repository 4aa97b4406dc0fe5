//! Randomness that a seed fixes, so that two runs of one journey draw the same ids and the same secrets.

use std::sync::atomic::{AtomicU64, Ordering};

use mooring_domain::base::host::Entropy;
use mooring_domain::base::secret::Digest;
use mooring_system::SystemEntropy;

/// Draws from a seed; digests and derives as the system does.
#[derive(Debug, Default)]
pub(crate) struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// Starts at the beginning of what a seed gives.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = self.drawn.fetch_add(1, Ordering::Relaxed);
            let name = [self.seed.to_be_bytes(), block.to_be_bytes()].concat();
            chunk.iter_mut().zip(SystemEntropy.digest(&name).0).for_each(|(to, from)| *to = from);
        }
    }

    fn digest(&self, bytes: &[u8]) -> Digest {
        SystemEntropy.digest(bytes)
    }

    fn same(&self, left: &[u8], right: &[u8]) -> bool {
        SystemEntropy.same(left, right)
    }

    fn derive(&self, secret: &[u8], label: &str) -> [u8; 32] {
        SystemEntropy.derive(secret, label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_again_and_never_twice_the_same() {
        let draw = |entropy: &SeededEntropy| {
            let mut bytes = [0; 40];
            entropy.fill(&mut bytes);
            bytes
        };
        let (first, again) = (SeededEntropy::new(7), SeededEntropy::new(7));
        let drawn = draw(&first);
        assert_eq!(drawn, draw(&again));
        assert_ne!(drawn, draw(&first));
        assert_ne!(drawn, draw(&SeededEntropy::new(8)));
    }
}
