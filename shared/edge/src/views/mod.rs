//! JSON views that more than one function answers with: the exception to "DTOs live in their function", because one
//! function must not use another's.

pub mod deletion;
pub mod webhook;
