//! A chosen account of a connection, and the slot of its sealed profile.

use crate::base::ids::AccountId;
use crate::base::money::Currency;
use crate::base::secret::Fingerprint;
use crate::connect::connection::State;
use crate::vault::keys::SealedBox;

/// An account's row: everything that may be read without a key, and the sealed profile beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Our id.
    pub id: AccountId,
    /// Follows the connection's states; `purging` when it is let go alone.
    pub state: State,
    /// The account's currency.
    pub currency: Currency,
    /// The zone of the account's days as [`crate::base::zone::canonical`] names it.
    pub zone: String,
    /// Recognises the account when its owner comes back.
    pub fingerprint: Fingerprint,
    /// [`crate::platform::account::PlatformAccount`], sealed under the account's data key in the slot `acc#<id>#profile`.
    pub profile: SealedBox,
}

/// The slot of an account's sealed profile.
pub fn profile_slot(account: &AccountId) -> String {
    format!("acc#{account}#profile")
}
