//! Writes and reads idempotency records as items.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::secret::Digest;
use mooring_domain::guard::idempotency::{Progress, Record};

use crate::client::item::{Draft, Fields, Item, number, text, time};

/// The attribute of the fingerprint of the request for which the record was made.
pub(crate) const FINGERPRINT: &str = "fingerprint";

/// The attribute of the attempt to which the record belongs.
pub(crate) const NONCE: &str = "nonce";

/// The attribute of the instant, in microseconds, from which no attempt works on the request. Only a running
/// record has it.
pub(crate) const UNTIL: &str = "until";

/// Writes an idempotency record.
pub(crate) fn write_record(record: &Record, expires_at: Timestamp) -> Draft {
    let (until, resource) = match &record.progress {
        Progress::Running(until) => (Some(micros(*until)), None),
        Progress::Done(resource) => (None, resource.as_deref()),
    };
    Draft::default()
        .text(FINGERPRINT, record.fingerprint.to_hex())
        .text(NONCE, record.nonce.to_hex())
        .with("at", time(record.at))
        .maybe(UNTIL, until)
        .maybe("resource", resource.map(text))
        .expiring(expires_at)
}

/// Reads an idempotency record.
pub(crate) fn read_record(tenant: &TenantId, name: Digest, item: &Item) -> Result<Record> {
    let fields = Fields::of("repeatable call", item);
    let progress = match fields.maybe_number::<i64>(UNTIL)? {
        Some(until) => {
            Progress::Running(Timestamp::from_microsecond(until).map_err(|_| fields.broken(UNTIL))?)
        }
        None => Progress::Done(fields.maybe_text("resource")?.map(str::to_owned)),
    };
    Ok(Record {
        tenant: tenant.clone(),
        name,
        fingerprint: fields.word(FINGERPRINT, Digest::from_hex)?,
        nonce: fields.word(NONCE, Digest::from_hex)?,
        at: fields.parsed("at")?,
        progress,
    })
}

/// Makes a value of an instant in microseconds, a number that conditions can compare.
pub(crate) fn micros(at: Timestamp) -> AttributeValue {
    number(at.as_microsecond())
}
