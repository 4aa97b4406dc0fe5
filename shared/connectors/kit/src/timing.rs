//! Time and chance behind one trait, so that tests can draw and count waits without waiting.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mooring_domain::base::backoff::jitter;
use mooring_domain::base::host::Entropy;
use mooring_domain::base::random;
use tokio::time::Instant;

/// The clock, the sleep and the random waits of a client.
#[async_trait]
pub trait Timing: Send + Sync {
    /// Returns how long this timing has been running; the time never goes back.
    fn now(&self) -> Duration;
    /// Draws a time from zero up to `below`.
    fn draw(&self, below: Duration) -> Duration;
    /// Sleeps for a time.
    async fn sleep(&self, time: Duration);
}

/// Real time.
pub struct SystemTiming {
    start: Instant,
    entropy: Arc<dyn Entropy>,
}

impl SystemTiming {
    /// Starts to measure now.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { start: Instant::now(), entropy }
    }
}

#[async_trait]
impl Timing for SystemTiming {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn draw(&self, below: Duration) -> Duration {
        jitter(below, random::number(self.entropy.as_ref()))
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Lets at most a number of calls leave within any second, in the order in which they ask.
pub(crate) struct Pace {
    calls: usize,
    sent: Mutex<VecDeque<Duration>>,
}

/// The rate window: one second, plus 50 ms because calls may arrive at the platform in another order than they left.
const WINDOW: Duration = Duration::from_millis(1050);

impl Pace {
    pub(crate) fn new(calls_per_second: u32) -> Self {
        let calls = usize::try_from(calls_per_second.max(1)).unwrap_or(usize::MAX);
        Self { calls, sent: Mutex::default() }
    }

    /// Waits for this call's turn.
    pub(crate) async fn admit(&self, timing: &dyn Timing) {
        let wait = self.reserve(timing.now());
        if !wait.is_zero() {
            timing.sleep(wait).await;
        }
    }

    /// Takes the next free moment and returns how far ahead it is.
    fn reserve(&self, now: Duration) -> Duration {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = if sent.len() < self.calls { None } else { sent.pop_front() };
        let turn = oldest.map_or(now, |oldest| now.max(oldest + WINDOW));
        sent.push_back(turn);
        turn.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_holds_more_calls_than_the_pace() {
        for seed in 1..=20_u64 {
            let (pace, mut now, mut state) = (Pace::new(7), Duration::ZERO, seed);
            let mut turns = vec![];
            for _ in 0..200 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                now += Duration::from_millis((state >> 33) % 180);
                turns.push(now + pace.reserve(now));
            }
            assert!(turns.windows(8).all(|w| w[7] >= w[0] + WINDOW), "seed {seed}");
        }
    }

    #[test]
    fn a_quiet_pace_does_not_wait() {
        let pace = Pace::new(2);
        let waits: Vec<_> = [0, 0, 1050].map(|ms| pace.reserve(Duration::from_millis(ms))).into();
        assert_eq!(waits, [Duration::ZERO; 3]);
    }
}
