//! Writes and reads deletions as items: every attribute by name, lists as lists of maps.

use aws_sdk_dynamodb::types::AttributeValue;
use mooring_domain::Result;
use mooring_domain::base::ids::DataKeyId;
use mooring_domain::base::place::{Locator, Place, Subject};
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ledger::{Deletion, Reason, Step, StepEvent};
use mooring_domain::platform::capabilities::RevokeOutcome;

use crate::client::item::{DUE_AT, DUE_SHARD, Draft, Fields, Item, PK, SK, maps, number, text, texts, time};
use crate::client::key::instant;
use crate::deletion::keys::DUE_DELETIONS;

/// The attribute that is true on the deletion of a pending connection while nobody has asked for it.
pub(crate) const HIDDEN: &str = "hidden";

/// The attribute that counts the changes.
pub(crate) const VERSION: &str = "version";

/// Writes a deletion. While another step is planned, the item is in the due index.
pub(crate) fn write_deletion(deletion: &Deletion) -> Draft {
    let due = deletion.next_step_at;
    subject(&deletion.subject)
        .text("reason", deletion.reason.as_str())
        .text("platform", deletion.platform.as_str())
        .with("t0", time(deletion.t0))
        .with("delete_by", time(deletion.delete_by))
        .text("step", deletion.step.as_str())
        .maybe("next_step_at", due.map(time))
        .with("places", maps(deletion.places.iter().map(place)))
        .with("keys", texts(deletion.keys.iter().map(|key| key.to_hex())))
        .with("revoke_tries", number(deletion.revoke_tries))
        .maybe("revoke", deletion.revoke.map(outcome))
        .with("events", maps(deletion.events.iter().map(event)))
        .maybe("verified_at", deletion.verified_at.map(time))
        .text("code", deletion.code.as_str())
        .with(VERSION, number(deletion.version))
        .maybe(DUE_SHARD, due.map(|_| text(DUE_DELETIONS)))
        .maybe(DUE_AT, due.map(|at| text(instant(at))))
}

/// Reads a deletion.
pub(crate) fn read_deletion(item: &Item) -> Result<Deletion> {
    let fields = Fields::of("deletion", item);
    Ok(Deletion {
        id: fields.parsed(SK)?,
        tenant: fields.parsed(PK)?,
        subject: read_subject(fields)?,
        reason: fields.word("reason", Reason::parse)?,
        platform: fields.text("platform")?.to_owned(),
        t0: fields.parsed("t0")?,
        delete_by: fields.parsed("delete_by")?,
        step: fields.word("step", Step::parse)?,
        next_step_at: fields.maybe_parsed("next_step_at")?,
        places: fields.maps("places", read_place)?,
        keys: fields.words("keys", DataKeyId::from_hex)?,
        revoke_tries: fields.number("revoke_tries")?,
        revoke: fields.maybe_word("revoke", RevokeOutcome::parse)?,
        events: fields.maps("events", read_event)?,
        verified_at: fields.maybe_parsed("verified_at")?,
        code: fields.text("code")?.to_owned(),
        version: fields.number(VERSION)?,
    })
}

fn subject(subject: &Subject) -> Draft {
    match subject {
        Subject::Connection(connection) => {
            Draft::default().text("subject", "connection").text("connection", connection.as_str())
        }
        Subject::Account(connection, account) => Draft::default()
            .text("subject", "account")
            .text("connection", connection.as_str())
            .text("account", account.as_str()),
        Subject::Tenant => Draft::default().text("subject", "tenant"),
    }
}

fn read_subject(fields: Fields<'_>) -> Result<Subject> {
    match fields.text("subject")? {
        "connection" => Ok(Subject::Connection(fields.parsed("connection")?)),
        "account" => Ok(Subject::Account(fields.parsed("connection")?, fields.parsed("account")?)),
        "tenant" => Ok(Subject::Tenant),
        _ => Err(fields.broken("subject")),
    }
}

fn place(place: &Place) -> Draft {
    let (partition, prefix) = place.locator.texts();
    Draft::default().text("table", place.class.as_str()).text("partition", partition).text("prefix", prefix)
}

fn read_place(fields: Fields<'_>) -> Result<Place> {
    Ok(Place {
        class: fields.word("table", Table::parse)?,
        locator: Locator::new(fields.text("partition")?, fields.text("prefix")?),
    })
}

fn outcome(outcome: RevokeOutcome) -> AttributeValue {
    text(outcome.as_str())
}

fn event(event: &StepEvent) -> Draft {
    let count = |(table, items): &(Table, u64)| {
        Draft::default().text("table", table.as_str()).with("items", number(items))
    };
    Draft::default()
        .with("at", time(event.at))
        .text("step", event.step.as_str())
        .with("counts", maps(event.counts.iter().map(count)))
        .maybe("outcome", event.outcome.map(outcome))
}

fn read_event(fields: Fields<'_>) -> Result<StepEvent> {
    let count = |fields: Fields<'_>| Ok((fields.word("table", Table::parse)?, fields.number("items")?));
    Ok(StepEvent {
        at: fields.parsed("at")?,
        step: fields.word("step", Step::parse)?,
        counts: fields.maps("counts", count)?,
        outcome: fields.maybe_word("outcome", RevokeOutcome::parse)?,
    })
}
