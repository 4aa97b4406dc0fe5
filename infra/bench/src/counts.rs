//! The units that calls consumed, as the services bill them.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde_json::Value;

/// Calls by operation, and the units of tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) calls: BTreeMap<String, u64>,
    pub(crate) writes: BTreeMap<String, f64>,
    pub(crate) reads: f64,
}

/// The operations that write. A batch of statements only ever inserts.
const WRITES: [&str; 6] =
    ["PutItem", "UpdateItem", "DeleteItem", "BatchExecuteStatement", "BatchWriteItem", "TransactWriteItems"];

impl Counts {
    /// Counts one call by its `x-amz-target` and the consumed capacity in its answer.
    pub(crate) fn note(&mut self, target: &str, succeeded: bool, answer: &Value) {
        let operation = target.rsplit('.').next().unwrap_or_default();
        *self.calls.entry(operation.to_owned()).or_default() += 1;
        let writes = WRITES.contains(&operation);
        if writes && !succeeded {
            // A refused condition is billed by the row that it read. The answer does not say how much, so one unit
            // stands for it.
            *self.writes.entry("refused".to_owned()).or_default() += 1.0;
        }
        let consumed = answer.get("ConsumedCapacity");
        let all = consumed
            .and_then(Value::as_array)
            .map_or_else(|| consumed.into_iter().collect(), |all| all.iter().collect::<Vec<_>>());
        for one in all {
            let units = one.get("CapacityUnits").and_then(Value::as_f64).unwrap_or_default();
            let table = one.get("TableName").and_then(Value::as_str).unwrap_or_default();
            if writes {
                *self.writes.entry(table.to_owned()).or_default() += units;
            } else {
                self.reads += units;
            }
        }
    }

    /// Returns the write units of one table.
    pub(crate) fn written(&self, table: &str) -> f64 {
        self.writes.get(table).copied().unwrap_or_default()
    }

    /// Returns the write units of all tables.
    pub(crate) fn all_written(&self) -> f64 {
        self.writes.values().sum()
    }

    /// Returns how often an operation was called.
    pub(crate) fn called(&self, operation: &str) -> u64 {
        self.calls.get(operation).copied().unwrap_or_default()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (name, count) in other.calls {
            *self.calls.entry(name).or_default() += count;
        }
        for (table, units) in other.writes {
            *self.writes.entry(table).or_default() += units;
        }
        self.reads += other.reads;
    }
}
