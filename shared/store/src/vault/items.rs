//! Writes and reads wrapped keys and sealed tokens as items. Only sealed bytes pass through here.

use mooring_domain::Result;
use mooring_domain::base::ids::DataKeyId;
use mooring_domain::vault::keys::{SealedBox, WrappedKey};
use mooring_domain::vault::rows::TokenRow;

use crate::client::item::{Draft, Fields, Item, SK, bytes};
use crate::vault::keys::parse_token_version;

/// The attribute of the id of a data key.
const KEY_ID: &str = "key_id";

/// Writes a wrapped key.
pub(crate) fn write_key(wrapped: &WrappedKey) -> Draft {
    Draft::default().text(KEY_ID, wrapped.id.to_hex()).with("wrapped", bytes(&wrapped.blob))
}

/// Reads a wrapped key.
pub(crate) fn read_key(item: &Item) -> Result<WrappedKey> {
    let blob = Fields::of("data key", item).bytes("wrapped")?.to_vec();
    Ok(WrappedKey { id: read_key_id(item)?, blob })
}

/// Reads the id of a wrapped key.
pub(crate) fn read_key_id(item: &Item) -> Result<DataKeyId> {
    Fields::of("data key", item).word(KEY_ID, DataKeyId::from_hex)
}

/// Writes a token.
pub(crate) fn write_token(token: &TokenRow) -> Draft {
    Draft::default().text(KEY_ID, token.key.to_hex()).with("sealed", bytes(&token.sealed.0))
}

/// Reads a token.
pub(crate) fn read_token(name: &'static str, item: &Item) -> Result<TokenRow> {
    let fields = Fields::of("token", item);
    Ok(TokenRow {
        name,
        version: fields.word(SK, parse_token_version)?,
        key: fields.word(KEY_ID, DataKeyId::from_hex)?,
        sealed: fields.sealed("sealed")?,
    })
}

/// Writes a sealed value without other attributes.
pub(crate) fn write_sealed(sealed: &SealedBox) -> Draft {
    Draft::default().with("sealed", bytes(&sealed.0))
}

/// Reads a sealed value without other attributes.
pub(crate) fn read_sealed(item: &Item) -> Result<SealedBox> {
    Fields::of("sealed value", item).sealed("sealed")
}
