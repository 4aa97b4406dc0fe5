//! A chosen account of a connection, and the slot of the account's sealed profile.

use crate::base::ids::AccountId;
use crate::base::money::Currency;
use crate::base::secret::Fingerprint;
use crate::connect::connection::State;
use crate::vault::keys::SealedBox;

/// An account's row: every field that may be read without a key, and beside them the sealed profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id in Mooring.
    pub id: AccountId,
    /// The account's state. It follows the connection's states; `purging` when the account is let go alone.
    pub state: State,
    /// The account's currency.
    pub currency: Currency,
    /// The zone of the account's days as [`crate::base::zone::canonical`] names it.
    pub zone: String,
    /// The fingerprint that recognises the account when its owner comes back.
    pub fingerprint: Fingerprint,
    /// [`crate::platform::account::PlatformAccount`], sealed under the account's data key in the slot `acc#<id>#profile`.
    pub profile: SealedBox,
}

/// Names the slot of an account's sealed profile.
pub fn profile_slot(account: &AccountId) -> String {
    format!("acc#{account}#profile")
}
