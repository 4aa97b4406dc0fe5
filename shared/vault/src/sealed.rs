//! The sealed box, version 1: builds and opens it. The crate's page has the layout.
//!
//! This module knows bytes only; a key knows its own context.

use aws_lc_rs::error::Unspecified;
use mooring_domain::base::ids::DataKeyId;
use mooring_domain::base::secret::Plain;
use mooring_domain::vault::keys::SealedBox;
use mooring_domain::{Error, Kind, Result};
use zeroize::Zeroizing;

use crate::primitives::{self, TAG};

const MAGIC: &[u8] = b"MOOR";
const VERSION: u8 = 1;
const SUITE: u8 = 1;
const HEADER: usize = 56;
const SALT: usize = 32;
const COMMITMENT: usize = 32;

/// The values that a box is bound to.
pub(crate) struct Binding<'a> {
    /// The data key's 32 bytes.
    pub(crate) secret: &'a [u8],
    /// The data key's id, which the box carries.
    pub(crate) id: DataKeyId,
    /// The encoded context of the place.
    pub(crate) context: &'a [u8],
    /// The longest plaintext.
    pub(crate) limit: usize,
}

/// The values that are derived for one box. A fresh salt gives a fresh key and nonce, so that no nonce is ever used
/// twice.
pub(crate) struct Subkeys {
    pub(crate) key: Zeroizing<[u8; 32]>,
    pub(crate) nonce: [u8; 12],
    pub(crate) commitment: [u8; COMMITMENT],
}

/// Seals a box under a fresh salt.
pub(crate) fn seal(binding: &Binding<'_>, plain: &[u8]) -> Result<SealedBox> {
    let salt = primitives::random().map_err(|_| failed())?;
    seal_with_salt(binding, &salt, plain)
}

/// Seals a box under a given salt; only tests with known answers have a reason to give one.
pub(crate) fn seal_with_salt(binding: &Binding<'_>, salt: &[u8; SALT], plain: &[u8]) -> Result<SealedBox> {
    if plain.len() > binding.limit {
        let message = format!("A value of {} bytes is too large to seal.", plain.len());
        return Err(Error::new(Kind::Internal, "too_large_to_seal", message));
    }
    let head = header(binding.id, salt);
    let sub = derive(binding, salt).map_err(|_| failed())?;
    let aad = [head.as_slice(), &sub.commitment, binding.context].concat();
    let body = primitives::seal(&*sub.key, &sub.nonce, &aad, plain).map_err(|_| failed())?;
    Ok(SealedBox([head.as_slice(), &sub.commitment, &body].concat()))
}

/// Opens a box. Every fault of a box gives the same error.
pub(crate) fn open(binding: &Binding<'_>, sealed: &SealedBox) -> Result<Plain> {
    try_open(binding, &sealed.0).map(Plain::new).ok_or_else(refused)
}

fn try_open(binding: &Binding<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = bytes.split_first_chunk::<HEADER>()?;
    let (commitment, body) = rest.split_first_chunk::<COMMITMENT>()?;
    let salt = head.last_chunk::<SALT>()?;
    let fits = (TAG..=binding.limit.saturating_add(TAG)).contains(&body.len());
    if !fits || head.as_slice() != header(binding.id, salt) {
        return None;
    }
    let sub = derive(binding, salt).ok()?;
    // GCM alone does not commit to its key: one ciphertext can open under two.
    if !primitives::same(commitment, &sub.commitment) {
        return None;
    }
    let aad = [head.as_slice(), commitment, binding.context].concat();
    primitives::open(&*sub.key, &sub.nonce, &aad, body).ok()
}

/// Makes the header that a box of this key and salt must have, to the byte.
pub(crate) fn header(id: DataKeyId, salt: &[u8; SALT]) -> Vec<u8> {
    [MAGIC, &[VERSION, SUITE, 0, 0], &id.0, salt].concat()
}

/// Derives the values of one box. The derivation includes the context, so that the commitment is to key and place at
/// once.
pub(crate) fn derive(binding: &Binding<'_>, salt: &[u8; SALT]) -> std::result::Result<Subkeys, Unspecified> {
    let prk = primitives::extract(salt, binding.secret);
    let place = primitives::sha512(binding.context);
    let suffix = [&[VERSION, SUITE], place.as_ref()].concat();
    let mut sub = Subkeys { key: Zeroizing::new([0; 32]), nonce: [0; 12], commitment: [0; COMMITMENT] };
    primitives::expand(&prk, &[b"moor1/key\0", &suffix], &mut *sub.key)?;
    primitives::expand(&prk, &[b"moor1/nonce\0", &suffix], &mut sub.nonce)?;
    primitives::expand(&prk, &[b"moor1/commit\0", &suffix], &mut sub.commitment)?;
    Ok(sub)
}

/// Makes the one error of everything that does not open.
pub(crate) fn refused() -> Error {
    Error::new(Kind::Sealed, "sealed", "A sealed value did not open.")
}

/// Makes the error of a seal that failed; in effect the random generator failed.
pub(crate) fn failed() -> Error {
    Error::new(Kind::Internal, "not_sealed", "A value could not be sealed.")
}
