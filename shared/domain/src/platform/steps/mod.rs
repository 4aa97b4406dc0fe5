//! Steps that several operations share.

pub mod app_secrets;
