//! Operations: one file per use case, each with the ports it needs, its input and its outcome.

pub mod query_report;
