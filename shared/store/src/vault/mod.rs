//! Wrapped data keys, sealed tokens and secrets.

pub(crate) mod items;
pub(crate) mod keys;
pub(crate) mod rows;
