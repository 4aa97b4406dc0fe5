//! Time that passes at once: waits are added up and never waited for.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use mooring_kit::Timing;

/// Real time plus everything that was slept.
pub(crate) struct Skipping {
    start: Instant,
    slept: Mutex<Vec<Duration>>,
}

impl Skipping {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), slept: Mutex::default() }
    }

    /// Lists the waits so far.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Timing for Skipping {
    fn now(&self) -> Duration {
        self.start.elapsed() + self.slept().iter().sum::<Duration>()
    }

    fn draw(&self, below: Duration) -> Duration {
        below / 2
    }

    async fn sleep(&self, time: Duration) {
        self.slept.lock().unwrap_or_else(PoisonError::into_inner).push(time);
        tokio::task::yield_now().await;
    }
}
