//! SQS adapters: message envelopes, sending, partial batch failures.
//!
//! Messages carry ids, never data or tokens. Not here: what a job does, and when it is due.

mod batch;
mod config;
mod envelope;
mod send;

pub use batch::run_batch;
pub use config::QueueUrls;
pub use envelope::{
    Task, decode_deletion, decode_mail, decode_sync, decode_task, decode_webhook, encode_deletion,
    encode_mail, encode_probe, encode_sync, encode_webhook,
};
pub use send::Queues;
