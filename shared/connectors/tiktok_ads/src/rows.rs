//! Reads a page of report rows: a page of the agreed shape is read once; only a page with an odd row is read row by
//! row.

use std::collections::HashMap;

use jiff::civil::Date;
use mooring_domain::{Kind, Result, Retry};
use mooring_kit::lenient::{Items, text_of};
use mooring_kit::parse;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::{
    Count, Day, Decimal, Dimensions, Envelope, FromScalar, Metrics, PageInfo, PageOf, ReportRow,
};

/// A page of rows, with the day of each row that cannot be read; `None` where not even the day can be read.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) read: Vec<ReportRow>,
    pub(crate) odd: Vec<Option<Date>>,
    pub(crate) page_info: PageInfo,
}

/// Reads a page.
pub(crate) fn read(body: &[u8]) -> Result<Rows> {
    match parse::json::<Envelope<PageOf<Vec<ReportRow>>>>(body) {
        Ok(Envelope { data }) => Ok(Rows { read: data.list, odd: Vec::new(), page_info: data.page_info }),
        // A text that breaks off may be complete the next time; a text of another shape may hold good rows.
        Err(error) if error.kind == Kind::UpstreamChanged && error.retry == Retry::Never => {
            one_by_one(body).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

fn one_by_one(body: &[u8]) -> Result<Rows> {
    let Envelope { data } = parse::json::<Envelope<PageOf<Items<ReportRow>>>>(body)?;
    let mut rows = Rows { read: data.list.read, odd: Vec::new(), page_info: data.page_info };
    for raw in data.list.odd {
        match loosely(&raw) {
            Ok(row) => rows.read.push(row),
            Err(day) => rows.odd.push(day),
        }
    }
    Ok(rows)
}

/// A row that does not have the agreed shape.
#[derive(Deserialize)]
struct LooseRow {
    dimensions: Box<RawValue>,
    #[serde(default)]
    metrics: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct LooseDay {
    stat_time_day: Day,
}

/// Reads a row whose figures may be JSON numbers: their literals are exact, where floats are not.
fn loosely(raw: &RawValue) -> std::result::Result<ReportRow, Option<Date>> {
    let row: LooseRow = serde_json::from_str(raw.get()).map_err(|_| None)?;
    let day: Option<LooseDay> = serde_json::from_str(row.dimensions.get()).ok();
    let day = day.map(|day| day.stat_time_day.0);
    let dimensions: Dimensions = serde_json::from_str(row.dimensions.get()).map_err(|_| day)?;
    let all = row.metrics.and_then(|all| serde_json::from_str(all.get()).ok());
    let metrics = all.and_then(|all| metrics(&all)).ok_or(day)?;
    Ok(ReportRow { dimensions, metrics })
}

fn metrics(all: &HashMap<String, Box<RawValue>>) -> Option<Metrics> {
    Some(Metrics {
        spend: figure(all, "spend")?,
        impressions: figure::<Count>(all, "impressions")?,
        clicks: figure::<Count>(all, "clicks")?,
        conversion: figure::<Decimal>(all, "conversion")?,
        total_complete_payment_rate: figure::<Decimal>(all, "total_complete_payment_rate")?,
    })
}

/// Reads one figure; `None` when the figure is there and cannot be read exactly.
fn figure<T: FromScalar>(all: &HashMap<String, Box<RawValue>>, name: &str) -> Option<T> {
    let Some(raw) = all.get(name).filter(|raw| raw.get() != "null") else { return T::from_nothing() };
    let text = text_of(raw)?;
    let is_number = !raw.get().starts_with('"');
    if is_number && let Some(plain) = without_exponent(&text) {
        return T::from_text(&plain);
    }
    T::from_text(&text)
}

/// The largest exponent that a figure can have.
const MOST: i32 = 30;

/// Writes `1.25E3` out as `1250`; `None` where there is no exponent, or an absurd one.
fn without_exponent(literal: &str) -> Option<String> {
    let (mantissa, exponent) = literal.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= MOST)?;
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let (before, after) = match usize::try_from(point) {
        Ok(point) if point >= all.len() => (format!("{all:0<point$}"), String::new()),
        Ok(point) if point > 0 => {
            let (before, after) = all.split_at_checked(point)?;
            (before.to_owned(), after.to_owned())
        }
        _ => ("0".to_owned(), "0".repeat(usize::try_from(-point).ok()?) + &all),
    };
    Some(if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn page(rows: &str) -> Rows {
        read(format!(r#"{{"code":0,"data":{{"list":[{rows}],"page_info":{{"page":1}}}}}}"#).as_bytes())
            .unwrap()
    }

    fn row(id: &str, metrics: &str) -> String {
        format!(
            r#"{{"dimensions":{{"ad_id":"{id}","stat_time_day":"2026-03-02 00:00:00"}},"metrics":{metrics}}}"#
        )
    }

    #[test]
    fn an_odd_row_leaves_the_others_alone_and_names_its_day() {
        let good = row("1", r#"{"spend":"12.34","clicks":"2"}"#);
        for bad in [
            row("2", r#"{"spend":"0.1234567"}"#),
            row("2", r#"{"spend":0.1234567}"#),
            row("2", r#"{"spend":"1e3"}"#),
            row("2", r#"{"clicks":1.5}"#),
            row("2", "null"),
            row("2", "[]"),
            row("", r#"{"spend":"1"}"#),
        ] {
            let page = page(&format!("{good},{bad}"));
            assert_eq!(page.read.len(), 1, "{bad}");
            assert_eq!(page.read[0].metrics.spend, Decimal(Some(12_340_000)));
            assert_eq!(page.odd, [Some(date(2026, 3, 2))], "{bad}");
        }
        for bad in ["null", "7", r#"{"metrics":{}}"#, r#"{"dimensions":{"ad_id":"2"},"metrics":{}}"#] {
            assert_eq!(page(&format!("{good},{bad}")).odd, [None], "{bad}");
        }
    }

    #[test]
    fn a_number_is_read_from_its_literal() {
        for (literal, micros) in [
            ("12.34", Some(12_340_000)),
            ("0.1", Some(100_000)),
            ("90071992547.40993", Some(90_071_992_547_409_930)),
            ("1.25E3", Some(1_250_000_000)),
            ("1.5e-3", Some(1_500)),
            ("-2.5e1", Some(-25_000_000)),
            ("null", None),
        ] {
            let page = page(&row("1", &format!(r#"{{"spend":{literal},"clicks":2.0}}"#)));
            assert_eq!(page.read.len(), 1, "{literal}");
            assert_eq!(page.read[0].metrics.spend, Decimal(micros), "{literal}");
            assert_eq!(page.read[0].metrics.clicks, Count(Some(2)));
        }
        for literal in ["0.30000000000000004", "1e-7", "1e300", "1.5e31"] {
            assert_eq!(page(&row("1", &format!(r#"{{"spend":{literal}}}"#))).odd.len(), 1, "{literal}");
        }
    }

    #[test]
    fn a_page_of_another_shape_is_an_error_and_a_broken_one_may_be_asked_again() {
        for (body, retry) in [
            (r#"{"code":0,"data":{}}"#, Retry::Never),
            (r#"{"code":0,"data":{"list":{}}}"#, Retry::Never),
            (r#"{"code":0,"data":{"list":[{"#, Retry::After(None)),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap_err().retry, retry, "{body}");
        }
    }
}
