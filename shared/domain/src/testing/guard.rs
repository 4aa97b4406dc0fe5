//! Fakes of idempotency records and of the buckets of rate limits, with the store's conditions.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Mutex;
use std::task::Poll;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{World, away};
use crate::base::error::Result;
use crate::base::ids::CredentialId;
use crate::base::secret::Digest;
use crate::guard::idempotency::{Begun, IdempotencyStore, Progress, Record};
use crate::guard::limits::{Bucket, InUse, RateBuckets, TakeOutcome};

#[derive(Default)]
pub(crate) struct GuardRows {
    records: Mutex<HashMap<Digest, (Record, Timestamp)>>,
    full_at: Mutex<HashMap<Option<CredentialId>, i64>>,
    /// How often a bucket was written.
    pub(crate) writes: Mutex<usize>,
    pub(crate) is_broken: Mutex<bool>,
}

#[async_trait]
impl IdempotencyStore for World {
    async fn begin(&self, record: &Record, expires_at: Timestamp) -> Result<Begun> {
        let mut records = self.guard.records.lock().unwrap();
        let found =
            records.get(&record.name).filter(|(_, end)| *end > record.at).map(|(found, _)| found.clone());
        let claimed = match found {
            None => Begun::First,
            Some(Record { progress: Progress::Running(until), fingerprint, .. })
                if until <= record.at && fingerprint == record.fingerprint =>
            {
                Begun::Again
            }
            Some(found) => return Ok(Begun::Before(found)),
        };
        records.insert(record.name, (record.clone(), expires_at));
        Ok(claimed)
    }

    async fn complete(&self, record: &Record, expires_at: Timestamp) -> Result<()> {
        let mut records = self.guard.records.lock().unwrap();
        if records.get(&record.name).is_some_and(|(found, _)| found.nonce == record.nonce) {
            records.insert(record.name, (record.clone(), expires_at));
        }
        Ok(())
    }

    async fn release(&self, record: &Record) -> Result<()> {
        self.guard.records.lock().unwrap().retain(|_, (found, _)| found.nonce != record.nonce);
        Ok(())
    }
}

/// Yields once, so that calls can overlap.
async fn step_aside() {
    let mut polled = false;
    poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

impl World {
    fn write_bucket(
        &self,
        bucket: &Bucket,
        change: impl FnOnce(Option<i64>) -> Option<i64>,
    ) -> Result<TakeOutcome> {
        *self.guard.writes.lock().unwrap() += 1;
        if *self.guard.is_broken.lock().unwrap() {
            return Err(away());
        }
        let mut buckets = self.guard.full_at.lock().unwrap();
        let found = buckets.get(&bucket.credential).copied();
        let Some(next) = change(found) else { return Ok(TakeOutcome::Refused(found)) };
        buckets.insert(bucket.credential.clone(), next);
        Ok(TakeOutcome::Done(next))
    }
}

#[async_trait]
impl RateBuckets for World {
    async fn peek(&self, buckets: &[Bucket; 2]) -> Result<[Option<i64>; 2]> {
        step_aside().await;
        let full_at = self.guard.full_at.lock().unwrap();
        Ok(buckets.each_ref().map(|bucket| full_at.get(&bucket.credential).copied()))
    }

    async fn start(&self, bucket: &Bucket, in_use: InUse, full_at: i64) -> Result<TakeOutcome> {
        step_aside().await;
        self.write_bucket(bucket, |found| {
            (!found.is_some_and(|found| in_use.holds(found))).then_some(full_at)
        })
    }

    async fn add(&self, bucket: &Bucket, cost: i64, latest: i64) -> Result<TakeOutcome> {
        step_aside().await;
        self.write_bucket(bucket, |found| found.filter(|found| *found <= latest).map(|found| found + cost))
    }

    async fn give_back(&self, bucket: &Bucket, cost: i64, after: i64) -> Result<()> {
        step_aside().await;
        let given = |found: Option<i64>| found.filter(|found| *found > after).map(|found| found - cost);
        self.write_bucket(bucket, given).map(|_| ())
    }
}
