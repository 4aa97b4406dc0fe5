//! Shows an account with its syncs.

use mooring_domain::connect::ops::read_connections::AccountView;
use mooring_edge::openapi::{id_pattern, words};
use mooring_edge::views::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

use crate::sync::SyncResponse;

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Account")]
pub(crate) struct AccountResponse {
    /// The account's id.
    #[schemars(regex(pattern = id_pattern("acc")))]
    id: String,
    /// The account's name at the platform; `null` while the account is being deleted.
    name: Option<String>,
    /// The account's currency (ISO 4217).
    #[schemars(with = "words::CurrencyCode")]
    currency: String,
    /// The time zone of the account's days: an IANA name, or an offset such as `+05:30` where the platform
    /// names no place.
    time_zone: String,
    /// The connection's state, or `purging` while only this account is being deleted.
    #[schemars(with = "words::AccountState")]
    state: String,
    /// When a sync last brought the newest days. A sync of older days does not count.
    last_synced_at: Option<Time>,
    /// `true` while names and statuses could not be read: figures come without them, and each sync asks
    /// again.
    names_pending: bool,
    /// How the account's syncs go.
    sync: SyncResponse,
}

impl AccountResponse {
    pub(crate) fn of(view: AccountView) -> Self {
        Self {
            id: view.account.id.to_string(),
            name: view.name,
            currency: view.account.currency.as_str().to_owned(),
            time_zone: view.account.zone,
            state: view.account.state.as_str().to_owned(),
            last_synced_at: view.last_synced_at.map(Time::from),
            names_pending: view.names_pending,
            sync: SyncResponse::of(&view.sync),
        }
    }
}
