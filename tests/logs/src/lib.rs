//! The log as a test reads it: lines in memory, of the test's own thread.
//!
//! A test of this workspace runs its runtime on its own thread, which separates its lines from those of its neighbours
//! in the same process. Lines of a runtime with threads of its own are not collected.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest, set_default, set_global_default};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;

/// The logged lines, in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Returns everything so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    /// Returns everything so far, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock()).into_owned()
    }

    /// Takes the lines since the last take.
    pub fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.lock())).into_owned()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Lines {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Hands the events of this thread to a subscriber, until the guard is dropped.
pub fn listen(subscriber: impl Subscriber + Send + Sync + 'static) -> DefaultGuard {
    static DEAF: Once = Once::new();
    DEAF.call_once(|| {
        // A process that has a subscriber already keeps it: a thread's own subscriber is asked first all the same.
        drop(set_global_default(Deaf));
    });
    set_default(subscriber)
}

/// A subscriber that takes nothing, and makes every thread ask its own subscriber each time. Without it, a line that a
/// thread without a subscriber comes to first would be off for the whole process.
struct Deaf;

impl Subscriber for Deaf {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use std::thread::{scope, spawn};

    use mooring_telemetry::subscriber;

    use super::*;

    fn speak(word: &str) {
        tracing::info!("{word}");
    }

    #[test]
    fn each_thread_hears_itself_also_when_another_spoke_first() {
        spawn(|| speak("nobody")).join().unwrap();
        scope(|threads| {
            for word in ["one", "two"] {
                threads.spawn(move || {
                    let lines = Lines::default();
                    let _listening = listen(subscriber("info", lines.clone()));
                    speak(word);
                    spawn(|| speak("nobody")).join().unwrap();
                    speak(word);
                    let text = lines.take();
                    assert_eq!(
                        (text.matches(word).count(), text.matches("nobody").count()),
                        (2, 0),
                        "{text}"
                    );
                    assert_eq!(lines.text(), "");
                });
            }
        });
    }
}
