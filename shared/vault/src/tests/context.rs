//! Tests the two encodings of a context, and that no two places share one.

use std::collections::HashMap;

use mooring_domain::base::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::vault::keys::{KeyContext, Owner, Use};
use proptest::prelude::*;
use uuid::Uuid;

use super::{ACCOUNT, CONNECTION, TENANT, data_context, encoded, token_context};
use crate::context::encryption_context;

fn pairs(map: &HashMap<String, String>) -> Vec<(&str, &str)> {
    let mut pairs: Vec<_> = map.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.sort_unstable();
    pairs
}

fn six<'a>(
    tenant: &'a str,
    connection: &'a str,
    account: &'a str,
    purpose: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let rest = [("tenant", tenant), ("use", purpose), ("v", "1")];
    [[("account", account), ("app", "mooring"), ("conn", connection)], rest].concat()
}

#[test]
fn the_encryption_context_has_always_six_pairs() {
    let data = encryption_context(&data_context());
    assert_eq!(pairs(&data), six(TENANT, CONNECTION, ACCOUNT, "data"));
    let token = encryption_context(&token_context());
    assert_eq!(pairs(&token), six(TENANT, CONNECTION, "-", "token"));
    let app = encryption_context(&KeyContext::app("tiktok_ads"));
    assert_eq!(pairs(&app), six("-", "app_tiktok_ads", "-", "secret"));
}

#[test]
fn the_deployments_own_keys_have_the_pseudo_connection() {
    let expected = b"moor1/ctx\0\x05\x01\0\x01-\x02\0\x0bapp_mooring\x03\0\0\x04\0\x06secret\x05\0\x03sec";
    assert_eq!(encoded(&KeyContext::app("mooring"), "sec"), expected);
}

/// Draws from few ids and slots, so that two places often share a part.
fn place() -> impl Strategy<Value = (KeyContext, String)> {
    let uuid = (0..2u128).prop_map(Uuid::from_u128);
    let owner = prop_oneof![
        (uuid.clone(), uuid.clone())
            .prop_map(|(t, c)| Owner::Connection(TenantId::from_uuid(t), ConnectionId::from_uuid(c))),
        prop_oneof![Just("mooring"), Just("tiktok_ads")].prop_map(Owner::App),
    ];
    let purpose = prop_oneof![Just(Use::Token), Just(Use::Data), Just(Use::Secret)];
    let account = proptest::option::of(uuid.prop_map(AccountId::from_uuid));
    (owner, account, purpose, "[\0-\u{5}a-b語]{0,3}")
        .prop_map(|(owner, account, purpose, slot)| (KeyContext { owner, account, purpose }, slot))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn two_places_encode_alike_only_when_they_are_one(left in place(), right in place()) {
        let alike = encoded(&left.0, &left.1) == encoded(&right.0, &right.1);
        prop_assert_eq!(alike, left == right);
    }
}

/// KMS takes 8 pairs; all pairs of a context together are far below the length that KMS allows (docs/limits.md).
#[test]
fn a_context_fits_kms() {
    let (tenant, connection) = (TenantId::from_uuid(Uuid::max()), ConnectionId::from_uuid(Uuid::max()));
    let contexts = [
        KeyContext::account(&tenant, &connection, &AccountId::from_uuid(Uuid::max())),
        KeyContext::app("a_platform_with_a_name_of_forty_letters_"),
    ];
    for pairs in contexts.map(|context| encryption_context(&context)) {
        let length: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(pairs.len() <= 8 && length <= 384, "{length} characters");
    }
}
