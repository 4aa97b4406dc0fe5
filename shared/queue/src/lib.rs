//! SQS adapters: the table of queues, message envelopes, sending, partial batch failures.
//!
//! Messages carry ids, never data or tokens. Not here: what a job does, and when it is due.

mod batch;
mod config;
mod envelope;
pub mod queues;
mod send;

pub use batch::run_batch;
pub use config::QueueUrls;
pub use envelope::{Job, Task};
pub use queues::{QUEUES, Queue};
pub use send::Queues;
