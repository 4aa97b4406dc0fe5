//! `DynamoDB`, KMS, SQS and SES played on loopback under one clock, in memory for tests and on disk for the local
//! runner; and a proxy that counts external calls and breaks a chosen one.
//!
//! This crate plays the services and nothing of the product: it knows no table, queue or message of Mooring. It does
//! not enforce IAM and does not check signatures. Differences from AWS that remain:
//!
//! - `DynamoDB`: no point-in-time recovery; a TTL deletion is a plain REMOVE in a stream, without the service's
//!   identity; it comes within seconds, where AWS takes up to days.
//! - KMS: `Encrypt` takes more than 4096 bytes, and `ReEncrypt` does not compare its `SourceKeyId`.
//! - SQS: FIFO queues do not lock a group; a batch may hold 256 KiB (AWS: 1 MiB); messages age towards their
//!   retention in real time plus [`LocalClock::advance`], not in scaled time; `WaitTimeSeconds` is real time; a move
//!   to the dead-letter queue happens at the next receive.
//! - SES: `Simple` content only; every sender and every recipient is accepted.

mod clock;
mod delays;
mod disk;
mod dynamodb;
mod dynamodb_http;
mod fault;
mod folder;
mod gateway;
mod kms;
mod mail;
mod mailbox;
mod sdk;
mod server;
mod sqs;
mod sqs_state;
mod timeline;
mod trouble;

pub use clock::LocalClock;
pub use delays::Delays;
pub use disk::{read, write};
pub use fault::{Call, Fault, FaultPlan, FaultProxy, Share};
pub use folder::{DATABASE, Folder};
pub use mail::Mail;
pub use sdk::{env_vars, sdk_config, sdk_config_in};
pub use server::{AwsLocal, Endpoints, Options};
pub use timeline::{TimedCall, Timeline, depth};
pub use trouble::{DataError, Trouble};

/// The region of every resource.
pub const REGION: &str = "eu-central-1";
/// The account that every resource belongs to.
pub const ACCOUNT: &str = "000000000000";
/// The alias of the key that exists from the first start on.
pub const KEY_ALIAS: &str = "alias/mooring";
