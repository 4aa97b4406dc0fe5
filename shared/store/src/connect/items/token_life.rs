//! Writes and reads the life of a grant as an item. The item is in the due index until its connection ends.

use mooring_domain::Result;
use mooring_domain::base::ids::AccountId;
use mooring_domain::connect::token_life::Life;

use crate::client::item::{DUE_AT, DUE_SHARD, Draft, Fields, Item, maps, number, text, time};
use crate::client::key::instant;
use crate::sync::keys::DUE_PROBES;

/// The attribute that counts the changes.
pub(crate) const VERSION: &str = "version";

/// Writes the life of a grant with a version.
pub(crate) fn write_life(life: &Life, version: u64) -> Draft {
    let lost = |(account, since): &(AccountId, _)| {
        Draft::default().text("account", account.as_str()).with("since", time(*since))
    };
    Draft::default()
        .maybe("revoked_since", life.revoked_since.map(time))
        .maybe("expired_since", life.expired_since.map(time))
        .maybe("waiting_since", life.waiting_since.map(time))
        .maybe("ends_at", life.ends_at.map(time))
        .with("notices", number(life.notices))
        .with("lost", maps(life.lost.iter().map(lost)))
        .maybe("answered_at", life.answered_at.map(time))
        .with("asked_next", time(life.due_at))
        .with(DUE_SHARD, text(DUE_PROBES))
        .with(DUE_AT, text(instant(life.due_at)))
        .with(VERSION, number(version))
}

/// Reads the life of a grant.
pub(crate) fn read_life(item: &Item) -> Result<Life> {
    let fields = Fields::of("life", item);
    let lost = |fields: Fields<'_>| Ok((fields.parsed("account")?, fields.parsed("since")?));
    Ok(Life {
        revoked_since: fields.maybe_parsed("revoked_since")?,
        expired_since: fields.maybe_parsed("expired_since")?,
        waiting_since: fields.maybe_parsed("waiting_since")?,
        ends_at: fields.maybe_parsed("ends_at")?,
        notices: fields.number("notices")?,
        lost: fields.maps("lost", lost)?,
        answered_at: fields.maybe_parsed("answered_at")?,
        due_at: fields.parsed("asked_next")?,
        version: fields.number(VERSION)?,
    })
}
