//! Catches everything that is logged, at every level, for the thread that logs it: a trial stays on its own thread.

use std::cell::RefCell;
use std::io;

use anyhow::Result;
use tracing_subscriber::filter::LevelFilter;

thread_local! {
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Sink;

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.with_borrow_mut(|text| text.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts catching, for the whole process: a subscriber per thread would race with callsites that others register.
pub(crate) fn catch() -> Result<()> {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(|| Sink)
        .finish();
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

/// Takes what this thread has logged.
pub(crate) fn take() -> String {
    String::from_utf8_lossy(&TEXT.take()).into_owned()
}
