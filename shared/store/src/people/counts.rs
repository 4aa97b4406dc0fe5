//! Bounds how many things a tenant has. Each bound is a number of the row `count`, and the transaction that
//! adds a thing raises the number. Reading the number and writing a thing in two steps would let parallel
//! calls exceed the bound.

use mooring_domain::base::ids::TenantId;
use mooring_domain::people::ports::Admission;

use crate::client::item::{flag, number};
use crate::client::{Check, Refusal, Write};
use crate::people::items::ACTIVE;
use crate::people::keys;

/// The attribute of the number of API keys.
pub(crate) const KEYS: &str = "keys";

/// The attribute of the number of webhook endpoints.
pub(crate) const ENDPOINTS: &str = "endpoints";

/// Makes the two writes that come before those of the thing itself: the tenant is active, and the bound has
/// room.
pub(crate) fn admit(tenant: &TenantId, name: &'static str, most: u32) -> Vec<Write> {
    let room = vec![vec![Check::Lacks(name)], vec![Check::AtMost(name, number(most.saturating_sub(1)))]];
    vec![
        Write::check(keys::tenant(tenant)).only_if(Check::Is(ACTIVE, flag(true))),
        Write::update(keys::count(tenant)).adding(name, 1).only_if(Check::Any(room)),
    ]
}

/// Makes the write that lowers the number when a thing is deleted.
pub(crate) fn dismiss(tenant: &TenantId, name: &'static str) -> Write {
    Write::update(keys::count(tenant)).adding(name, -1)
}

/// Returns the outcome of a transaction that began with [`admit`]. A thing that exists already takes
/// precedence over a full tenant, because the call was a repetition.
pub(crate) fn admission(refused: &[Refusal]) -> Admission {
    match refused.iter().map(|refusal| refusal.position).collect::<Vec<_>>().as_slice() {
        [] => Admission::Stored,
        [0, ..] => Admission::Closed,
        [1] => Admission::Full,
        _ => Admission::There,
    }
}
