//! Transient: calls that may be repeated, one row a key.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::idempotency::Record;
use mooring_domain::ports::{Claimed, Repeats};

use crate::Store;
use crate::client::{Check, Placed};
use crate::items::repeats::{FINGERPRINT, NONCE, UNTIL, micros, read_record, write_record};
use crate::items::{is_live, text};
use crate::keys::{Key, repeat};

#[async_trait]
impl Repeats for Store {
    async fn claim(&self, record: &Record, expires_at: Timestamp) -> Result<Claimed> {
        let checks = [Check::Any(vec![vec![Check::AbsentOrExpired(record.at)], broken_off(record)])];
        match self.place(&key(record), write_record(record, expires_at), &checks).await? {
            Placed::Over(Some(before)) if is_live(&before, record.at)? => Ok(Claimed::Again),
            Placed::Over(_) => Ok(Claimed::First),
            Placed::Behind(found) => {
                let found = read_record(&record.tenant, record.name, &found)?;
                // The SDK sends a put again when the answer is lost; the second finds what the first wrote.
                Ok(if found.nonce == record.nonce { Claimed::Again } else { Claimed::Before(found) })
            }
        }
    }

    async fn settle(&self, record: &Record, expires_at: Timestamp) -> Result<()> {
        let draft = write_record(record, expires_at);
        self.put_if(&key(record), draft, &[own(record)]).await.map(|_| ())
    }

    async fn forget(&self, record: &Record) -> Result<()> {
        self.delete_if(&key(record), &[own(record)]).await
    }
}

fn key(record: &Record) -> Key {
    repeat(&record.tenant, &record.name)
}

/// The row is of this very attempt.
fn own(record: &Record) -> Check {
    Check::Is(NONCE, text(record.nonce.to_hex()))
}

/// The row is of an attempt at the same request that nobody works on any more.
fn broken_off(record: &Record) -> Vec<Check> {
    let same = Check::Is(FINGERPRINT, text(record.fingerprint.to_hex()));
    vec![same, Check::AtMost(UNTIL, micros(record.at))]
}
