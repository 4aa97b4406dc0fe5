//! Steps that several operations share.

pub mod grant;
