//! Compares boxes and fingerprints with those of a second implementation (`tests/vectors/generate.py`).

use aws_lc_rs::digest::{SHA256, digest};
use mooring_domain::base::ids::DataKeyId;
use mooring_domain::vault::keys::DataKey as _;
use mooring_domain::vault::keys::{KeyContext, Owner, SealedBox, Use};
use serde::Deserialize;

use super::{encoded, hex, opened, token_context, unhex};
use crate::sealed::{Binding, seal_with_salt};

#[derive(Deserialize)]
struct Vectors {
    boxes: Vec<Sealed>,
    large: Vec<Large>,
    fingerprints: Vec<Print>,
}

#[derive(Deserialize)]
struct Sealed {
    dek: String,
    id: String,
    place: [String; 5],
    plain: String,
    r#box: String,
}

#[derive(Deserialize)]
struct Large {
    dek: String,
    id: String,
    salt: String,
    place: [String; 5],
    length: usize,
    sha256: String,
}

#[derive(Deserialize)]
struct Print {
    dek: String,
    label: String,
    data: String,
    tag: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../tests/vectors/boxes.json")).unwrap()
}

fn id(text: &str) -> DataKeyId {
    DataKeyId::from_hex(text).unwrap()
}

fn context([tenant, connection, account, purpose, _]: &[String; 5]) -> KeyContext {
    let owner = match connection.as_str() {
        "app_tiktok_ads" => Owner::App("tiktok_ads"),
        "app_mooring" => Owner::App("mooring"),
        _ => Owner::Connection(tenant.parse().unwrap(), connection.parse().unwrap()),
    };
    let account = (!account.is_empty()).then(|| account.parse().unwrap());
    let purpose = [Use::Token, Use::Data, Use::Secret].into_iter().find(|it| it.as_str() == purpose).unwrap();
    KeyContext { owner, account, purpose }
}

#[test]
fn boxes_of_the_second_implementation_open_and_are_made_alike_t55() {
    let boxes = vectors().boxes;
    for vector in &boxes {
        let (secret, plain, bytes) = (unhex(&vector.dek), unhex(&vector.plain), unhex(&vector.r#box));
        let (context, slot) = (context(&vector.place), &vector.place[4]);
        let encoded = encoded(&context, slot);
        let binding = Binding { secret: &secret, id: id(&vector.id), context: &encoded, limit: plain.len() };
        let salt = bytes[24..56].try_into().unwrap();
        assert_eq!(hex(&seal_with_salt(&binding, salt, &plain).unwrap().0), vector.r#box);
        let key = opened(&secret, id(&vector.id), context);
        assert_eq!(key.open(slot, &SealedBox(bytes)).unwrap().bytes(), plain);
    }
    assert!(boxes.len() >= 1000, "{}", boxes.len());
    println!("boxes of the second implementation: {}", boxes.len());
}

#[test]
fn the_largest_boxes_are_made_alike_too() {
    for vector in vectors().large {
        let (secret, salt) = (unhex(&vector.dek), unhex(&vector.salt));
        let plain: Vec<u8> = (0..=250).cycle().take(vector.length).collect();
        let (context, slot) = (context(&vector.place), &vector.place[4]);
        let encoded = encoded(&context, slot);
        let binding =
            Binding { secret: &secret, id: id(&vector.id), context: &encoded, limit: vector.length };
        let sealed = seal_with_salt(&binding, &salt.try_into().unwrap(), &plain).unwrap();
        assert_eq!(hex(digest(&SHA256, &sealed.0).as_ref()), vector.sha256);
        let key = opened(&secret, id(&vector.id), context);
        assert_eq!(key.open(slot, &sealed).unwrap().bytes(), plain);
    }
}

#[test]
fn fingerprints_of_the_second_implementation_are_ours() {
    let prints = vectors().fingerprints;
    for print in &prints {
        let key = opened(&unhex(&print.dek), super::ID, token_context());
        assert_eq!(hex(&key.fingerprint(&print.label, &unhex(&print.data))), print.tag);
    }
    println!("fingerprints of the second implementation: {}", prints.len());
}
