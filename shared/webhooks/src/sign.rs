//! Signs by scheme v1 of Standard Webhooks: HMAC-SHA-256 over `id.timestamp.body`, one signature for every
//! valid secret.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use data_encoding::BASE64;

/// Writes the value of `webhook-signature`.
pub fn signature<'a>(
    secrets: impl IntoIterator<Item = &'a [u8]>,
    id: &str,
    timestamp: i64,
    body: &str,
) -> String {
    let sign = |secret: &[u8]| {
        let mut context = Context::with_key(&Key::new(HMAC_SHA256, secret));
        for part in [id, ".", &timestamp.to_string(), ".", body] {
            context.update(part.as_bytes());
        }
        format!("v1,{}", BASE64.encode(context.sign().as_ref()))
    };
    secrets.into_iter().map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected value was computed with Python's hmac and hashlib.
    #[test]
    fn the_signature_is_that_of_another_implementation() {
        let secret: Vec<u8> = (0..32).collect();
        let body = r#"{"type":"webhook.test"}"#;
        let signed = signature([secret.as_slice()], "evt_1", 1_674_087_231, body);
        assert_eq!(signed, "v1,I+h7OHrWb0+kEly0Gm963ixN9JbDJZWHHOrUkuJ1V3c=");
        let twice = signature([secret.as_slice(), b"old"], "evt_1", 1_674_087_231, body);
        assert!(twice.starts_with(&format!("{signed} v1,")) && twice.matches("v1,").count() == 2);
    }
}
