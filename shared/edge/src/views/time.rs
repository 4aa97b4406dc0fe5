//! Writes the times of answers, all with one precision.

use std::borrow::Cow;

use jiff::Timestamp;
use mooring_domain::base::instant;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// An instant as every answer writes it: RFC 3339 in UTC, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(Timestamp);

/// The time of examples.
pub const EXAMPLE: &str = "2026-11-26T10:00:31.123Z";

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&instant::to_text(self.0))
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_a_whole_second_has_its_milliseconds() {
        let time = Time::from("2026-11-26T10:00:31Z".parse::<Timestamp>().unwrap());
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-11-26T10:00:31.000Z\"");
    }
}
