//! Writes the metrics of a row, each in the form of its unit.

use std::borrow::Cow;
use std::collections::BTreeMap;

use mooring_domain::base::money::{Currency, Micros};
use mooring_domain::platform::figures::{Unit, Values};
use mooring_domain::report::ops::query_report::{Column, Query};
use mooring_edge::openapi::{Map, json, words};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::words::unit;

/// The metrics of a row or of all rows, by their words.
pub(crate) type Metrics = BTreeMap<&'static str, Option<Value>>;

/// Money, a count, or a plain number.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Money(Money),
    Count(i64),
    Number(f64),
}

/// Exact money.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Money {
    /// Millionths of the currency's unit.
    amount_micros: i64,
    /// The currency.
    #[schemars(with = "words::CurrencyCode")]
    currency: String,
}

/// The metrics that were asked for, each with the form of its unit.
pub(crate) struct ReportMetrics;

impl JsonSchema for ReportMetrics {
    fn schema_name() -> Cow<'static, str> {
        "ReportMetrics".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let money = generator.subschema_for::<Option<Money>>();
        let form = |column: Column| match unit(column) {
            Unit::Money => json!(money),
            Unit::Count => json!({ "type": ["integer", "null"], "format": "int64" }),
            Unit::Decimal => json!({ "type": ["number", "null"], "format": "double" }),
        };
        let columns = Column::all().into_iter();
        let properties: Map<_, _> =
            columns.map(|column| (column.as_str().to_owned(), form(column))).collect();
        json_schema!({
            "type": "object", "properties": properties,
            "description": "The metrics that were asked for. `null` stands for a value that the platform did not report, \
                which is not zero. A plain number has at most six digits after the point.",
        })
    }
}

/// Writes the metrics that were asked for.
pub(crate) fn of(query: &Query, values: &Values, currency: Currency) -> Metrics {
    let value = |column: Column| column.of(values).map(|value| Value::of(column, value, currency));
    query.columns.iter().map(|column| (column.as_str(), value(*column))).collect()
}

impl Value {
    fn of(column: Column, value: i64, currency: Currency) -> Self {
        match unit(column) {
            Unit::Money => {
                Self::Money(Money { amount_micros: value, currency: currency.as_str().to_owned() })
            }
            Unit::Count => Self::Count(value),
            // The nearest binary number to the exact decimal, which prints as the same decimal again.
            Unit::Decimal => Self::Number(Micros(value).to_string().parse().unwrap_or_default()),
        }
    }
}
