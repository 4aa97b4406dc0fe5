//! Due jobs, the progress of syncs, chunks, completeness, breakers, the sync log.

pub(crate) mod activity;
pub(crate) mod breakers;
pub(crate) mod chunks;
pub(crate) mod due;
pub(crate) mod items;
pub(crate) mod keys;
pub(crate) mod outbox;
pub(crate) mod progress;
