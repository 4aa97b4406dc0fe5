//! Operations: one file per use case, each with the ports it needs, its input and its outcome.

pub mod disconnect;
pub mod read_deletions;
pub mod request_deletion;
pub mod run_deletion;
pub mod send_mail;
pub mod sweep_deletions;
