//! Bounds on how many things a tenant has: each is a number of the row `count`, and whoever adds a thing moves it in the
//! same transaction. Reading how many there are and writing one more would let parallel calls in together.

use mooring_domain::base::ids::TenantId;
use mooring_domain::people::ports::Admission;

use crate::client::item::{flag, number};
use crate::client::{Check, Refusal, Write};
use crate::people::items::ACTIVE;
use crate::people::keys;

/// The number of API keys.
pub(crate) const KEYS: &str = "keys";

/// The number of webhook endpoints.
pub(crate) const ENDPOINTS: &str = "endpoints";

/// The two writes that come before those of the thing itself: the tenant is open, and there is room.
pub(crate) fn admit(tenant: &TenantId, name: &'static str, most: u32) -> Vec<Write> {
    let room = vec![vec![Check::Lacks(name)], vec![Check::AtMost(name, number(most.saturating_sub(1)))]];
    vec![
        Write::look(keys::tenant(tenant)).only_if(Check::Is(ACTIVE, flag(true))),
        Write::update(keys::count(tenant)).adding(name, 1).only_if(Check::Any(room)),
    ]
}

/// The write that goes with the deletion of a thing.
pub(crate) fn dismiss(tenant: &TenantId, name: &'static str) -> Write {
    Write::update(keys::count(tenant)).adding(name, -1)
}

/// What came of a transaction that began with [`admit`]. A thing that is there already says more than a full tenant: the
/// call was a repetition.
pub(crate) fn admission(refused: &[Refusal]) -> Admission {
    match refused.iter().map(|refusal| refusal.position).collect::<Vec<_>>().as_slice() {
        [] => Admission::Stored,
        [0, ..] => Admission::Closed,
        [1] => Admission::Full,
        _ => Admission::There,
    }
}
