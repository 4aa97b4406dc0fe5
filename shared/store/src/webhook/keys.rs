//! Keys of the rows of webhooks: endpoints, their sealed parts, events and deliveries.
//!
//! Events and deliveries have partitions of their own, so that a role can get these rows without the log.

use mooring_domain::base::ids::{DeliveryId, EndpointId, EventId, TenantId};
use mooring_domain::base::place::{Place, Subject};
use mooring_domain::base::table::Table;
use mooring_domain::webhook::delivery::{DeliveryRef, Job};

use crate::client::key::{Key, Span};
use crate::client::place::{Scope, place};

const PARTITION: &str = "hook#";

/// Names the partition of the sealed parts of a tenant's endpoints. The endpoints themselves lie among the tenant's
/// rows in the Directory.
pub(crate) fn places(scope: &Scope<'_>) -> Vec<Place> {
    match scope.subject {
        Subject::Tenant => vec![place(Table::Vault, hook_vault(scope.tenant), "")],
        Subject::Connection(_) | Subject::Account(..) => Vec::new(),
    }
}

pub(crate) fn endpoint(tenant: &TenantId, id: &EndpointId) -> Key {
    Key::new(Table::Directory, tenant.as_str(), format!("hook#{id}"))
}

/// Reads the endpoint from a key that [`endpoint`] made.
pub(crate) fn parse_endpoint(sk: &str) -> Option<EndpointId> {
    sk.strip_prefix("hook#")?.parse().ok()
}

/// Selects a tenant's endpoints from one on, that one included.
pub(crate) fn endpoints_from(tenant: &TenantId, from: Option<&EndpointId>) -> Span {
    let first = format!("hook#{}", from.map_or("whe_", EndpointId::as_str));
    Span::between(Table::Directory, tenant.as_str(), first, "hook#whe_~".to_owned())
}

/// Returns the partition of the sealed parts of a tenant's endpoints.
pub(crate) fn hook_vault(tenant: &TenantId) -> String {
    format!("{tenant}#hooks")
}

pub(crate) fn endpoint_secrets(tenant: &TenantId, id: &EndpointId) -> Key {
    Key::new(Table::Vault, hook_vault(tenant), id.as_str())
}

fn partition(tenant: &TenantId) -> String {
    format!("{PARTITION}{tenant}")
}

pub(crate) fn hook_event(tenant: &TenantId, id: &EventId) -> Key {
    Key::new(Table::Activity, partition(tenant), format!("evt#{id}"))
}

pub(crate) fn delivery(at: &DeliveryRef) -> Key {
    Key::new(Table::Activity, partition(&at.tenant), format!("dlv#{}#{}", at.endpoint, at.delivery))
}

/// Selects an endpoint's deliveries up to one, that one included.
pub(crate) fn deliveries_before(tenant: &TenantId, endpoint: &EndpointId, last: Option<&DeliveryId>) -> Span {
    let sort = |last: &str| format!("dlv#{endpoint}#{last}");
    let last = last.map_or("dlv_~", DeliveryId::as_str);
    Span::between(Table::Activity, partition(tenant), sort("dlv_"), sort(last))
}

/// Returns the job of an event or a delivery, read from its key.
pub(crate) fn parse_job(key: &Key) -> Option<Job> {
    let tenant: TenantId = key.pk.strip_prefix(PARTITION)?.parse().ok()?;
    if let Some(event) = key.sk.strip_prefix("evt#") {
        return Some(Job::FanOut(tenant, event.parse().ok()?));
    }
    let (endpoint, delivery) = key.sk.strip_prefix("dlv#")?.split_once('#')?;
    Some(Job::Try(DeliveryRef { tenant, endpoint: endpoint.parse().ok()?, delivery: delivery.parse().ok()? }))
}

/// The due index's hash key of the webhook events whose deliveries have yet to be created.
pub(crate) const DUE_EVENTS: &str = "events";

/// The due index's hash key of webhook deliveries.
pub(crate) const DUE_TRIES: &str = "tries";

/// Makes one key with each constructor.
#[cfg(test)]
pub(crate) fn samples(of: &crate::client::samples::Ids) -> Vec<crate::client::samples::Sample> {
    use crate::client::samples::Emptied;
    const LOG: Emptied =
        Emptied::Never("the log holds opaque ids and expires by itself, which the receipt says");
    let tenant = of.account.tenant.clone();
    let delivery_id = DeliveryId::from_uuid(uuid::Uuid::nil());
    vec![
        (endpoint(&tenant, &of.endpoint), Emptied::WithTenant),
        (endpoint_secrets(&tenant, &of.endpoint), Emptied::WithTenant),
        (hook_event(&tenant, &of.event), LOG),
        (delivery(&DeliveryRef { tenant, endpoint: of.endpoint.clone(), delivery: delivery_id }), LOG),
    ]
}
