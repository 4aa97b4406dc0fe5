//! Encodes a day's rows as a block.

use std::cmp::Ordering;

use jiff::civil::Date;

use crate::base::error::Result;
use crate::platform::figures::{METRICS, Metric, Row, Values};
use crate::sync::chunk::column::{Reader, put_ids, put_uint, put_values, take_ids, take_values};
use crate::sync::chunk::{broken, split, unpack};

/// The first byte of a block of rows.
const ROWS_V1: u8 = 1;

/// The bytes that a row needs, roughly.
const ROW_BYTES: usize = 32;

/// Compares two rows of a day by their order in a chunk: shorter ids come first, so that numbers rise.
pub fn entity_order(one: &Row, two: &Row) -> Ordering {
    one.entity.len().cmp(&two.entity.len()).then_with(|| one.entity.cmp(&two.entity))
}

/// Packs sorted rows into parts; takes the rows themselves and the bytes that [`plain_rows`] made of them.
pub fn pack_rows(rows: &[Row], plain: Vec<u8>) -> Result<Vec<Vec<u8>>> {
    split(plain, rows, plain_rows)
}

/// Encodes rows in their [`entity_order`]. The same rows give the same bytes; compression does not promise this.
pub fn plain_rows(rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * ROW_BYTES);
    out.push(ROWS_V1);
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
