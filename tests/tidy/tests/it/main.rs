//! The rules that the repository keeps, one file a subject, each with its reason in its message.

mod arrows;
mod families;
mod fixtures;
mod front;
mod numbers;
mod problems;
mod questions;
mod receipts;
mod rules;
mod shape;
mod supply;
mod template;
mod words;
