//! Writes and reads webhook endpoints, their sealed parts, events and deliveries as items.

use aws_sdk_dynamodb::types::AttributeValue;
use mooring_domain::Result;
use mooring_domain::base::ids::{AccountId, ConnectionId, DataKeyId, DeletionId, EndpointId, TenantId};
use mooring_domain::base::table::Table;
use mooring_domain::base::window::Window;
use mooring_domain::vault::keys::WrappedKey;
use mooring_domain::webhook::delivery::{Attempt, Delivery, DeliveryRef, DeliveryState, Failure, Job};
use mooring_domain::webhook::endpoint::{
    DisableReason, Endpoint, EndpointSecrets, SealedSecret, SealedValue,
};
use mooring_domain::webhook::event::{About, Event, EventType};

use crate::client::item::{
    DUE_AT, DUE_SHARD, Draft, Fields, Item, SK, bytes, map, maps, number, text, texts, time,
};
use crate::client::key::{Key, instant};
use crate::webhook::keys::{DUE_EVENTS, DUE_TRIES, parse_endpoint, parse_job};

/// The attribute of an endpoint's origin. The next attributes hold the types that it receives, its
/// description and its state.
pub(crate) const ORIGIN: &str = "origin";

pub(crate) const TYPES: &str = "types";

pub(crate) const DESCRIPTION: &str = "description";

pub(crate) const OFF: &str = "off";

pub(crate) const OFF_AT: &str = "off_at";

pub(crate) const FAILING: &str = "failing_since";

pub(crate) const LISTENS: &str = "listens_from";

/// The attribute that counts the changes.
pub(crate) const VERSION: &str = "version";

/// Writes the types of events that an endpoint receives.
pub(crate) fn types(types: &[EventType]) -> AttributeValue {
    texts(types.iter().map(|kind| kind.as_str()))
}

/// Writes an endpoint.
pub(crate) fn write_endpoint(endpoint: &Endpoint) -> Draft {
    Draft::default()
        .text(ORIGIN, endpoint.origin.as_str())
        .with(TYPES, types(&endpoint.types))
        .text(DESCRIPTION, endpoint.description.as_str())
        .maybe(OFF, endpoint.off.map(|(off, _)| text(off.as_str())))
        .maybe(OFF_AT, endpoint.off.map(|(_, at)| time(at)))
        .maybe(FAILING, endpoint.failing_since.map(time))
        .with("created_at", time(endpoint.created_at))
        .with(LISTENS, time(endpoint.listens_from))
}

/// Reads an endpoint.
pub(crate) fn read_endpoint(tenant: &TenantId, item: &Item) -> Result<Endpoint> {
    let fields = Fields::of("webhook endpoint", item);
    let off = fields.maybe_word(OFF, DisableReason::parse)?;
    let created_at = fields.parsed("created_at")?;
    Ok(Endpoint {
        id: fields.word(SK, parse_endpoint)?,
        tenant: tenant.clone(),
        origin: fields.text(ORIGIN)?.to_owned(),
        types: fields.words(TYPES, EventType::parse)?,
        description: fields.text(DESCRIPTION)?.to_owned(),
        off: off.map(|off| Ok((off, fields.parsed(OFF_AT)?))).transpose()?,
        failing_since: fields.maybe_parsed(FAILING)?,
        created_at,
        // Endpoints that were made before this attribute existed listen from their creation on.
        listens_from: fields.maybe_parsed(LISTENS)?.unwrap_or(created_at),
    })
}

/// Writes the sealed parts of an endpoint.
pub(crate) fn write_secrets(secrets: &EndpointSecrets) -> Draft {
    let secret = |secret: &SealedSecret| {
        value(&secret.value).text("name", secret.name.as_str()).maybe("until", secret.until.map(time))
    };
    Draft::default()
        .with("url", map(value(&secrets.url)))
        .with("secrets", maps(secrets.secrets.iter().map(secret)))
        .with(VERSION, number(secrets.version))
}

/// Reads the sealed parts of an endpoint.
pub(crate) fn read_secrets(item: &Item) -> Result<EndpointSecrets> {
    let fields = Fields::of("webhook secrets", item);
    let secret = |fields: Fields<'_>| {
        Ok(SealedSecret {
            name: fields.text("name")?.to_owned(),
            value: read_value(fields)?,
            until: fields.maybe_parsed("until")?,
        })
    };
    Ok(EndpointSecrets {
        url: read_value(fields.map("url")?)?,
        secrets: fields.maps("secrets", secret)?,
        version: fields.number(VERSION)?,
    })
}

fn value(value: &SealedValue) -> Draft {
    Draft::default()
        .text("key_id", value.key.id.to_hex())
        .with("wrapped", bytes(&value.key.blob))
        .with("sealed", bytes(&value.sealed.0))
}

fn read_value(fields: Fields<'_>) -> Result<SealedValue> {
    let key = WrappedKey {
        id: fields.word("key_id", DataKeyId::from_hex)?,
        blob: fields.bytes("wrapped")?.to_vec(),
    };
    Ok(SealedValue { key, sealed: fields.sealed("sealed")? })
}

/// Writes an event. A waiting event is in the due index from the instant at which it was written.
pub(crate) fn write_event(event: &Event) -> Draft {
    let About { connection, account, deletion, endpoint, reason, window, code, deletes_at } = &event.about;
    let id = |id: Option<&str>| id.map(text);
    Draft::default()
        .text("type", event.kind.as_str())
        .with("at", time(event.at))
        .maybe("connection", id(connection.as_ref().map(ConnectionId::as_str)))
        .maybe("account", id(account.as_ref().map(AccountId::as_str)))
        .maybe("deletion", id(deletion.as_ref().map(DeletionId::as_str)))
        .maybe("endpoint", id(endpoint.as_ref().map(EndpointId::as_str)))
        .maybe("reason", id(reason.as_deref()))
        .maybe("from", window.map(|window| text(window.from.to_string())))
        .maybe("to", window.map(|window| text(window.to.to_string())))
        .maybe("code", id(code.as_deref()))
        .maybe("deletes_at", deletes_at.map(time))
        .maybe(DUE_SHARD, event.is_waiting.then(|| text(DUE_EVENTS)))
        .maybe(DUE_AT, event.is_waiting.then(|| text(instant(event.written_at))))
}

/// Reads an event.
pub(crate) fn read_event(tenant: &TenantId, item: &Item) -> Result<Event> {
    let fields = Fields::of("webhook event", item);
    let id = |sk: &str| sk.strip_prefix("evt#")?.parse().ok();
    let at = fields.parsed("at")?;
    let window = fields.maybe_parsed("from")?.zip(fields.maybe_parsed("to")?);
    Ok(Event {
        id: fields.word(SK, id)?,
        tenant: tenant.clone(),
        kind: fields.word("type", EventType::parse)?,
        at,
        about: About {
            connection: fields.maybe_parsed("connection")?,
            account: fields.maybe_parsed("account")?,
            deletion: fields.maybe_parsed("deletion")?,
            endpoint: fields.maybe_parsed("endpoint")?,
            reason: fields.maybe_text("reason")?.map(str::to_owned),
            window: window.and_then(|(from, to)| Window::new(from, to)),
            code: fields.maybe_text("code")?.map(str::to_owned),
            deletes_at: fields.maybe_parsed("deletes_at")?,
        },
        // An event whose deliveries are made is in no index any more, and nobody asks when it was written.
        written_at: fields.maybe_parsed(DUE_AT)?.unwrap_or(at),
        is_waiting: fields.maybe_text(DUE_SHARD)?.is_some(),
    })
}

/// Writes a delivery. While another try is planned, the item is in the due index.
pub(crate) fn write_delivery(delivery: &Delivery) -> Draft {
    let due = delivery.next_try_at;
    Draft::default()
        .text("event", delivery.event.as_str())
        .text("type", delivery.kind.as_str())
        .text("state", delivery.state.as_str())
        .maybe("next_try_at", due.map(time))
        .with("step", number(delivery.step))
        .with("number", number(delivery.number))
        .with("attempts", maps(delivery.attempts.iter().map(attempt)))
        .with("created_at", time(delivery.created_at))
        .with(VERSION, number(delivery.version))
        .maybe(DUE_SHARD, due.map(|_| text(DUE_TRIES)))
        .maybe(DUE_AT, due.map(|at| text(instant(at))))
}

/// Reads a delivery.
pub(crate) fn read_delivery(item: &Item) -> Result<Delivery> {
    let fields = Fields::of("webhook delivery", item);
    let key = Key::read(Table::Activity, fields)?;
    let Some(Job::Try(DeliveryRef { tenant, endpoint, delivery })) = parse_job(&key) else {
        return Err(fields.broken(SK));
    };
    Ok(Delivery {
        id: delivery,
        tenant,
        endpoint,
        event: fields.parsed("event")?,
        kind: fields.word("type", EventType::parse)?,
        state: fields.word("state", DeliveryState::parse)?,
        next_try_at: fields.maybe_parsed("next_try_at")?,
        step: fields.number("step")?,
        number: fields.number("number")?,
        attempts: fields.maps("attempts", read_attempt)?,
        created_at: fields.parsed("created_at")?,
        version: fields.number(VERSION)?,
    })
}

fn attempt(attempt: &Attempt) -> Draft {
    Draft::default()
        .with("number", number(attempt.number))
        .with("at", time(attempt.at))
        .with("millis", number(attempt.millis))
        .maybe("status", attempt.status.map(number))
        .maybe("failure", attempt.failure.map(|failure| text(failure.as_str())))
}

fn read_attempt(fields: Fields<'_>) -> Result<Attempt> {
    Ok(Attempt {
        number: fields.number("number")?,
        at: fields.parsed("at")?,
        millis: fields.number("millis")?,
        status: fields.maybe_number("status")?,
        failure: fields.maybe_word("failure", Failure::parse)?,
    })
}
