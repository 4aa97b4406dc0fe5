//! Writes columns of integers and texts as bytes: variable-length integers, scaled by their common divisor.

use compact_str::{CompactString, ToCompactString as _};

use crate::base::error::Result;
use crate::sync::chunk::broken;

/// Appends an unsigned integer, seven bits a byte, low bits first.
pub(super) fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    let mut bytes = [0; 10];
    let mut length = 0;
    for byte in &mut bytes {
        length += 1;
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        *byte = low | 0x80;
        if value == 0 {
            *byte = low & 0x7f;
            break;
        }
    }
    // A copy of a fixed size is a few instructions, one of a varying size is a call: this runs for every figure.
    let end = out.len() + length;
    out.extend_from_slice(&bytes);
    out.truncate(end);
}

/// Reads a block from front to back, and never past the block's end.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| broken("too short"))?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn uint(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(broken("integer too long"))
    }

    /// Reads the number of items that each take at least one byte.
    pub(super) fn count(&mut self) -> Result<usize> {
        let count = usize::try_from(self.uint()?).map_err(|_| broken("count"))?;
        if count > self.rest.len() { Err(broken("count past the end")) } else { Ok(count) }
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| broken("too short"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(broken("bytes left over")) }
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn gcd(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// Returns the greatest divisor of all values, at least one. Most columns of counts have none, and a few values show
/// it.
fn common_divisor(values: &[Option<i64>]) -> u64 {
    let mut common = 0;
    for value in values.iter().flatten() {
        let value = value.unsigned_abs();
        if common == 0 || !value.is_multiple_of(common) {
            common = gcd(common, value);
        }
        if common == 1 {
            break;
        }
    }
    common.max(1)
}

/// Appends a column of optional integers: a bit map of the values that exist, the common divisor, then the quotients.
pub(super) fn put_values(out: &mut Vec<u8>, values: &[Option<i64>]) {
    for group in values.chunks(8) {
        let bits = group.iter().enumerate().map(|(bit, value)| u8::from(value.is_some()) << bit);
        out.push(bits.fold(0, |map, bit| map | bit));
    }
    // Signed 64-bit integers cannot be divided by a divisor of 2^63.
    let divisor = i64::try_from(common_divisor(values)).unwrap_or(1);
    put_uint(out, divisor.unsigned_abs());
    for value in values.iter().flatten() {
        put_uint(out, zigzag(if divisor == 1 { *value } else { value / divisor }));
    }
}

/// Reads the column that [`put_values`] wrote.
pub(super) fn take_values(reader: &mut Reader<'_>, rows: usize) -> Result<Vec<Option<i64>>> {
    let map = reader.bytes(rows.div_ceil(8))?;
    let divisor = i64::try_from(reader.uint()?).map_err(|_| broken("divisor"))?;
    let mut values = Vec::with_capacity(rows);
    for row in 0..rows {
        let there = map.get(row / 8).is_some_and(|bits| bits >> (row % 8) & 1 == 1);
        values.push(if there {
            let value = unzigzag(reader.uint()?).checked_mul(divisor).ok_or_else(|| broken("value"))?;
            Some(value)
        } else {
            None
        });
    }
    Ok(values)
}

/// Appends a column of texts, each with its length.
pub(super) fn put_texts<'a>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'a str>) {
    for text in texts {
        put_uint(out, u64::try_from(text.len()).unwrap_or(0));
        out.extend_from_slice(text.as_bytes());
    }
}

/// Reads the column that [`put_texts`] wrote.
pub(super) fn take_texts(reader: &mut Reader<'_>, rows: usize) -> Result<Vec<String>> {
    (0..rows)
        .map(|_| {
            let length = reader.count()?;
            let bytes = reader.bytes(length)?.to_vec();
            String::from_utf8(bytes).map_err(|_| broken("text"))
        })
        .collect()
}

/// Appends a column of ids. Plain decimal numbers in rising order become differences; other ids stay text.
pub(super) fn put_ids<'a>(out: &mut Vec<u8>, ids: impl Iterator<Item = &'a str> + Clone) {
    if let Some(numbers) = numbers(ids.clone()) {
        out.push(1);
        let mut before = 0;
        for number in numbers {
            put_uint(out, number - before);
            before = number;
        }
    } else {
        out.push(0);
        put_texts(out, ids);
    }
}

/// Reads the column that [`put_ids`] wrote.
pub(super) fn take_ids(reader: &mut Reader<'_>, rows: usize) -> Result<Vec<CompactString>> {
    match reader.byte()? {
        0 => Ok(take_texts(reader, rows)?.into_iter().map(CompactString::from).collect()),
        1 => {
            let mut before = 0_u64;
            (0..rows)
                .map(|_| {
                    before = before.checked_add(reader.uint()?).ok_or_else(|| broken("id"))?;
                    Ok(before.to_compact_string())
                })
                .collect()
        }
        _ => Err(broken("kind of ids")),
    }
}

/// Returns the ids as numbers, if each is written as the number prints and they never fall.
fn numbers<'a>(ids: impl Iterator<Item = &'a str>) -> Option<Vec<u64>> {
    let mut out: Vec<u64> = Vec::new();
    for id in ids {
        let number: u64 = id.parse().ok()?;
        let canonical = id == "0" || id.starts_with(|first: char| ('1'..='9').contains(&first));
        if !canonical || out.last().is_some_and(|last| *last > number) {
            return None;
        }
        out.push(number);
    }
    Some(out)
}
