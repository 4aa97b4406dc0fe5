//! How long to wait before a write that met another one is tried again.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// How often a write is tried again.
const TRIES: u32 = 7;
/// The longest first wait; it doubles.
const FIRST: Duration = Duration::from_millis(10);

/// The waits of one write.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tried: u32,
}

impl Backoff {
    /// Waits a random part of the next, longer time; false when the tries are used up.
    pub(crate) async fn wait(&mut self) -> bool {
        if self.tried >= TRIES {
            return false;
        }
        let longest = FIRST.saturating_mul(1 << self.tried);
        self.tried += 1;
        tokio::time::sleep(longest.mul_f64(jitter())).await;
        true
    }
}

/// A number from 0 to 1 that differs between processes and calls. Nothing secret hangs on it.
fn jitter() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}
