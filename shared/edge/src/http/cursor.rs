//! Cursors of lists: opaque to callers, versioned, and used only inside the caller's own tenant.

use data_encoding::BASE64URL_NOPAD;
use mooring_domain::{Error, Result};

const VERSION: u8 = 1;

/// Encodes the position at which the next page of a list starts.
#[derive(Debug, Clone, Copy)]
pub struct Cursor;

impl Cursor {
    /// Writes a position as a cursor.
    pub fn encode(position: &str) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(position.as_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Reads a cursor that [`Cursor::encode`] wrote.
    pub fn decode(text: &str) -> Result<String> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap_or_default();
        let position = bytes.strip_prefix(&[VERSION]).map(<[u8]>::to_vec);
        let position = position.and_then(|bytes| String::from_utf8(bytes).ok());
        position.ok_or_else(|| Error::invalid("invalid_cursor", "The cursor is not one that this list gave."))
    }
}
