//! Tests everything that must not open: changed bits, torn boxes, other places, other keys.

use mooring_domain::Kind;
use mooring_domain::base::ids::DataKeyId;
use mooring_domain::vault::keys::DataKey as _;
use mooring_domain::vault::keys::{KeyContext, Owner, SealedBox, Use};

use super::{
    ID, PLAIN, SALT, SECRET, account, binding, connection, data_context, encoded, key, opened, tenant,
    token_context, visible,
};
use crate::key::OpenedKey;
use crate::primitives;
use crate::sealed::{self, derive, header, refused, seal_with_salt};

const SLOT: &str = "access";

fn a_box() -> Vec<u8> {
    key(token_context()).seal(SLOT, PLAIN).unwrap().0
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[bit / 8] ^= 1 << (bit % 8);
    out
}

/// Asserts a refusal of one kind and one text, without a cause: nothing tells why the box did not open.
fn assert_refused(key: &OpenedKey, slot: &str, bytes: Vec<u8>, what: &str) {
    let error = key.open(slot, &SealedBox(bytes)).err().unwrap_or_else(|| panic!("{what} was accepted"));
    assert_eq!(visible(&error), visible(&refused()), "{what}");
    assert_eq!((error.kind, error.is_retryable()), (Kind::Sealed, false));
}

#[test]
fn every_bit_of_a_box_counts() {
    let bytes = a_box();
    for bit in 0..bytes.len() * 8 {
        assert_refused(&key(token_context()), SLOT, flipped(&bytes, bit), &format!("box bit {bit}"));
    }
    println!("flipped bits of a box: {}", bytes.len() * 8);
}

#[test]
fn every_bit_of_the_context_counts() {
    let contexts = [encoded(&token_context(), SLOT), encoded(&data_context(), SLOT)];
    for context in &contexts {
        let sealed = seal_with_salt(&binding(context), &SALT, PLAIN).unwrap();
        assert!(sealed::open(&binding(context), &sealed).is_ok());
        for bit in 0..context.len() * 8 {
            let other = flipped(context, bit);
            assert!(sealed::open(&binding(&other), &sealed).is_err(), "context bit {bit}");
        }
    }
    println!("flipped bits of contexts: {}", contexts.concat().len() * 8);
}

#[test]
fn every_bit_of_the_key_and_of_its_id_counts() {
    let bytes = a_box();
    for bit in 0..256 {
        let other = opened(&flipped(&SECRET, bit), ID, token_context());
        assert_refused(&other, SLOT, bytes.clone(), &format!("key bit {bit}"));
    }
    for bit in 0..128 {
        let id = DataKeyId(flipped(&ID.0, bit).try_into().unwrap());
        let other = opened(&SECRET, id, token_context());
        assert_refused(&other, SLOT, bytes.clone(), &format!("id bit {bit}"));
        // The id in the box does not help either: the header is authenticated.
        let relabelled = [&bytes[..8], &id.0, &bytes[24..]].concat();
        assert_refused(&other, SLOT, relabelled, &format!("id bit {bit}, in the box too"));
    }
}

#[test]
fn only_the_exact_header_and_length_are_read() {
    let bytes = a_box();
    let reader = key(token_context());
    for at in 0..8 {
        for value in (0..=u8::MAX).filter(|value| *value != bytes[at]) {
            let mut other = bytes.clone();
            other[at] = value;
            assert_refused(&reader, SLOT, other, &format!("byte {at} = {value}"));
        }
    }
    for length in 0..bytes.len() {
        assert_refused(&reader, SLOT, bytes[..length].to_vec(), &format!("{length} bytes"));
    }
    assert_refused(&reader, SLOT, [bytes.as_slice(), &[0]].concat(), "a byte more");
    assert_refused(&reader, SLOT, [&[0], bytes.as_slice()].concat(), "a byte before");
    assert_refused(&reader, SLOT, bytes.repeat(2), "two boxes");
}

#[test]
fn a_box_opens_in_no_other_place_t57() {
    let owner = Owner::Connection(tenant(), connection());
    let other_tenant: mooring_domain::base::ids::TenantId = "ten_01J0000000000000000000000D".parse().unwrap();
    let other_connection = "con_01J0000000000000000000000D".parse().unwrap();
    let other_account = "acc_01J0000000000000000000000D".parse().unwrap();
    let with = |purpose, account| KeyContext { owner: owner.clone(), account, purpose };
    let places = [
        with(Use::Data, Some(account())),
        with(Use::Data, Some(other_account)),
        with(Use::Data, None),
        with(Use::Token, None),
        with(Use::Secret, None),
        with(Use::Token, Some(account())),
        KeyContext::account(&other_tenant, &connection(), &account()),
        KeyContext::account(&tenant(), &other_connection, &account()),
        KeyContext::app("mooring"),
        KeyContext::app("tiktok_ads"),
    ];
    let slots = ["", "r#ad/2026-11-20", "r#ad/2026-11-21", "tok#access#00000001", "tok#access#00000002"];
    let all: Vec<_> = places.iter().flat_map(|place| slots.iter().map(move |slot| (place, *slot))).collect();
    let mut swaps = 0;
    for (home, slot) in &all {
        let bytes = key((*home).clone()).seal(slot, PLAIN).unwrap().0;
        for (place, other) in all.iter().filter(|place| *place != &(*home, *slot)) {
            assert_refused(&key((*place).clone()), other, bytes.clone(), &format!("{place:?} {other}"));
            swaps += 1;
        }
    }
    println!("swaps of tenant, connection, account, use and slot: {swaps}");
}

#[test]
fn the_commitment_is_checked_by_itself() {
    let context = encoded(&token_context(), SLOT);
    let sub = derive(&binding(&context), &SALT).unwrap();
    // A box that GCM accepts, because it was made over the wrong commitment.
    let forged = |commitment: &[u8; 32]| {
        let head = header(ID, &SALT);
        let aad = [head.as_slice(), commitment, &context].concat();
        let body = primitives::seal(&*sub.key, &sub.nonce, &aad, PLAIN).unwrap();
        [head.as_slice(), commitment, &body].concat()
    };
    assert!(key(token_context()).open(SLOT, &SealedBox(forged(&sub.commitment))).is_ok());
    for bit in 0..256 {
        let wrong = flipped(&sub.commitment, bit).try_into().unwrap();
        assert_refused(&key(token_context()), SLOT, forged(&wrong), &format!("commitment bit {bit}"));
    }
}

#[test]
fn values_over_the_limit_are_neither_sealed_nor_opened() {
    let limits =
        [(token_context(), 16 * 1024), (KeyContext::app("mooring"), 16 * 1024), (data_context(), 65_536)];
    for (context, limit) in limits {
        let key = key(context.clone());
        let sealed = key.seal(SLOT, &vec![7; limit]).unwrap();
        assert_eq!(key.open(SLOT, &sealed).unwrap().bytes().len(), limit);
        let error = key.seal(SLOT, &vec![7; limit + 1]).unwrap_err();
        assert_eq!((error.code, error.is_retryable()), ("too_large_to_seal", false));
        let encoded = encoded(&context, SLOT);
        let wide = sealed::Binding { limit: limit + 1, ..binding(&encoded) };
        let SealedBox(bytes) = seal_with_salt(&wide, &SALT, &vec![7; limit + 1]).unwrap();
        assert_refused(&key, SLOT, bytes, "a box over the limit");
    }
}

#[test]
fn a_slot_has_to_fit_its_length_field() {
    let key = key(token_context());
    let (longest, longer) = ("s".repeat(65_535), "s".repeat(65_536));
    let sealed = key.seal(&longest, PLAIN).unwrap();
    assert_eq!(key.open(&longest, &sealed).unwrap().bytes(), PLAIN);
    assert_eq!(key.seal(&longer, PLAIN).unwrap_err().code, "not_sealed");
    assert_refused(&key, &longer, sealed.0, "a slot that is too long");
}

#[test]
fn a_key_has_32_bytes() {
    for length in [0, 16, 31, 33, 64] {
        assert!(OpenedKey::new(vec![1; length].into(), ID, token_context()).is_none(), "{length}");
    }
}
