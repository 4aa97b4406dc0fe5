//! Webhook endpoints, events and deliveries.

pub(crate) mod endpoints;
pub(crate) mod events;
pub(crate) mod items;
pub(crate) mod keys;
pub(crate) mod sync_ends;
