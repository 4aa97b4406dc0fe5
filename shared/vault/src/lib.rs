//! The vault: sealed boxes, version 1, and the data keys that open them, wrapped by KMS.
//!
//! [`Vault`] generates and unwraps data keys. It returns a [`mooring_domain::vault::keys::DataKey`], which seals and
//! opens. A data key lives as long as the invocation that opened it: nothing here caches one. The store keeps wrapped
//! keys and boxes.
//!
//! A sealed box is 104 bytes longer than its contents. Numbers are big-endian:
//!
//! | offset | length | field |
//! |---|---|---|
//! | 0 | 4 | magic `MOOR` |
//! | 4 | 1 | version, 1 |
//! | 5 | 1 | suite, 1: HKDF-SHA-512, AES-256-GCM, 32-byte commitment to key and context |
//! | 6 | 2 | reserved, 0 |
//! | 8 | 16 | data key id |
//! | 24 | 32 | random salt |
//! | 56 | 32 | commitment |
//! | 88 | n + 16 | ciphertext and tag |
//!
//! With `C` as the encoded context of the box's place:
//!
//! ```text
//! prk        = HKDF-Extract-SHA512(salt, data key)
//! suffix     = version | suite | SHA512(C)
//! key        = HKDF-Expand(prk, "moor1/key\0"    | suffix, 32)
//! nonce      = HKDF-Expand(prk, "moor1/nonce\0"  | suffix, 12)
//! commitment = HKDF-Expand(prk, "moor1/commit\0" | suffix, 32)
//! box        = header | commitment | AES-256-GCM(key, nonce, aad = header | commitment | C, plaintext)
//! ```
//!
//! ```no_run
//! use mooring_domain::vault::keys::KeyContext;
//! use mooring_domain::vault::ports::{KeyGenerate as _, KeyOpen as _};
//!
//! # async fn example(vault: mooring_vault::Vault, context: KeyContext) -> mooring_domain::Result<()> {
//! let (key, wrapped) = vault.generate(&context).await?;
//! let sealed = key.seal("tok#access#00000001", b"a token")?;
//!
//! let key = vault.open(&context, &wrapped).await?;
//! assert_eq!(key.open("tok#access#00000001", &sealed)?.bytes(), b"a token");
//! # Ok(())
//! # }
//! ```

mod answer;
mod config;
mod context;
mod key;
mod kms;
mod primitives;
mod sealed;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use kms::Vault;
