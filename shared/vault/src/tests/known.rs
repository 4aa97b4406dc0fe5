//! Tests the three known answers of the design, step by step.

use aws_lc_rs::digest::{SHA256, digest};
use mooring_domain::vault::keys::DataKey as _;
use mooring_domain::vault::keys::{KeyContext, SealedBox};

use super::{PLAIN, SALT, binding, data_context, encoded, hex, key, token_context};
use crate::sealed::{derive, seal_with_salt};

struct Answer {
    context: KeyContext,
    slot: &'static str,
    salt: [u8; 32],
    plain: &'static [u8],
    encoded: &'static str,
    key: &'static str,
    nonce: &'static str,
    commitment: &'static str,
    body: &'static str,
    sha256: &'static str,
}

fn answers() -> [Answer; 3] {
    [
        Answer {
            context: token_context(),
            slot: "access",
            salt: SALT,
            plain: PLAIN,
            encoded: "6d6f6f72312f637478000501001e74656e5f30314a303030303030303030303030303030303030303030304102001e636f6e5f30314a3030303030303030303030303030303030303030303042030000040005746f6b656e050006616363657373",
            key: "a5549335ce25d85c3713c880e944af1cffa1c0f184a78714fba52df9882cc21e",
            nonce: "4b554a4a6f652ac76d01891e",
            commitment: "a3ecb6de23a007a1ab09e5cbeb5dd934ce8e1c02235fff6af0f46629825f31fc",
            body: "f4248e47a747780a670c12b69689644fee6f804854e487934f72d53476bbb70a9d0f20161334c429",
            sha256: "42d45416d35aa7c9e849971a5775979e7689c80946df0e5b1e762b9a43911e97",
        },
        Answer {
            context: token_context(),
            slot: "refresh",
            salt: [0; 32],
            plain: b"",
            encoded: "6d6f6f72312f637478000501001e74656e5f30314a303030303030303030303030303030303030303030304102001e636f6e5f30314a3030303030303030303030303030303030303030303042030000040005746f6b656e05000772656672657368",
            key: "001f47bdda27655578d16599af431b6e2a55eda88d097e7d0f1977d05d4826de",
            nonce: "930122877f97242f0c2788cc",
            commitment: "e2ad6d2f1e5a5cf8d842b18f117b9f062544da870e172a15a7bad8cfccf8e0f7",
            body: "b28e3744c5af11b0f1f799c7c5d54359",
            sha256: "e55952cab5774785d695f0bac6cd780c160c508311b07a1778070793dd488fce",
        },
        Answer {
            context: data_context(),
            slot: "ad/2026-11-20/0",
            salt: SALT,
            plain: PLAIN,
            encoded: "6d6f6f72312f637478000501001e74656e5f30314a303030303030303030303030303030303030303030304102001e636f6e5f30314a303030303030303030303030303030303030303030304203001e6163635f30314a30303030303030303030303030303030303030303030430400046461746105000f61642f323032362d31312d32302f30",
            key: "9d8e552544e09819a45d766c7674f4fdb444b010b9fe3ee4ac9ca0278a74ac78",
            nonce: "6ecf5eeda9dd2fbfc9fb8d8d",
            commitment: "683d148758030c442ff619007891e777973b3496c1c35c6abf2bb68cc8f178b6",
            body: "1d7542faca72b8d1c86b779167f7f8c6a53c0c204cd1d8f2700f15a33859a18060e06242dfd54c60",
            sha256: "dc386ceae04c47c00063e0d201a3d2dccbc222d8a65ee133dd9ed724eeb4fe9b",
        },
    ]
}

#[test]
fn known_answers_t55() {
    for answer in answers() {
        let context = encoded(&answer.context, answer.slot);
        assert_eq!(hex(&context), answer.encoded);
        let sub = derive(&binding(&context), &answer.salt).unwrap();
        assert_eq!(hex(&*sub.key), answer.key);
        assert_eq!(hex(&sub.nonce), answer.nonce);
        assert_eq!(hex(&sub.commitment), answer.commitment);
        let SealedBox(bytes) = seal_with_salt(&binding(&context), &answer.salt, answer.plain).unwrap();
        assert_eq!(bytes.len(), 104 + answer.plain.len());
        assert_eq!(hex(&bytes[88..]), answer.body);
        assert_eq!(hex(digest(&SHA256, &bytes).as_ref()), answer.sha256);
        let opened = key(answer.context).open(answer.slot, &SealedBox(bytes)).unwrap();
        assert_eq!(opened.bytes(), answer.plain);
    }
    println!("known answers: {}", answers().len());
}
