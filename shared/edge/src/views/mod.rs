//! JSON views that several functions answer with. They are the exception to the rule "DTOs live in their
//! function", because one function must not use another's.

pub mod deletion;
pub mod examples;
pub mod time;
pub mod webhook;
