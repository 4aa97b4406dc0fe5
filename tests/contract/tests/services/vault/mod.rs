//! The contract of the vault: keys open under their own context and key only, and errors say no more than
//! they may.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::types::DataKeySpec;
use mooring_aws_local::{Fault, FaultPlan, FaultProxy, sdk_config};
use mooring_domain::base::ids::{AccountId, ConnectionId, DataKeyId, TenantId};
use mooring_domain::vault::keys::{KeyContext, Owner, Use, WrappedKey};
use mooring_domain::vault::ports::{KeyGenerate as _, KeyOpen as _};
use mooring_domain::{Error, Kind};
use mooring_tests_contract::Keys;
use mooring_vault::Vault;
use uuid::Uuid;

struct Rig {
    keys: Keys,
    kms: Client,
    vault: Vault,
}

async fn rig() -> Rig {
    let keys = Keys::start().await.unwrap();
    let kms = keys.client();
    Rig { vault: Vault::new(kms.clone(), &keys.alias), kms, keys }
}

impl Rig {
    /// Makes a vault behind a proxy, whose client tries once.
    async fn behind(&self, plan: std::sync::Arc<FaultPlan>) -> (FaultProxy, Vault) {
        let proxy = FaultProxy::start(&self.keys.services.kms, "kms", plan).await.unwrap();
        let vault = impatient(proxy.url(), &self.keys.alias);
        (proxy, vault)
    }

    /// Returns the id behind the alias.
    async fn key_id(&self) -> String {
        let described = self.kms.describe_key().key_id(&self.keys.alias).send().await.unwrap();
        described.key_metadata.unwrap().key_id
    }
}

fn impatient(url: &str, alias: &str) -> Vault {
    let config = sdk_config(url).into_builder().retry_config(RetryConfig::disabled()).build();
    Vault::new(Client::new(&config), alias)
}

fn tenant(n: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(n))
}

fn connection(n: u128) -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(n))
}

fn account(n: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(n))
}

fn context() -> KeyContext {
    KeyContext::account(&tenant(1), &connection(2), &account(3))
}

fn pairs() -> HashMap<String, String> {
    let ids = [tenant(1).to_string(), connection(2).to_string(), account(3).to_string()];
    let names = ["tenant", "conn", "account"];
    let fixed = [("app", "mooring"), ("use", "data"), ("v", "1")];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    names.map(str::to_owned).into_iter().zip(ids).chain(fixed).collect()
}

fn assert_sealed(error: &Error, wrapped: &WrappedKey) {
    assert_eq!((error.kind, error.is_retryable(), error.code), (Kind::Sealed, false, "sealed"));
    assert_eq!(error.message, "A sealed value did not open.");
    assert_says_little(error, wrapped);
}

/// Checks that neither the ciphertext nor any id of the context is in a loggable form of the error.
fn assert_says_little(error: &Error, wrapped: &WrappedKey) {
    let text = format!("{error} {error:?} {:?}", error.source);
    let start = wrapped.blob.get(..9).unwrap_or(b"nothing");
    let debug = format!("{start:?}").replace(']', "");
    for secret in [&data_encoding::BASE64.encode(start), &debug, tenant(1).as_str(), "Blob"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn keys_are_made_and_opened_again() {
    let rig = rig().await;
    let contexts = [
        context(),
        KeyContext::connection(&tenant(1), &connection(2), Use::Token),
        KeyContext::connection(&tenant(1), &connection(2), Use::Data),
        KeyContext::app("tiktok_ads"),
    ];
    let mut ids = std::collections::HashSet::new();
    for context in &contexts {
        let (made, wrapped) = rig.vault.generate(context).await.unwrap();
        let sealed = made.seal("slot", b"value").unwrap();
        let opened = rig.vault.open(context, &wrapped).await.unwrap();
        assert_eq!(opened.open("slot", &sealed).unwrap().bytes(), b"value");
        assert_eq!(opened.fingerprint("l", b"x"), made.fingerprint("l", b"x"));
        assert_eq!((made.id(), opened.id()), (wrapped.id, wrapped.id));
        assert!(ids.insert(wrapped.id), "an id came twice");
        assert!(ids.insert(DataKeyId(made.fingerprint("l", b"x"))), "a key came twice");
    }
}

#[tokio::test]
async fn the_id_of_the_row_has_to_be_the_boxs() {
    let rig = rig().await;
    let (made, wrapped) = rig.vault.generate(&context()).await.unwrap();
    let sealed = made.seal("slot", b"value").unwrap();
    let relabelled = WrappedKey { id: DataKeyId([7; 16]), ..wrapped };
    let opened = rig.vault.open(&context(), &relabelled).await.unwrap();
    assert_eq!(opened.open("slot", &sealed).unwrap_err().kind, Kind::Sealed);
}

#[tokio::test]
async fn each_of_the_six_fields_counts() {
    let rig = rig().await;
    let wrap = async |pairs: HashMap<String, String>| {
        let request = rig.kms.generate_data_key().key_id(&rig.keys.alias).key_spec(DataKeySpec::Aes256);
        let made = request.set_encryption_context(Some(pairs)).send().await.unwrap();
        WrappedKey { id: DataKeyId([1; 16]), blob: made.ciphertext_blob.unwrap().into_inner() }
    };
    assert!(rig.vault.open(&context(), &wrap(pairs()).await).await.is_ok(), "the six pairs as they are");
    for field in ["app", "tenant", "conn", "account", "use", "v"] {
        let mut changed = pairs();
        changed.insert(field.to_owned(), "other".to_owned()).unwrap();
        let mut missing = pairs();
        missing.remove(field).unwrap();
        for pairs in [changed, missing] {
            let wrapped = wrap(pairs).await;
            let error = rig.vault.open(&context(), &wrapped).await.err();
            assert_sealed(&error.unwrap_or_else(|| panic!("another {field}")), &wrapped);
        }
    }
    let mut more = pairs();
    more.insert("more".to_owned(), "1".to_owned());
    assert!(rig.vault.open(&context(), &wrap(more).await).await.is_err(), "a seventh pair");
}

#[tokio::test]
async fn a_key_opens_for_no_other_owner_account_or_use_t57() {
    let rig = rig().await;
    let owner = |t, c| Owner::Connection(tenant(t), connection(c));
    let (data, third) = (Use::Data, Some(account(3)));
    let others = [
        KeyContext { owner: owner(9, 2), account: third.clone(), purpose: data },
        KeyContext { owner: owner(1, 9), account: third.clone(), purpose: data },
        KeyContext { owner: owner(1, 2), account: Some(account(9)), purpose: data },
        KeyContext { owner: owner(1, 2), account: None, purpose: data },
        KeyContext { owner: owner(1, 2), account: third, purpose: Use::Token },
        KeyContext::app("mooring"),
    ];
    let (_, wrapped) = rig.vault.generate(&context()).await.unwrap();
    for other in &others {
        let error = rig.vault.open(other, &wrapped).await.err();
        assert_sealed(&error.unwrap_or_else(|| panic!("{other:?}")), &wrapped);
    }
}

#[tokio::test]
async fn a_changed_wrapped_key_is_refused() {
    let rig = rig().await;
    let (_, wrapped) = rig.vault.generate(&context()).await.unwrap();
    for at in 0..wrapped.blob.len() {
        let mut changed = wrapped.clone();
        changed.blob[at] ^= 1;
        let error = rig.vault.open(&context(), &changed).await.err();
        assert_sealed(&error.unwrap_or_else(|| panic!("byte {at}")), &changed);
    }
    for length in [0, 1, wrapped.blob.len() - 1] {
        let torn = WrappedKey { blob: wrapped.blob[..length].to_vec(), ..wrapped };
        let error = rig.vault.open(&context(), &torn).await.err().unwrap();
        assert_eq!((error.kind, error.is_retryable()), (Kind::Sealed, false), "{length} bytes");
    }
    println!("changed bytes of a wrapped key: {}", wrapped.blob.len());
}

#[tokio::test]
async fn a_disabled_or_dying_key_neither_makes_nor_opens() {
    let rig = rig().await;
    let (_, wrapped) = rig.vault.generate(&context()).await.unwrap();
    let id = rig.key_id().await;
    rig.kms.disable_key().key_id(&id).send().await.unwrap();
    assert_sealed(&rig.vault.open(&context(), &wrapped).await.err().unwrap(), &wrapped);
    let error = rig.vault.generate(&context()).await.err().unwrap();
    assert_eq!((error.kind, error.code, error.is_retryable()), (Kind::Internal, "key_refused", false));
    assert_says_little(&error, &wrapped);

    rig.kms.enable_key().key_id(&id).send().await.unwrap();
    assert!(rig.vault.open(&context(), &wrapped).await.is_ok());
    rig.kms.schedule_key_deletion().key_id(&id).pending_window_in_days(7).send().await.unwrap();
    assert_sealed(&rig.vault.open(&context(), &wrapped).await.err().unwrap(), &wrapped);
}

#[tokio::test]
async fn the_expected_kms_key_is_always_named() {
    let rig = rig().await;
    let (_, wrapped) = rig.vault.generate(&context()).await.unwrap();
    let other = rig.kms.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
    for key in [other.as_str(), "alias/unknown"] {
        let vault = Vault::new(rig.kms.clone(), key);
        assert_sealed(&vault.open(&context(), &wrapped).await.err().unwrap(), &wrapped);
    }
    let same = Vault::new(rig.kms.clone(), rig.key_id().await);
    assert!(same.open(&context(), &wrapped).await.is_ok());
}

#[tokio::test]
async fn an_absent_kms_can_be_tried_again() {
    let rig = rig().await;
    let (_, wrapped) = rig.vault.generate(&context()).await.unwrap();
    for fault in [Fault::Throttle, Fault::ServerError, Fault::Reset] {
        let plan = FaultPlan::at(1, fault);
        plan.inject(2, fault);
        let (_proxy, vault) = rig.behind(plan).await;
        for error in [vault.open(&context(), &wrapped).await.err(), vault.generate(&context()).await.err()] {
            assert_unavailable(&error.unwrap(), &wrapped);
        }
        assert!(vault.open(&context(), &wrapped).await.is_ok(), "after {fault:?}");
    }
    assert_unavailable(
        &impatient("http://127.0.0.1:9", &rig.keys.alias).open(&context(), &wrapped).await.err().unwrap(),
        &wrapped,
    );
}

fn assert_unavailable(error: &Error, wrapped: &WrappedKey) {
    assert_eq!((error.kind, error.is_retryable()), (Kind::Unavailable, true), "{error:?}");
    assert_says_little(error, wrapped);
}

#[tokio::test]
async fn one_key_is_one_call() {
    let rig = rig().await;
    let plan = FaultPlan::quiet();
    let (_proxy, vault) = rig.behind(plan.clone()).await;
    let (made, wrapped) = vault.generate(&context()).await.unwrap();
    let opened = vault.open(&context(), &wrapped).await.unwrap();
    for n in 0..10 {
        let sealed = made.seal(&n.to_string(), b"value").unwrap();
        opened.open(&n.to_string(), &sealed).unwrap();
    }
    let calls: Vec<String> = plan.log().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls.len(), 2, "{calls:?}");
}
