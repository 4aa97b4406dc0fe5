//! The few primitives that the sealed box is made of, as aws-lc implements them. Mooring builds none of its own here.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{constant_time, digest, hkdf, hmac, rand};
use zeroize::Zeroizing;

/// The length of a GCM tag.
pub(crate) const TAG: usize = 16;

/// The length of an HKDF output.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Runs HKDF-Extract with SHA-512.
pub(crate) fn extract(salt: &[u8], secret: &[u8]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA512, salt).extract(secret)
}

/// Runs HKDF-Expand with SHA-512: fills the buffer, or fails when the buffer is longer than HKDF can give.
pub(crate) fn expand(prk: &hkdf::Prk, info: &[&[u8]], out: &mut [u8]) -> Result<(), Unspecified> {
    prk.expand(info, Length(out.len()))?.fill(out)
}

/// Computes a SHA-512.
pub(crate) fn sha512(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA512, bytes)
}

/// Computes an HMAC-SHA-256.
pub(crate) fn mac(key: &[u8], bytes: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes)
}

/// Encrypts with AES-256-GCM: returns ciphertext and tag. The key has 32 bytes and the nonce 12; both may be used
/// once.
pub(crate) fn seal(key: &[u8], nonce: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
    // The buffer has room for the tag from the start: growing would leave a copy of the plaintext behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(plain.len() + TAG));
    bytes.extend_from_slice(plain);
    let nonce = Nonce::try_assume_unique_for_key(nonce)?;
    cipher(key)?.seal_in_place_append_tag(nonce, Aad::from(aad), &mut *bytes)?;
    Ok(std::mem::take(&mut *bytes))
}

/// Decrypts ciphertext and tag with AES-256-GCM: returns the plaintext.
pub(crate) fn open(key: &[u8], nonce: &[u8], aad: &[u8], body: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut bytes = Zeroizing::new(body.to_vec());
    let nonce = Nonce::try_assume_unique_for_key(nonce)?;
    let length = cipher(key)?.open_in_place(nonce, Aad::from(aad), &mut bytes)?.len();
    bytes.truncate(length);
    Ok(std::mem::take(&mut *bytes))
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, Unspecified> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new)
}

/// Compares in a time that does not depend on where the difference is.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// Returns random bytes of the system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    rand::fill(&mut out)?;
    Ok(out)
}
