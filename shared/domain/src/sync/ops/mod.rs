//! Operations: one file per use case, each with the ports it needs, its input and its outcome.

pub mod plan_sync;
pub mod request_sync;
pub mod run_sync;
