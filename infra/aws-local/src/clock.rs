//! The clock that everything local runs by: it can run faster than the wall or stand still, be moved forward, and
//! survives a restart. It never goes backwards, and knows nothing of its readers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::disk;
use crate::trouble::{DataError, Trouble};

/// How long a killed process can have run after its last save, at most; saves are due more often than this.
const UNSAVED: SignedDuration = SignedDuration::from_secs(10);

/// The wall's seconds in a local second while the clock stands: more than any test lasts, so that only moves end
/// timers.
const STANDING: u32 = 1_000;

/// The local time; clones share it.
#[derive(Clone, Debug)]
pub struct LocalClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base: Timestamp,
    started: Instant,
    scale: u32,
    advanced: watch::Sender<Duration>,
    file: Option<PathBuf>,
    saving: Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    local: String,
    wall: String,
    clean: bool,
}

impl LocalClock {
    /// Makes a clock that starts at the wall's time and runs `scale` times as fast.
    pub fn new(scale: u32) -> Self {
        Self::starting_at(Timestamp::now(), scale)
    }

    /// Makes a clock that starts at `base` and runs `scale` times as fast.
    pub fn starting_at(base: Timestamp, scale: u32) -> Self {
        Self::build(base, scale.max(1), None)
    }

    /// Makes a clock that stands at `base` and moves by [`Self::advance`] alone, so that what depends on time does not
    /// depend on how fast the machine is.
    pub fn standing_at(base: Timestamp) -> Self {
        Self::build(base, 0, None)
    }

    /// Opens the clock kept in `dir/clock.json`, or starts one at the wall's time that will be kept there.
    ///
    /// While nothing runs, local time passes at the wall's pace.
    pub fn open(dir: &Path, scale: u32) -> Result<Self, DataError> {
        let file = dir.join("clock.json");
        let base = match disk::read(&file)? {
            Some(bytes) => {
                resume(&bytes, scale).map_err(|error| DataError::new(&file, Trouble::Broken, error))?
            }
            None => Timestamp::now(),
        };
        Ok(Self::build(base, scale.max(1), Some(file)))
    }

    /// A scale of 0 stands still.
    fn build(base: Timestamp, scale: u32, file: Option<PathBuf>) -> Self {
        let (advanced, _) = watch::channel(Duration::ZERO);
        Self(Arc::new(Inner {
            base,
            started: Instant::now(),
            scale,
            advanced,
            file,
            saving: Mutex::default(),
        }))
    }

    /// Returns the local time.
    pub fn now(&self) -> Timestamp {
        let scaled = self.0.started.elapsed().saturating_mul(self.0.scale);
        forward(self.0.base, scaled.saturating_add(self.advanced()))
    }

    /// Returns how many local seconds pass in a real one; 0 while the clock stands.
    pub fn scale(&self) -> u32 {
        self.0.scale
    }

    /// Returns how long a span of local time lasts on the wall.
    pub(crate) fn on_the_wall(&self, local: Duration) -> Duration {
        match self.0.scale {
            0 => local.saturating_mul(STANDING),
            scale => local / scale,
        }
    }

    /// Moves local time forward and wakes those who sleep past it.
    pub fn advance(&self, by: Duration) {
        self.0.advanced.send_modify(|advanced| *advanced = advanced.saturating_add(by));
        if let Err(error) = self.persist(false) {
            tracing::warn!(%error, "the clock could not be saved");
        }
    }

    /// Waits until local time has reached `at`.
    pub async fn sleep_until(&self, at: Timestamp) {
        let mut moved = self.watch();
        while let Some(left) = self.left_until(at) {
            tokio::select! {
                () = tokio::time::sleep(self.on_the_wall(left)) => {}
                _ = moved.changed() => {}
            }
        }
    }

    /// Waits for `duration` of local time.
    pub async fn scaled_sleep(&self, duration: Duration) {
        self.sleep_until(forward(self.now(), duration)).await;
    }

    fn left_until(&self, at: Timestamp) -> Option<Duration> {
        Duration::try_from(at.duration_since(self.now())).ok().filter(|left| !left.is_zero())
    }

    /// Saves the clock next to the data; `clean` says that the process stops here.
    pub fn persist(&self, clean: bool) -> Result<(), DataError> {
        let Some(file) = &self.0.file else { return Ok(()) };
        let _saving = self.0.saving.lock().unwrap_or_else(PoisonError::into_inner);
        // Reads the wall's clock first: a pause between the two readings then moves local time forward, and not back.
        let wall = Timestamp::now().to_string();
        let saved = Saved { local: self.now().to_string(), wall, clean };
        let bytes =
            serde_json::to_vec(&saved).map_err(|error| DataError::new(file, Trouble::System, error))?;
        disk::write(file, &bytes)
    }

    /// Returns how far the clock was moved by hand since it was made.
    pub(crate) fn advanced(&self) -> Duration {
        *self.0.advanced.borrow()
    }

    /// Watches the moves made by hand.
    pub(crate) fn watch(&self) -> watch::Receiver<Duration> {
        self.0.advanced.subscribe()
    }
}

/// Resumes a saved clock. A killed process may have run on after its save, at the old pace: that much time is granted,
/// so that time cannot go back.
fn resume(bytes: &[u8], scale: u32) -> Result<Timestamp> {
    let saved: Saved = serde_json::from_slice(bytes)?;
    let (local, wall): (Timestamp, Timestamp) = (saved.local.parse()?, saved.wall.parse()?);
    let gap = Timestamp::now().duration_since(wall).max(SignedDuration::ZERO);
    let unsaved = if saved.clean { SignedDuration::ZERO } else { gap.min(UNSAVED) };
    let passed = gap.saturating_add(unsaved.saturating_mul(i32::try_from(scale.saturating_sub(1))?));
    Ok(forward(local, Duration::try_from(passed)?))
}

fn forward(from: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| from.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}
