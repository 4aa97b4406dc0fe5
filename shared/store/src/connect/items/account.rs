//! Writes and reads accounts as items.

use mooring_domain::Result;
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::connect::account::Account;

use crate::client::item::{Draft, Fields, Item, SK, STATE, bytes};
use crate::client::key::parse_account;
use crate::connect::items::connection::{read_state, state};

/// The attribute that, among the rows of a connection, only account rows have.
pub(crate) const PROFILE: &str = "profile";

/// The attribute of the currency. Currency, zone and profile may change while the account is connected.
pub(crate) const CURRENCY: &str = "currency";

pub(crate) const ZONE: &str = "zone";

/// Writes an account.
pub(crate) fn write_account(account: &Account) -> Draft {
    Draft::default()
        .with(STATE, state(account.state))
        .text(CURRENCY, account.currency.as_str())
        .text(ZONE, account.zone.as_str())
        .text("fingerprint", account.fingerprint.0.as_str())
        .with(PROFILE, bytes(&account.profile.0))
}

/// Reads an account.
pub(crate) fn read_account(item: &Item) -> Result<Account> {
    let fields = Fields::of("account", item);
    Ok(Account {
        id: fields.word(SK, parse_account)?,
        state: read_state(item)?,
        currency: fields.parsed(CURRENCY)?,
        zone: fields.text(ZONE)?.to_owned(),
        fingerprint: Fingerprint(fields.text("fingerprint")?.to_owned()),
        profile: fields.sealed(PROFILE)?,
    })
}
