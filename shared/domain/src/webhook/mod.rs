//! Webhooks that tenants receive: endpoints, events, deliveries.

pub mod address;
pub mod delivery;
pub mod endpoint;
pub mod event;
pub mod ops;
pub mod ports;
pub mod schedule;
pub mod target;
