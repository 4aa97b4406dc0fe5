//! Reports: figures of a span of days, grouped, with their completeness.

pub mod ops;
