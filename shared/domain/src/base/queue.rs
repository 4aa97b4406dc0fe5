//! The port of every queue: jobs of one kind go to the worker of their queue.

use async_trait::async_trait;

use crate::base::error::Result;

/// Sends jobs of one kind. Which queue they take, their message group and their bytes are the adapter's.
#[async_trait]
pub trait JobQueue<J>: Send + Sync {
    /// Sends jobs, each after a delay of at most 15 minutes (SQS allows no longer delay).
    async fn send(&self, jobs: &[J], delay_seconds: u32) -> Result<()>;
}
