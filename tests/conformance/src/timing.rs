//! Time that passes at once: waits are added up and never waited for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mooring_kit::Timing;

/// Everything that was slept, and no other time: a rule is judged alike on a slow machine and on a quick one.
#[derive(Default)]
pub(crate) struct Skipping {
    slept: Mutex<Vec<Duration>>,
}

impl Skipping {
    /// Lists the waits so far.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Timing for Skipping {
    fn now(&self) -> Duration {
        self.slept().iter().sum()
    }

    fn draw(&self, below: Duration) -> Duration {
        below / 2
    }

    async fn sleep(&self, time: Duration) {
        self.slept.lock().unwrap_or_else(PoisonError::into_inner).push(time);
        tokio::task::yield_now().await;
    }
}
