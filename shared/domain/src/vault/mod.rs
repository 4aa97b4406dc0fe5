//! Data keys, sealed boxes and the rows that hold them.

pub mod keys;
pub mod ports;
pub mod rows;
