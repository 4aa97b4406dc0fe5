//! Reports: figures over several days, grouped, with their completeness.

pub mod ops;
