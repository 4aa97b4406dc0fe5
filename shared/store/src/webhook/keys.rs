//! The rows of webhooks: endpoints, what of them is sealed, events and deliveries.
//!
//! Events and deliveries have partitions of their own, so that a role can be given these rows and not the log.

use mooring_domain::base::ids::{DeliveryId, EndpointId, EventId, TenantId};
use mooring_domain::base::table::Table;
use mooring_domain::webhook::delivery::{DeliveryRef, Job};

use crate::client::key::{Key, Span};

const PARTITION: &str = "hook#";

pub(crate) fn endpoint(tenant: &TenantId, id: &EndpointId) -> Key {
    Key::new(Table::Directory, tenant.as_str(), format!("hook#{id}"))
}

/// The endpoint in a key that [`endpoint`] made.
pub(crate) fn parse_endpoint(sk: &str) -> Option<EndpointId> {
    sk.strip_prefix("hook#")?.parse().ok()
}

/// A tenant's endpoints from one on, that one included.
pub(crate) fn endpoints_from(tenant: &TenantId, from: Option<&EndpointId>) -> Span {
    let first = format!("hook#{}", from.map_or("whe_", EndpointId::as_str));
    Span::between(Table::Directory, tenant.as_str(), first, "hook#whe_~".to_owned())
}

/// The partition of what a tenant's endpoints have sealed.
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

/// An endpoint's deliveries up to one, that one included.
pub(crate) fn deliveries_before(tenant: &TenantId, endpoint: &EndpointId, last: Option<&DeliveryId>) -> Span {
    let sort = |last: &str| format!("dlv#{endpoint}#{last}");
    let last = last.map_or("dlv_~", DeliveryId::as_str);
    Span::between(Table::Activity, partition(tenant), sort("dlv_"), sort(last))
}

/// The job that the key of an event or a delivery stands for.
pub(crate) fn parse_job(key: &Key) -> Option<Job> {
    let tenant: TenantId = key.pk.strip_prefix(PARTITION)?.parse().ok()?;
    if let Some(event) = key.sk.strip_prefix("evt#") {
        return Some(Job::FanOut(tenant, event.parse().ok()?));
    }
    let (endpoint, delivery) = key.sk.strip_prefix("dlv#")?.split_once('#')?;
    Some(Job::Try(DeliveryRef { tenant, endpoint: endpoint.parse().ok()?, delivery: delivery.parse().ok()? }))
}

/// The due index's hash key of webhook events whose deliveries are to be made.
pub(crate) const DUE_EVENTS: &str = "events";

/// The due index's hash key of webhook deliveries.
pub(crate) const DUE_TRIES: &str = "tries";
