//! Decides when a failed call is tried again: full jitter, a small budget, and the platform's own wait where it names
//! one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mooring_domain::base::backoff::Backoff;
use mooring_domain::{Error, Kind, Retry};

use crate::timing::Timing;

/// How often one call may be sent.
const ATTEMPTS: u32 = 4;
/// The ceilings of the jitter.
const WAITS: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(8));
/// How long one call may take with all its tries.
const BUDGET: Duration = Duration::from_mins(1);
/// The least time that a try needs to be worth its wait.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest wait named by the platform that a call stays for.
const SHORT: Duration = Duration::from_secs(5);

/// The price of a retry, and the earning of a call: one in ten calls may be a retry, beside a first ten.
const PRICE: u32 = 10;
const EARNED: u32 = 1;
const MOST: u32 = 10 * PRICE;

/// The retries that a process may still make. While a platform does not answer they are soon used up, and each call is
/// sent once.
///
/// A retry after a limit costs nothing: the platform itself says when to come back, and the pace respects this.
pub(crate) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(MOST))
    }
}

impl Budget {
    /// Counts a call, which earns a part of a retry.
    pub(crate) fn earn(&self) {
        self.change(|left| Some((left + EARNED).min(MOST)));
    }

    /// Pays for a retry; false when the budget is used up.
    pub(crate) fn allows(&self, error: &Error) -> bool {
        error.kind == Kind::RateLimited || self.change(|left| left.checked_sub(PRICE))
    }

    fn change(&self, change: impl Fn(u32) -> Option<u32>) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

/// The tries of one call.
pub(crate) struct Tries<'a> {
    timing: &'a dyn Timing,
    begun: Duration,
    patience: Duration,
    made: u32,
}

impl<'a> Tries<'a> {
    /// Begins a call. All its tries together may take `patience`, and never longer than [`BUDGET`].
    pub(crate) fn begin(timing: &'a dyn Timing, patience: Duration) -> Self {
        Self { timing, begun: timing.now(), patience: patience.min(BUDGET), made: 0 }
    }

    /// Returns the time that is left for the call.
    pub(crate) fn left(&self) -> Duration {
        self.patience.saturating_sub(self.timing.now().saturating_sub(self.begun))
    }

    /// Returns how long to wait before the next try; `None` when there is no next try.
    pub(crate) fn wait_after(&mut self, error: &Error) -> Option<Duration> {
        let wait = match error.retry {
            Retry::After(Some(named)) if named <= SHORT => named + self.timing.draw(named),
            Retry::After(None) => self.timing.draw(WAITS.ceiling(self.made)),
            _ => return None,
        };
        self.made += 1;
        (self.made < ATTEMPTS && wait + SHORTEST <= self.left()).then_some(wait)
    }
}

/// Sets the retry advice of the last error of a repeated call.
///
/// A limit that outlasts the budget is a longer one, so the job is put back for `pause`. Any other error was tried
/// often enough.
pub(crate) fn give_up(error: Error, pause: Duration) -> Error {
    match error.retry {
        Retry::After(wait) if error.kind == Kind::RateLimited => {
            error.retry(Retry::After(Some(wait.unwrap_or_default().max(pause))))
        }
        // A wait that is too long to stay for is still the platform's own wait.
        Retry::After(Some(wait)) if wait > SHORT => error,
        Retry::After(_) => error.retry(Retry::Exhausted),
        Retry::Never | Retry::Exhausted => error,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;

    /// A timing that draws the highest possible time and whose clock moves on by each sleep.
    #[derive(Default)]
    struct Worst(Mutex<Duration>);

    #[async_trait]
    impl Timing for Worst {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }
        fn draw(&self, below: Duration) -> Duration {
            below
        }
        async fn sleep(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    fn failed(retry: Retry) -> Error {
        Error::new(Kind::Upstream, "x", "x").retry(retry)
    }

    fn waits(error: &Error, each: Duration) -> Vec<Duration> {
        let timing = Worst::default();
        let mut tries = Tries::begin(&timing, BUDGET);
        let mut waits = vec![];
        while let Some(wait) = tries.wait_after(error) {
            waits.push(wait);
            *timing.0.lock().unwrap() += wait + each;
        }
        waits
    }

    #[test]
    fn waits_double_and_the_tries_end() {
        let waits = waits(&failed(Retry::After(None)), Duration::ZERO);
        assert_eq!(waits, [500, 1000, 2000].map(Duration::from_millis));
    }

    #[test]
    fn no_try_begins_that_has_no_time_left() {
        let timing = Worst::default();
        let mut tries = Tries::begin(&timing, Duration::from_secs(3));
        assert!(tries.wait_after(&failed(Retry::After(None))).is_some());
        *timing.0.lock().unwrap() += Duration::from_secs(2);
        assert_eq!(tries.left(), Duration::from_secs(1));
        assert!(tries.wait_after(&failed(Retry::After(None))).is_none());
    }

    #[test]
    fn slow_tries_use_the_budget_up_sooner() {
        assert_eq!(waits(&failed(Retry::After(None)), Duration::from_secs(30)).len(), 2);
    }

    #[test]
    fn a_named_wait_is_never_cut_short_and_a_long_one_is_not_stayed_for() {
        let named = |secs| failed(Retry::After(Some(Duration::from_secs(secs))));
        assert!(waits(&named(1), Duration::ZERO).iter().all(|wait| *wait >= Duration::from_secs(1)));
        assert!(waits(&named(6), Duration::ZERO).is_empty());
        assert!(waits(&failed(Retry::Never), Duration::ZERO).is_empty());
    }

    #[test]
    fn when_everything_fails_one_call_in_ten_is_a_retry() {
        let (budget, error) = (Budget::default(), failed(Retry::After(None)));
        let retries = |calls: u32| {
            let tried = |_| {
                budget.earn();
                (0..3).filter(|_| budget.allows(&error)).count()
            };
            (0..calls).map(tried).sum::<usize>()
        };
        assert_eq!(retries(10), 10, "a first ten");
        assert_eq!(retries(1_000), 100);
        let limited = Error::new(Kind::RateLimited, "x", "x");
        assert!((0..1_000).all(|_| budget.allows(&limited)), "a limit costs nothing");
        (0..1_000).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.allows(&error)).count(), 10, "and no more is saved up");
    }

    #[test]
    fn what_was_tried_enough_is_exhausted_but_a_limit_is_put_off() {
        let pause = Duration::from_mins(5);
        assert_eq!(give_up(failed(Retry::After(None)), pause).retry, Retry::Exhausted);
        let limited = Error::new(Kind::RateLimited, "x", "x").retry(Retry::After(Some(SHORT)));
        assert_eq!(give_up(limited, pause).retry, Retry::After(Some(pause)));
        assert_eq!(give_up(failed(Retry::Never), pause).retry, Retry::Never);
        let asked = Retry::After(Some(Duration::from_mins(10)));
        assert_eq!(give_up(failed(asked), pause).retry, asked, "what the platform asks for is kept");
    }
}
