//! Stores the buckets of rate limits in Transient, one number each. The domain gives the numbers their
//! meaning.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::Result;
use mooring_domain::base::table::Table;
use mooring_domain::guard::limits::{Bucket, InUse, RateBuckets, TakeOutcome};

use crate::client::Store;
use crate::client::item::{EXPIRES_AT, Fields, Item, SK, number, seconds};
use crate::client::{Change, Check};
use crate::guard::keys::bucket as key;

/// The attribute `full_at` of a bucket: the instant at which it is full again, in microseconds. Its stored
/// name is older.
const WHOLE_AT: &str = "whole_at";

/// How long a row is kept after its bucket is full. A full bucket and a missing row mean the same.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

#[async_trait]
impl RateBuckets for Store {
    async fn peek(&self, buckets: &[Bucket; 2]) -> Result<[Option<i64>; 2]> {
        let keys = buckets.each_ref().map(key);
        let rows = self.glance(Table::Transient, &keys).await?;
        let mut seen = [None; 2];
        for row in &rows {
            let sk = Fields::of("bucket", row).text(SK)?;
            for (key, seen) in keys.iter().zip(&mut seen) {
                if key.sk == sk {
                    *seen = full_at(row)?;
                }
            }
        }
        Ok(seen)
    }

    async fn start(&self, bucket: &Bucket, in_use: InUse, full_at: i64) -> Result<TakeOutcome> {
        let InUse { after, until } = in_use;
        let outside = [Check::AtMost(WHOLE_AT, number(after)), Check::MoreThan(WHOLE_AT, number(until))];
        let whole = [Check::Lacks(WHOLE_AT)].into_iter().chain(outside).map(|check| vec![check]).collect();
        let set = vec![(WHOLE_AT.to_owned(), number(full_at)), expiry(full_at)];
        self.draw(bucket, Change { set, add: None, checks: vec![Check::Any(whole)] }).await
    }

    async fn add(&self, bucket: &Bucket, cost: i64, latest: i64) -> Result<TakeOutcome> {
        let checks = vec![Check::AtMost(WHOLE_AT, number(latest))];
        let add = Some((WHOLE_AT, number(cost)));
        self.draw(bucket, Change { set: vec![expiry(latest.saturating_add(cost))], add, checks }).await
    }

    async fn give_back(&self, bucket: &Bucket, cost: i64, after: i64) -> Result<()> {
        let checks = vec![Check::MoreThan(WHOLE_AT, number(after))];
        let add = Some((WHOLE_AT, number(-cost)));
        self.change_once(&key(bucket), &Change { set: Vec::new(), add, checks }).await.map(drop)
    }
}

impl Store {
    async fn draw(&self, bucket: &Bucket, change: Change) -> Result<TakeOutcome> {
        match self.change_once(&key(bucket), &change).await? {
            Ok(changed) => Fields::of("bucket", &changed).number(WHOLE_AT).map(TakeOutcome::Done),
            Err(found) => found.as_ref().map_or(Ok(None), full_at).map(TakeOutcome::Refused),
        }
    }
}

fn expiry(full_at: i64) -> (String, AttributeValue) {
    let end = Timestamp::from_microsecond(full_at).and_then(|at| at.checked_add(KEPT));
    (EXPIRES_AT.to_owned(), seconds(end.unwrap_or(Timestamp::MAX)))
}

fn full_at(row: &Item) -> Result<Option<i64>> {
    Fields::of("bucket", row).maybe_number(WHOLE_AT)
}
