//! Sync jobs: the jobs that are due, their progress, chunks of figures, completeness, breakers.

pub mod activity;
pub mod breaker;
pub mod chunk;
pub mod completeness;
pub mod ending;
pub mod job;
pub mod ops;
pub mod ports;
pub mod state;
pub mod trouble;
pub mod view;
