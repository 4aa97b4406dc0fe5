//! Choices that a seed decides, by splitmix64, so that a run can be repeated.

use std::hash::{BuildHasher as _, RandomState};

/// A sequence of choices.
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// Makes one of the sequences of a seed.
    pub(crate) fn of(seed: u64, run: u64) -> Self {
        Self { state: seed ^ run.wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }

    /// Makes a seed that was not used before.
    pub(crate) fn fresh_seed() -> u64 {
        RandomState::new().hash_one(std::process::id()) % 1_000_000_000
    }

    /// Draws a number below a limit; 0 for a limit of 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(limit).unwrap_or(0)
    }

    /// Draws one of some values; `None` when there are none.
    pub(crate) fn pick<'a, T>(&mut self, values: &'a [T]) -> Option<&'a T> {
        let index = self.below(values.len().try_into().unwrap_or(u64::MAX));
        values.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_and_runs_differ() {
        let draw = |seed, run| {
            let mut chance = Chance::of(seed, run);
            [0; 8].map(|_| chance.below(1_000))
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
        assert_eq!(Chance::of(1, 1).below(0), 0);
        assert_eq!(Chance::of(1, 1).pick::<u8>(&[]), None);
    }
}
