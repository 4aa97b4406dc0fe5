//! Steps that several operations share.

pub mod begin_deletion;
