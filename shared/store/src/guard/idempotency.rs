//! Stores idempotency records in Transient, one row for each key.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::guard::idempotency::{Begun, IdempotencyStore, Record};

use crate::client::Store;
use crate::client::item::{is_live, text};
use crate::client::key::Key;
use crate::client::{Check, Placed};
use crate::guard::items::{FINGERPRINT, NONCE, UNTIL, micros, read_record, write_record};
use crate::guard::keys::repeat;

#[async_trait]
impl IdempotencyStore for Store {
    async fn begin(&self, record: &Record, expires_at: Timestamp) -> Result<Begun> {
        let checks = [Check::Any(vec![vec![Check::AbsentOrExpired(record.at)], broken_off(record)])];
        match self.place(&key(record), write_record(record, expires_at), &checks).await? {
            Placed::Over(Some(before)) if is_live(&before, record.at)? => Ok(Begun::Again),
            Placed::Over(_) => Ok(Begun::First),
            Placed::Behind(found) => {
                let found = read_record(&record.tenant, record.name, &found)?;
                // The SDK sends a put again when the answer is lost; the second put then finds the row that
                // the first wrote.
                Ok(if found.nonce == record.nonce { Begun::Again } else { Begun::Before(found) })
            }
        }
    }

    async fn complete(&self, record: &Record, expires_at: Timestamp) -> Result<()> {
        let draft = write_record(record, expires_at);
        self.put_if(&key(record), draft, &[own(record)]).await.map(|_| ())
    }

    async fn release(&self, record: &Record) -> Result<()> {
        self.delete_if(&key(record), &[own(record)]).await
    }
}

fn key(record: &Record) -> Key {
    repeat(&record.tenant, &record.name)
}

/// The record belongs to this attempt.
fn own(record: &Record) -> Check {
    Check::Is(NONCE, text(record.nonce.to_hex()))
}

/// The record belongs to an attempt at the same request that has stopped: the instant until which it holds
/// has passed.
fn broken_off(record: &Record) -> Vec<Check> {
    let same = Check::Is(FINGERPRINT, text(record.fingerprint.to_hex()));
    vec![same, Check::AtMost(UNTIL, micros(record.at))]
}
