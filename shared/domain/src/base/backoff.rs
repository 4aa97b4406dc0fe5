//! Waits before another try: ceilings that double with each try, and jitter.
//!
//! Jitter keeps callers that failed together from coming back together. Nothing here draws a random number: the caller
//! brings one, so that a test can compute each wait.

use std::time::Duration;

/// Ceilings that double with each failed try, up to a highest ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    highest: Duration,
}

impl Backoff {
    /// Makes ceilings that begin with `first` and double with each failed try, up to `highest`.
    pub const fn new(first: Duration, highest: Duration) -> Self {
        Self { first, highest }
    }

    /// Computes the longest wait after `failed` earlier tries.
    pub fn ceiling(&self, failed: u32) -> Duration {
        let factor = 1_u32.checked_shl(failed).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.highest)
    }

    /// Computes the wait after `failed` earlier tries: any part of the ceiling ("full jitter").
    pub fn wait(&self, failed: u32, random: u32) -> Duration {
        jitter(self.ceiling(failed), random)
    }
}

/// Computes the part of a time that a random number stands for: none of the time for 0, all of it for [`u32::MAX`].
pub fn jitter(most: Duration, random: u32) -> Duration {
    Duration::from_nanos_u128(most.as_nanos() * u128::from(random) / u128::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ceilings_double_up_to_the_highest() {
        let backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(8));
        let ceilings: Vec<_> = (0..7).map(|failed| backoff.ceiling(failed).as_millis()).collect();
        assert_eq!(ceilings, [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        assert_eq!(backoff.ceiling(u32::MAX), Duration::from_secs(8));
    }

    proptest! {
        #[test]
        fn no_ceiling_is_lower_than_the_one_before_or_higher_than_the_highest(
            first in 0..=100_000_u64,
            highest in 0..=10_000_000_u64,
            failed in any::<u32>(),
        ) {
            let backoff = Backoff::new(Duration::from_millis(first), Duration::from_millis(highest));
            let (now, next) = (backoff.ceiling(failed), backoff.ceiling(failed.saturating_add(1)));
            prop_assert!(now <= next && next <= Duration::from_millis(highest));
            prop_assert!(next == now * 2 || next == Duration::from_millis(highest) || failed >= 31);
        }

        #[test]
        fn jitter_is_a_part_of_its_ceiling_and_grows_with_the_number(
            most in any::<u64>(),
            random in any::<u32>(),
        ) {
            let most = Duration::from_millis(most);
            prop_assert_eq!(jitter(most, 0), Duration::ZERO);
            prop_assert_eq!(jitter(most, u32::MAX), most);
            prop_assert!(jitter(most, random) <= most);
            prop_assert!(jitter(most, random) <= jitter(most, random.saturating_add(1)));
        }

        #[test]
        fn a_wait_is_jitter_under_the_ceiling(failed in 0..64_u32, random in any::<u32>()) {
            let backoff = Backoff::new(Duration::from_secs(30), Duration::from_mins(15));
            prop_assert_eq!(backoff.wait(failed, random), jitter(backoff.ceiling(failed), random));
        }
    }
}
