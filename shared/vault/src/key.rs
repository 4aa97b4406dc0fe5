//! An opened data key, tied to its context. The key cannot be printed, copied or written anywhere, and is wiped on
//! drop.

use mooring_domain::Result;
use mooring_domain::base::ids::DataKeyId;
use mooring_domain::base::secret::Plain;
use mooring_domain::vault::keys::DataKey;
use mooring_domain::vault::keys::{KeyContext, SealedBox, Use};
use zeroize::Zeroizing;

use crate::sealed::Binding;
use crate::{context, primitives, sealed};

const LENGTH: usize = 32;
const FINGERPRINT: &[u8] = b"moor1/fingerprint\0";

/// A data key in clear. Its buffer is the one that the key arrived in: moving the key moves no key bytes.
pub(crate) struct OpenedKey {
    secret: Zeroizing<Vec<u8>>,
    id: DataKeyId,
    context: KeyContext,
}

impl OpenedKey {
    /// Takes over a key; `None` when the key does not have 32 bytes.
    pub(crate) fn new(secret: Zeroizing<Vec<u8>>, id: DataKeyId, context: KeyContext) -> Option<Self> {
        (secret.len() == LENGTH).then_some(Self { secret, id, context })
    }

    /// Returns the buffer that holds the key, so that a test can assert that it is wiped.
    #[cfg(test)]
    pub(crate) fn secret(&self) -> &Zeroizing<Vec<u8>> {
        &self.secret
    }

    fn bind<'a>(&'a self, context: &'a [u8]) -> Binding<'a> {
        Binding { secret: &self.secret, id: self.id, context, limit: limit(self.context.purpose) }
    }
}

/// Returns the longest plaintext of a use: a chunk of rows for data; tokens and credentials are far below their
/// limits.
const fn limit(purpose: Use) -> usize {
    match purpose {
        Use::Token | Use::Secret => 16 * 1024,
        Use::Data => 64 * 1024,
    }
}

impl DataKey for OpenedKey {
    fn seal(&self, slot: &str, plain: &[u8]) -> Result<SealedBox> {
        let context = context::encode(&self.context, slot).ok_or_else(sealed::failed)?;
        sealed::seal(&self.bind(&context), plain)
    }

    fn open(&self, slot: &str, sealed: &SealedBox) -> Result<Plain> {
        let context = context::encode(&self.context, slot).ok_or_else(sealed::refused)?;
        sealed::open(&self.bind(&context), sealed)
    }

    #[expect(clippy::expect_used, reason = "32 bytes are always within what HKDF-SHA-512 gives")]
    fn fingerprint(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        let prk = primitives::extract(FINGERPRINT, &self.secret);
        let mut subkey = Zeroizing::new([0; 32]);
        primitives::expand(&prk, &[FINGERPRINT, label.as_bytes()], &mut *subkey).expect("HKDF length");
        let mut out = [0; 16];
        out.iter_mut().zip(primitives::mac(&*subkey, bytes).as_ref()).for_each(|(to, from)| *to = *from);
        out
    }

    fn id(&self) -> DataKeyId {
        self.id
    }
}
