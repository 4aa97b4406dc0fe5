//! The bodies of messages: JSON, version 1, ids only, parsed strictly.
//!
//! A body that does not parse is poison: it is reported as failed until redrive moves it to the dead letter queue.

use jiff::Timestamp;
use jiff::civil::Date;
use mooring_domain::base::ids::{MailId, TenantId};
use mooring_domain::base::window::Window;
use mooring_domain::deletion::ledger::DeletionJob;
use mooring_domain::sync::job::{JobKind, ProbeJob, SyncJob};
use mooring_domain::webhook::delivery::{DeliveryRef, Job as WebhookJob};
use mooring_domain::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

use crate::queues::{DELETION, MAIL, Queue, SYNC, WEBHOOK};

pub(crate) const VERSION: u8 = 1;
/// The longest window of a job: no planner and no worker makes a longer one.
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
struct ProbeBody {
    v: u8,
    tenant: String,
    connection: String,
    probe: i64,
}

/// A job of the sync queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Reads an account's figures.
    Sync(SyncJob),
    /// Asks the platform whether a connection's grant is still valid.
    Probe(ProbeJob),
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailBody {
    v: u8,
    mail: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookBody {
    v: u8,
    tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivery: Option<String>,
}

/// A job that a queue carries: its queue, its message group and the codec of its body.
///
/// The group is the tenant where there is one: SQS's fair queues then keep a noisy tenant from holding up the others.
pub trait Job: Sized + Send + Sync {
    /// The queue that carries the job.
    const QUEUE: &Queue;

    /// Names the message group.
    fn group(&self) -> String;

    /// Writes the body.
    fn encode(&self) -> String;

    /// Reads a body; one that does not parse is poison.
    fn decode(text: &str) -> Result<Self>;
}

/// The body keeps a slot to the second, as the job's id does.
impl Job for SyncJob {
    const QUEUE: &Queue = &SYNC;

    fn group(&self) -> String {
        self.tenant.to_string()
    }

    fn encode(&self) -> String {
        write(&SyncBody {
            v: VERSION,
            tenant: self.tenant.to_string(),
            connection: self.connection.to_string(),
            account: self.account.to_string(),
            kind: self.kind.as_str().to_owned(),
            window: self
                .window
                .map(|window| WindowBody { from: window.from.to_string(), to: window.to.to_string() }),
            slot: self.slot.as_second(),
            deferred: self.deferred,
            not_before: self.not_before.map(Timestamp::as_second),
        })
    }

    fn decode(text: &str) -> Result<Self> {
        let body: SyncBody = read(text, |body: &SyncBody| body.v)?;
        Ok(Self {
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
}

impl Job for ProbeJob {
    const QUEUE: &Queue = &SYNC;

    fn group(&self) -> String {
        self.tenant.to_string()
    }

    fn encode(&self) -> String {
        write(&ProbeBody {
            v: VERSION,
            tenant: self.tenant.to_string(),
            connection: self.connection.to_string(),
            probe: self.due_at.as_second(),
        })
    }

    fn decode(text: &str) -> Result<Self> {
        let body: ProbeBody = read(text, |body: &ProbeBody| body.v)?;
        Ok(Self {
            tenant: body.tenant.parse().map_err(|_| poison("tenant"))?,
            connection: body.connection.parse().map_err(|_| poison("connection"))?,
            due_at: instant(body.probe)?,
        })
    }
}

/// The sync queue carries two kinds, which differ in their fields.
impl Job for Task {
    const QUEUE: &Queue = &SYNC;

    fn group(&self) -> String {
        match self {
            Self::Sync(job) => job.group(),
            Self::Probe(probe) => probe.group(),
        }
    }

    fn encode(&self) -> String {
        match self {
            Self::Sync(job) => job.encode(),
            Self::Probe(probe) => probe.encode(),
        }
    }

    fn decode(text: &str) -> Result<Self> {
        match read(text, |body: &ProbeBody| body.v) {
            Ok(_) => ProbeJob::decode(text).map(Self::Probe),
            Err(_) => SyncJob::decode(text).map(Self::Sync),
        }
    }
}

impl Job for DeletionJob {
    const QUEUE: &Queue = &DELETION;

    fn group(&self) -> String {
        self.tenant.to_string()
    }

    fn encode(&self) -> String {
        let (tenant, deletion) = (self.tenant.to_string(), self.deletion.to_string());
        write(&DeletionBody { v: VERSION, tenant, deletion })
    }

    fn decode(text: &str) -> Result<Self> {
        let body: DeletionBody = read(text, |body: &DeletionBody| body.v)?;
        let tenant = body.tenant.parse().map_err(|_| poison("tenant"))?;
        Ok(Self { tenant, deletion: body.deletion.parse().map_err(|_| poison("deletion"))? })
    }
}

/// A request for a mail.
impl Job for MailId {
    const QUEUE: &Queue = &MAIL;

    /// Each request is a group of its own, so that no mail waits behind another.
    fn group(&self) -> String {
        self.to_string()
    }

    fn encode(&self) -> String {
        write(&MailBody { v: VERSION, mail: self.to_string() })
    }

    fn decode(text: &str) -> Result<Self> {
        let body: MailBody = read(text, |body: &MailBody| body.v)?;
        body.mail.parse().map_err(|_| poison("mail"))
    }
}

impl Job for WebhookJob {
    const QUEUE: &Queue = &WEBHOOK;

    fn group(&self) -> String {
        let (Self::FanOut(tenant, _) | Self::Try(DeliveryRef { tenant, .. })) = self;
        tenant.to_string()
    }

    fn encode(&self) -> String {
        let body = |tenant: &TenantId| WebhookBody {
            v: VERSION,
            tenant: tenant.to_string(),
            event: None,
            endpoint: None,
            delivery: None,
        };
        write(&match self {
            Self::FanOut(tenant, event) => WebhookBody { event: Some(event.to_string()), ..body(tenant) },
            Self::Try(at) => WebhookBody {
                endpoint: Some(at.endpoint.to_string()),
                delivery: Some(at.delivery.to_string()),
                ..body(&at.tenant)
            },
        })
    }

    fn decode(text: &str) -> Result<Self> {
        let body: WebhookBody = read(text, |body: &WebhookBody| body.v)?;
        let tenant = body.tenant.parse().map_err(|_| poison("tenant"))?;
        match (body.event, body.endpoint, body.delivery) {
            (Some(event), None, None) => {
                Ok(Self::FanOut(tenant, event.parse().map_err(|_| poison("event"))?))
            }
            (None, Some(endpoint), Some(delivery)) => Ok(Self::Try(DeliveryRef {
                tenant,
                endpoint: endpoint.parse().map_err(|_| poison("endpoint"))?,
                delivery: delivery.parse().map_err(|_| poison("delivery"))?,
            })),
            _ => Err(poison("job")),
        }
    }
}

fn instant(second: i64) -> Result<Timestamp> {
    Timestamp::from_second(second).map_err(|_| poison("time"))
}

fn window(body: &WindowBody) -> Result<Window> {
    let day = |text: &str| text.parse::<Date>().map_err(|_| poison("day"));
    Window::new(day(&body.from)?, day(&body.to)?)
        .filter(|window| window.days() <= MAX_DAYS)
        .ok_or_else(|| poison("window"))
}

pub(crate) fn write(body: &impl Serialize) -> String {
    // Plain structs of texts and numbers always serialise.
    serde_json::to_string(body).unwrap_or_default()
}

pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str, version: impl Fn(&T) -> u8) -> Result<T> {
    let body: T = serde_json::from_str(text).map_err(|_| poison("shape"))?;
    if version(&body) == VERSION { Ok(body) } else { Err(poison("version")) }
}

/// Makes the error of a body that does not parse, without its cause: a parser's message may quote the body.
pub(crate) fn poison(what: &str) -> Error {
    Error::new(Kind::Invalid, "poison_message", format!("The message is not one of ours: {what}."))
}

#[cfg(test)]
mod tests {
    use mooring_domain::base::ids::{AccountId, ConnectionId, DeletionId, DeliveryId, EndpointId, EventId};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn seconds() -> impl Strategy<Value = i64> {
        -3_000_000_000_i64..9_000_000_000
    }

    fn jobs() -> impl Strategy<Value = SyncJob> {
        let kinds = [JobKind::First, JobKind::Backfill, JobKind::Restate, JobKind::Requested];
        let kinds = proptest::sample::select(kinds.to_vec());
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
            let text = job.encode();
            prop_assert_eq!(Task::decode(&text).unwrap(), Task::Sync(job.clone()));
            prop_assert_eq!(SyncJob::decode(&text).unwrap(), job);
            prop_assert!(DeletionJob::decode(&text).is_err());
        }

        #[test]
        fn a_deletion_survives_its_envelope(ids in any::<[u128; 2]>()) {
            let tenant = TenantId::from_uuid(Uuid::from_u128(ids[0]));
            let deletion = DeletionId::from_uuid(Uuid::from_u128(ids[1]));
            let job = DeletionJob { tenant, deletion };
            let text = job.encode();
            prop_assert_eq!(DeletionJob::decode(&text).unwrap(), job);
        }

        #[test]
        fn a_request_for_a_mail_survives_its_envelope(id in any::<u128>()) {
            let id = MailId::from_uuid(Uuid::from_u128(id));
            let text = id.encode();
            prop_assert_eq!(MailId::decode(&text).unwrap(), id);
            prop_assert!(DeletionJob::decode(&text).is_err() && WebhookJob::decode(&text).is_err());
            prop_assert_eq!(MailId::decode(&text.replace("mai_", "del_")).unwrap_err().code, "poison_message");
        }

        #[test]
        fn a_webhook_job_survives_its_envelope(ids in any::<[u128; 3]>(), fan_out in any::<bool>()) {
            let [tenant, first, second] = ids.map(Uuid::from_u128);
            let tenant = TenantId::from_uuid(tenant);
            let job = if fan_out {
                WebhookJob::FanOut(tenant, EventId::from_uuid(first))
            } else {
                let (endpoint, delivery) = (EndpointId::from_uuid(first), DeliveryId::from_uuid(second));
                WebhookJob::Try(DeliveryRef { tenant, endpoint, delivery })
            };
            let text = job.encode();
            prop_assert_eq!(WebhookJob::decode(&text).unwrap(), job);
            prop_assert!(DeletionJob::decode(&text).is_err() && SyncJob::decode(&text).is_err());
            for damaged in [text.replace("\"v\":1", "\"v\":2"), text.replace("ten_", "con_"), format!("{text} x")] {
                prop_assert_eq!(WebhookJob::decode(&damaged).unwrap_err().code, "poison_message");
            }
        }

        #[test]
        fn a_probe_survives_its_envelope(ids in any::<[u128; 2]>(), second in seconds()) {
            let probe = ProbeJob {
                tenant: TenantId::from_uuid(Uuid::from_u128(ids[0])),
                connection: ConnectionId::from_uuid(Uuid::from_u128(ids[1])),
                due_at: Timestamp::from_second(second).unwrap(),
            };
            let text = probe.encode();
            prop_assert_eq!(Task::decode(&text).unwrap(), Task::Probe(probe));
            prop_assert!(SyncJob::decode(&text).is_err() && DeletionJob::decode(&text).is_err());
            for damaged in [text.replace("\"v\":1", "\"v\":2"), text.replace("con_", "ten_")] {
                prop_assert_eq!(Task::decode(&damaged).unwrap_err().code, "poison_message");
            }
        }

        #[test]
        fn any_other_body_is_poison_and_never_a_panic(text in ".{0,200}") {
            prop_assert!(SyncJob::decode(&text).is_err());
            prop_assert!(DeletionJob::decode(&text).is_err());
            prop_assert!(WebhookJob::decode(&text).is_err());
        }

        #[test]
        fn a_damaged_body_is_poison_or_still_a_whole_job(job in jobs(), at in 0_usize..300, byte in any::<u8>()) {
            let mut bytes = job.encode().into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(text) = String::from_utf8(bytes) && let Ok(read) = SyncJob::decode(&text) {
                prop_assert_eq!(SyncJob::decode(&read.encode()).unwrap(), read);
            }
        }
    }

    #[test]
    fn the_envelope_is_strict() {
        let good = r#"{"v":1,"tenant":"ten_7ZZZZZZZZZZZZZZZZZZZZZZZZZ","connection":"con_7ZZZZZZZZZZZZZZZZZZZZZZZZZ","account":"acc_7ZZZZZZZZZZZZZZZZZZZZZZZZZ","kind":"restate","window":{"from":"2026-11-01","to":"2026-11-03"},"slot":1795132800}"#;
        assert_eq!(SyncJob::decode(good).unwrap().window.unwrap().days(), 3);
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
            let error = SyncJob::decode(&text).unwrap_err();
            assert_eq!((error.code, error.is_retryable()), ("poison_message", false), "{text}");
            assert!(!error.message.contains("7ZZZ"));
        }
    }
}
