//! Encodes the place of a sealed value: as bytes for a box's derivation and, shorter, as the KMS encryption context.
//!
//! Both are always built from the row's own key, never from the contents of the box.

use std::collections::HashMap;

use mooring_domain::vault::keys::KeyContext;

const PREFIX: &[u8] = b"moor1/ctx\0";

/// Encodes a context and a slot; `None` when the slot is too long to have its length written.
///
/// Every field has a tag and a length, so that no two places encode alike.
pub(crate) fn encode(context: &KeyContext, slot: &str) -> Option<Vec<u8>> {
    let connection = context.connection_text();
    let fields: [(u8, &str); 5] = [
        (1, context.tenant_text()),
        (2, &connection),
        (3, context.account_text()),
        (4, context.purpose.as_str()),
        (5, slot),
    ];
    let mut out = [PREFIX, &[5]].concat();
    for (tag, value) in fields {
        let length = u16::try_from(value.len()).ok()?;
        out.push(tag);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(value.as_bytes());
    }
    Some(out)
}

/// Makes the KMS encryption context: always these six pairs. CloudTrail shows the context, so it holds ids only.
pub(crate) fn encryption_context(context: &KeyContext) -> HashMap<String, String> {
    let account = Some(context.account_text()).filter(|account| !account.is_empty()).unwrap_or("-");
    let connection = context.connection_text();
    let pairs = [
        ("app", "mooring"),
        ("tenant", context.tenant_text()),
        ("conn", &connection),
        ("account", account),
        ("use", context.purpose.as_str()),
        ("v", "1"),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
