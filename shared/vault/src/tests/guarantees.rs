//! Tests the guarantees of every box and every key: round trip, fresh salts, nothing printed, nothing copied.

use std::collections::HashSet;

use mooring_domain::Kind;
use mooring_domain::vault::keys::DataKey as _;
use mooring_domain::vault::keys::SealedBox;
use proptest::prelude::*;
use zeroize::ZeroizeOnDrop;

use super::{ID, PLAIN, SALT, SECRET, binding, data_context, encoded, hex, key, opened, token_context};
use crate::config::Config;
use crate::key::OpenedKey;
use crate::sealed::{Subkeys, derive};

/// Fails to compile when a type has a trait: the call is then ambiguous.
macro_rules! lacks {
    ($type:ty: $($trait:path),+) => {$(
        const _: fn() = || {
            trait Ambiguous<A> { fn call() {} }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Has;
            impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
            <$type as Ambiguous<_>>::call();
        };
    )+};
}

lacks!(OpenedKey: Clone, std::fmt::Debug, std::fmt::Display, serde::Serialize, AsRef<[u8]>, PartialEq);
lacks!(Subkeys: Clone, std::fmt::Debug, std::fmt::Display, serde::Serialize, PartialEq);
lacks!(dyn mooring_domain::vault::keys::DataKey: std::fmt::Debug, std::fmt::Display, serde::Serialize);
lacks!(mooring_domain::base::secret::Plain: Clone, std::fmt::Display, serde::Serialize, PartialEq);

#[test]
fn key_bytes_are_wiped_on_drop() {
    fn wiped<T: ZeroizeOnDrop>(_: &T) {}
    let context = encoded(&token_context(), "slot");
    wiped(&derive(&binding(&context), &SALT).unwrap().key);
    wiped(key(token_context()).secret());
}

#[test]
fn nothing_prints_what_is_inside() {
    let key = key(token_context());
    let sealed = key.seal("slot", PLAIN).unwrap();
    let printed = format!("{:?} {:?}", sealed, key.open("slot", &sealed).unwrap());
    assert_eq!(printed, "SealedBox(128 bytes) Plain(…)");
    let error = key.seal("slot", &vec![b'x'; 70_000]).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("xx"));
}

#[test]
fn no_salt_comes_twice() {
    const SEALS: usize = 100_000;
    let key = key(token_context());
    let salts: HashSet<[u8; 32]> =
        (0..SEALS).map(|_| key.seal("slot", b"").unwrap().0[24..56].try_into().unwrap()).collect();
    assert_eq!(salts.len(), SEALS);
    println!("seals without a repeated salt: {SEALS}");
}

#[test]
fn fingerprints_tell_keys_labels_and_contents_apart() {
    let key = key(token_context());
    let print = key.fingerprint("mail", b"a");
    assert_eq!(print, opened(&SECRET, ID, data_context()).fingerprint("mail", b"a"));
    let others = [
        key.fingerprint("mail", b"b"),
        key.fingerprint("platform", b"a"),
        key.fingerprint("mai", b"la"),
        opened(&[9; 32], ID, token_context()).fingerprint("mail", b"a"),
    ];
    assert!(!others.contains(&print));
    assert!(!hex(&SECRET).contains(&hex(&print)));
}

#[test]
fn a_missing_key_id_is_named() {
    assert_eq!(Config::from_value(Some("alias/mooring".into())).unwrap().key_id, "alias/mooring");
    for missing in [None, Some(String::new())] {
        let error = Config::from_value(missing).unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Internal, "not_configured"));
        assert!(error.message.contains("KMS_KEY_ID"));
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens_as_it_was(
        secret in any::<[u8; 32]>(),
        slot in ".{0,60}",
        plain in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let key = opened(&secret, ID, data_context());
        let sealed = key.seal(&slot, &plain).unwrap();
        prop_assert_eq!(sealed.0.len(), plain.len() + 104);
        let opened = key.open(&slot, &sealed).unwrap();
        prop_assert_eq!(opened.bytes(), plain.as_slice());
        prop_assert_eq!(key.id(), ID);
    }

    #[test]
    fn bytes_that_are_no_box_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(key(data_context()).open("slot", &SealedBox(bytes)).is_err());
    }
}
