//! Unpredictable text for tokens, codes and request ids.
//!
//! Drawn from the standard library's keyed hasher: enough to never repeat, not meant to resist anyone.

use std::hash::{BuildHasher as _, RandomState};

use data_encoding::{HEXLOWER, HEXUPPER};

/// Draws `length` lower-case hexadecimal digits.
pub(crate) fn hex(length: usize) -> String {
    let mut text = HEXLOWER.encode(&bytes(length.div_ceil(2)));
    text.truncate(length);
    text
}

/// Draws `length` upper-case hexadecimal digits.
pub(crate) fn hex_upper(length: usize) -> String {
    let mut text = HEXUPPER.encode(&bytes(length.div_ceil(2)));
    text.truncate(length);
    text
}

fn bytes(length: usize) -> Vec<u8> {
    let words = (0..length.div_ceil(8)).flat_map(|n| RandomState::new().hash_one(n).to_be_bytes());
    words.take(length).collect()
}
