//! How long to wait before a write that met another one is tried again.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use mooring_domain::base::backoff;

/// How often a write is tried again.
const TRIES: u32 = 7;
/// The longest first wait; it doubles with each of the tries.
const WAITS: backoff::Backoff = backoff::Backoff::new(Duration::from_millis(10), Duration::from_millis(640));

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
        let wait = WAITS.wait(self.tried, random());
        self.tried += 1;
        tokio::time::sleep(wait).await;
        true
    }
}

/// Draws a number that differs between processes and calls. Nothing secret hangs on it.
fn random() -> u32 {
    let random = RandomState::new().build_hasher().finish();
    u32::try_from(random >> 32).unwrap_or_default()
}
