//! Time that passes at once: adds waits up and never waits.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mooring_kit::Timing;

/// A clock of the waits and of no other time: a slow machine and a quick one judge a rule alike.
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
