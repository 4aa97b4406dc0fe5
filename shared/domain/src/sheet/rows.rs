//! A day's rows as a block.

use jiff::civil::Date;

use super::column::{Reader, put_ids, put_uint, put_values, take_ids, take_values};
use super::{broken, split, unpack};
use crate::error::Result;
use crate::report::{METRICS, Metric, Row, Values};

/// The first byte of a block of rows.
const ROWS_V1: u8 = 1;

/// Puts rows into entity order: shorter ids first, so that numbers rise.
pub fn sort_rows(rows: &mut [Row]) {
    rows.sort_by(|a, b| a.entity.len().cmp(&b.entity.len()).then_with(|| a.entity.cmp(&b.entity)));
}

/// Encodes the rows of one day, sorted by entity, into packed parts. The same rows give the same bytes.
pub fn encode_rows(rows: &mut [Row]) -> Result<Vec<Vec<u8>>> {
    sort_rows(rows);
    split(rows, encode_block)
}

fn encode_block(rows: &[Row]) -> Vec<u8> {
    let mut out = vec![ROWS_V1];
    put_uint(&mut out, u64::try_from(rows.len()).unwrap_or(0));
    out.push(u8::try_from(METRICS).unwrap_or(0));
    put_ids(&mut out, rows.iter().map(|row| row.entity.as_str()));
    for metric in Metric::ALL {
        let values: Vec<_> = rows.iter().map(|row| row.values.get(metric)).collect();
        put_values(&mut out, &values);
    }
    out
}

/// Decodes one packed part into rows of a day. Columns that this version does not know are skipped.
pub fn decode_rows(packed: &[u8], day: Date) -> Result<Vec<Row>> {
    let plain = unpack(packed)?;
    let mut reader = Reader::new(&plain);
    if reader.byte()? != ROWS_V1 {
        return Err(broken("unknown version"));
    }
    let count = reader.count()?;
    let columns = usize::from(reader.byte()?);
    let ids = take_ids(&mut reader, count)?;
    let mut rows: Vec<Row> =
        ids.into_iter().map(|entity| Row { entity, day, values: Values::default() }).collect();
    for column in 0..columns {
        let values = take_values(&mut reader, count)?;
        let Some(metric) = Metric::ALL.get(column) else { continue };
        for (row, value) in rows.iter_mut().zip(values) {
            row.values.set(*metric, value);
        }
    }
    reader.end()?;
    Ok(rows)
}
