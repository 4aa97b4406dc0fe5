//! The bodies of messages: JSON, version 1, ids only, parsed strictly.
//!
//! A body that does not parse is poison: it is reported as failed until redrive moves it to the dead letter queue.

use jiff::Timestamp;
use jiff::civil::Date;
use mooring_domain::ids::{DeletionId, TenantId};
use mooring_domain::sync::{JobKind, SyncJob, Window};
use mooring_domain::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
/// Longer windows are never cut by a planner or a worker.
const MAX_DAYS: u32 = 1_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SyncBody {
    v: u8,
    tenant: String,
    connection: String,
    account: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<WindowBody>,
    slot: i64,
    #[serde(default)]
    deferred: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowBody {
    from: String,
    to: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeletionBody {
    v: u8,
    tenant: String,
    deletion: String,
}

/// Writes a sync job. Its slot is kept to the second, as in its id.
pub fn encode_sync(job: &SyncJob) -> String {
    write(&SyncBody {
        v: VERSION,
        tenant: job.tenant.to_string(),
        connection: job.connection.to_string(),
        account: job.account.to_string(),
        kind: job.kind.as_str().to_owned(),
        window: job
            .window
            .map(|window| WindowBody { from: window.from.to_string(), to: window.to.to_string() }),
        slot: job.slot.as_second(),
        deferred: job.deferred,
        not_before: job.not_before.map(Timestamp::as_second),
    })
}

/// Reads a sync job.
pub fn decode_sync(text: &str) -> Result<SyncJob> {
    let body: SyncBody = read(text, |body: &SyncBody| body.v)?;
    Ok(SyncJob {
        tenant: body.tenant.parse().map_err(|_| poison("tenant"))?,
        connection: body.connection.parse().map_err(|_| poison("connection"))?,
        account: body.account.parse().map_err(|_| poison("account"))?,
        kind: JobKind::parse(&body.kind).ok_or_else(|| poison("kind"))?,
        window: body.window.as_ref().map(window).transpose()?,
        slot: instant(body.slot)?,
        deferred: body.deferred,
        not_before: body.not_before.map(instant).transpose()?,
    })
}

fn instant(second: i64) -> Result<Timestamp> {
    Timestamp::from_second(second).map_err(|_| poison("time"))
}

/// Writes a deletion step.
pub fn encode_deletion(tenant: &TenantId, deletion: &DeletionId) -> String {
    write(&DeletionBody { v: VERSION, tenant: tenant.to_string(), deletion: deletion.to_string() })
}

/// Reads a deletion step.
pub fn decode_deletion(text: &str) -> Result<(TenantId, DeletionId)> {
    let body: DeletionBody = read(text, |body: &DeletionBody| body.v)?;
    let tenant = body.tenant.parse().map_err(|_| poison("tenant"))?;
    Ok((tenant, body.deletion.parse().map_err(|_| poison("deletion"))?))
}

fn window(body: &WindowBody) -> Result<Window> {
    let day = |text: &str| text.parse::<Date>().map_err(|_| poison("day"));
    Window::new(day(&body.from)?, day(&body.to)?)
        .filter(|window| window.days() <= MAX_DAYS)
        .ok_or_else(|| poison("window"))
}

fn write(body: &impl Serialize) -> String {
    // Plain structs of texts and numbers always serialise.
    serde_json::to_string(body).unwrap_or_default()
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, version: impl Fn(&T) -> u8) -> Result<T> {
    let body: T = serde_json::from_str(text).map_err(|_| poison("shape"))?;
    if version(&body) == VERSION { Ok(body) } else { Err(poison("version")) }
}

/// The cause is left out: a parser's message may quote the body.
fn poison(what: &str) -> Error {
    Error::new(Kind::Invalid, "poison_message", format!("The message is not one of ours: {what}."))
}

#[cfg(test)]
mod tests {
    use mooring_domain::ids::{AccountId, ConnectionId};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn seconds() -> impl Strategy<Value = i64> {
        -3_000_000_000_i64..9_000_000_000
    }

    fn jobs() -> impl Strategy<Value = SyncJob> {
        let kinds = prop_oneof![Just(JobKind::First), Just(JobKind::Backfill), Just(JobKind::Restate)];
        let windows = proptest::option::of((-20_000_i32..20_000, 0_i32..999));
        (any::<[u128; 3]>(), kinds, windows, seconds(), any::<u16>(), proptest::option::of(seconds()))
            .prop_map(|([tenant, connection, account], kind, window, slot, deferred, not_before)| SyncJob {
                tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
                connection: ConnectionId::from_uuid(Uuid::from_u128(connection)),
                account: AccountId::from_uuid(Uuid::from_u128(account)),
                kind,
                window: window.and_then(|(start, days)| {
                    let from = jiff::civil::date(2026, 1, 1) + jiff::Span::new().days(start);
                    Window::new(from, from + jiff::Span::new().days(days))
                }),
                slot: Timestamp::from_second(slot).unwrap(),
                deferred,
                not_before: not_before.map(|second| Timestamp::from_second(second).unwrap()),
            })
    }

    proptest! {
        #[test]
        fn a_job_survives_its_envelope(job in jobs()) {
            let text = encode_sync(&job);
            prop_assert_eq!(decode_sync(&text).unwrap(), job);
            prop_assert!(decode_deletion(&text).is_err());
        }

        #[test]
        fn a_deletion_survives_its_envelope(ids in any::<[u128; 2]>()) {
            let tenant = TenantId::from_uuid(Uuid::from_u128(ids[0]));
            let deletion = DeletionId::from_uuid(Uuid::from_u128(ids[1]));
            let text = encode_deletion(&tenant, &deletion);
            prop_assert_eq!(decode_deletion(&text).unwrap(), (tenant, deletion));
        }

        #[test]
        fn any_other_body_is_poison_and_never_a_panic(text in ".{0,200}") {
            prop_assert!(decode_sync(&text).is_err());
            prop_assert!(decode_deletion(&text).is_err());
        }

        #[test]
        fn a_damaged_body_is_poison_or_still_a_whole_job(job in jobs(), at in 0_usize..300, byte in any::<u8>()) {
            let mut bytes = encode_sync(&job).into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(text) = String::from_utf8(bytes) && let Ok(read) = decode_sync(&text) {
                prop_assert_eq!(decode_sync(&encode_sync(&read)).unwrap(), read);
            }
        }
    }

    #[test]
    fn the_envelope_is_strict() {
        let good = r#"{"v":1,"tenant":"ten_7ZZZZZZZZZZZZZZZZZZZZZZZZZ","connection":"con_7ZZZZZZZZZZZZZZZZZZZZZZZZZ","account":"acc_7ZZZZZZZZZZZZZZZZZZZZZZZZZ","kind":"restate","window":{"from":"2026-11-01","to":"2026-11-03"},"slot":1795132800}"#;
        assert_eq!(decode_sync(good).unwrap().window.unwrap().days(), 3);
        let bad = [
            good.replace("\"v\":1", "\"v\":2"),
            good.replace("\"v\":1", "\"v\":1,\"token\":\"x\""),
            good.replace("\"v\":1", "\"v\":1,\"v\":1"),
            good.replace("ten_", "con_"),
            good.replace("restate", "other"),
            good.replace("2026-11-03", "2026-10-03"),
            good.replace("2026-11-03", "2036-11-03"),
            good.replace("1795132800", "9795132800000"),
            format!("{good} x"),
        ];
        for text in bad {
            let error = decode_sync(&text).unwrap_err();
            assert_eq!((error.code, error.is_retryable()), ("poison_message", false), "{text}");
            assert!(!error.message.contains("7ZZZ"));
        }
    }
}
