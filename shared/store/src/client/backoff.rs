//! Waits before a write is tried again that collided with another write.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use mooring_domain::base::backoff;

/// How many times a write is tried again.
const TRIES: u32 = 7;
/// The upper bounds of the waits: 10 ms before the first repetition, doubled for each further one, 640 ms at
/// most.
const WAITS: backoff::Backoff = backoff::Backoff::new(Duration::from_millis(10), Duration::from_millis(640));

/// Counts the repetitions of one write, and waits before each.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tried: u32,
}

impl Backoff {
    /// Waits for a random part of the next, longer time. Returns false when no repetition is left.
    pub(crate) async fn wait(&mut self) -> bool {
        if self.tried >= TRIES {
            return false;
        }
        let wait = WAITS.wait(self.tried, random());
        self.tried += 1;
        tokio::time::sleep(wait).await;
        true
    }
}

/// Returns a number that differs between processes and calls. It protects no secret.
fn random() -> u32 {
    let random = RandomState::new().build_hasher().finish();
    u32::try_from(random >> 32).unwrap_or_default()
}
