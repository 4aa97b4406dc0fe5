//! Writes and reads connections and fences as items.

use mooring_domain::Result;
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::connect::connection::{Connection, State};
use mooring_domain::platform::manifest::Tier;

use crate::client::item::{Draft, Fields, Item, SK, STATE, text, texts, time};

/// The attribute of the running deletion, on the row that the deletion will remove.
pub(crate) const DELETION: &str = "deletion";

/// The attribute of the instant by which everything must be deleted.
pub(crate) const DELETE_BY: &str = "delete_by";

/// Writes a connection.
pub(crate) fn write_connection(connection: &Connection) -> Draft {
    Draft::default()
        .text("platform", connection.platform.as_str())
        .text("context", connection.context.as_str())
        .text("end_user", connection.end_user.as_str())
        .with(STATE, state(connection.state))
        .text("tier", connection.tier.as_str())
        .with("scopes", texts(connection.scopes.iter()))
        .with("created_at", time(connection.created_at))
        .text("identity", connection.identity.0.as_str())
        .maybe("mail", connection.mail.as_ref().map(|mail| text(mail.0.as_str())))
        .maybe(DELETION, connection.deletion.as_ref().map(|id| text(id.as_str())))
        .maybe(DELETE_BY, connection.delete_by.map(time))
}

/// Reads a connection.
pub(crate) fn read_connection(tenant: &TenantId, item: &Item) -> Result<Connection> {
    let fields = Fields::of("connection", item);
    Ok(Connection {
        id: fields.parsed(SK)?,
        tenant: tenant.clone(),
        platform: fields.text("platform")?.to_owned(),
        context: fields.text("context")?.to_owned(),
        end_user: fields.parsed("end_user")?,
        state: read_state(item)?,
        tier: fields.word("tier", tier)?,
        scopes: fields.texts("scopes")?,
        created_at: fields.parsed("created_at")?,
        identity: Fingerprint(fields.text("identity")?.to_owned()),
        mail: fields.maybe_text("mail")?.map(|mail| Fingerprint(mail.to_owned())),
        deletion: fields.maybe_parsed(DELETION)?,
        delete_by: fields.maybe_parsed(DELETE_BY)?,
    })
}

fn tier(text: &str) -> Option<Tier> {
    [Tier::A, Tier::B].into_iter().find(|tier| tier.as_str() == text)
}

/// Makes a value of a state.
pub(crate) fn state(state: State) -> aws_sdk_dynamodb::types::AttributeValue {
    text(state.as_str())
}

/// Writes a fence.
pub(crate) fn write_fence(at: State) -> Draft {
    Draft::default().with(STATE, state(at))
}

/// Reads the state of a connection, an account or a fence.
pub(crate) fn read_state(item: &Item) -> Result<State> {
    Fields::of("state", item).word(STATE, State::parse)
}
