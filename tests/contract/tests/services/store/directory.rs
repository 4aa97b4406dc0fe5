//! Tenants, credentials, origins, mailboxes, the deployment's own secrets.

use aws_sdk_dynamodb::types::AttributeValue;
use mooring_domain::base::data_version::{DATA_VERSION, DataVersion};
use mooring_domain::base::ids::{CredentialId, DataKeyId};
use mooring_domain::base::secret::Digest;
use mooring_domain::base::table::Table;
use mooring_domain::base::together::{Work, together};
use mooring_domain::connect::ports::MailIndexRead as _;
use mooring_domain::people::access_log::PseudonymKey;
use mooring_domain::people::api_key::{ApiKey, MOST_KEYS};
use mooring_domain::people::caller::{Credential, CredentialKind, Scope};
use mooring_domain::people::ports::{
    Admission, CallerRead as _, DirectoryWrite as _, FrontendTokenPut as _, KeyRead as _, KeyWrite as _,
    TenantList as _,
};
use mooring_domain::people::tenant::Tenant;
use mooring_domain::vault::keys::WrappedKey;
use mooring_domain::vault::ports::{AppSecretWrite as _, VaultRead as _};
use mooring_system::SystemEntropy;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{sealed, tenant_id};
use uuid::Uuid;

fn tenant(origins: &[&str]) -> Tenant {
    Tenant {
        id: tenant_id(),
        name: "Café & Söhne".to_owned(),
        active: true,
        return_urls: vec!["https://app.example/back".to_owned()],
        origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
        pseudonyms: Some(PseudonymKey::fresh(&SystemEntropy)),
    }
}

fn credential(of: &Tenant, kind: CredentialKind) -> Credential {
    Credential {
        id: CredentialId::from_uuid(Uuid::now_v7()),
        tenant: of.id.clone(),
        kind,
        digest: Digest([5; 32]),
        scopes: Scope::ALL.to_vec(),
        expires_at: None,
        minted_by: None,
    }
}

fn key(of: &Tenant) -> ApiKey {
    ApiKey {
        credential: credential(of, CredentialKind::ApiKey),
        label: "server".to_owned(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        successor: None,
    }
}

#[tokio::test]
async fn a_tenant_with_its_keys_is_read_as_it_was_put() {
    let world = World::start().await.unwrap();
    let tenant = tenant(&["https://app.example"]);
    world.store.put_tenant(&tenant, None).await.unwrap();
    assert_eq!(world.store.tenant(&tenant.id).await.unwrap(), Some(tenant.clone()));
    let key = key(&tenant);
    let id = &key.credential.id;
    assert_eq!(world.store.add_key(&key).await.unwrap(), Admission::Stored);
    assert_eq!(world.store.add_key(&key).await.unwrap(), Admission::There);
    assert_eq!(world.store.api_key(&tenant.id, id).await.unwrap(), Some(key.credential.clone()));
    assert_eq!(world.store.keys(&tenant.id).await.unwrap(), std::slice::from_ref(&key));
    assert_eq!(world.store.frontend_token(&tenant.id, id).await.unwrap(), None);
}

#[tokio::test]
async fn every_tenant_is_listed_and_nothing_else_of_the_directory() {
    let world = World::start().await.unwrap();
    assert_eq!(world.store.tenants().await.unwrap(), []);
    let mut tenants = vec![tenant(&["https://app.example"]), tenant(&[])];
    for tenant in &tenants {
        world.store.put_tenant(tenant, None).await.unwrap();
        assert_eq!(world.store.add_key(&key(tenant)).await.unwrap(), Admission::Stored);
    }
    tenants.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(world.store.tenants().await.unwrap(), tenants);
}

#[tokio::test]
async fn a_key_is_narrowed_rotated_with_an_overlap_and_revoked() {
    let world = World::start().await.unwrap();
    let (store, tenant) = (&world.store, tenant(&[]));
    let (old, new) = (key(&tenant), key(&tenant));
    assert_eq!(store.add_key(&old).await.unwrap(), Admission::Closed, "no such tenant");
    store.put_tenant(&tenant, None).await.unwrap();
    assert_eq!(store.add_key(&old).await.unwrap(), Admission::Stored);
    let (id, scopes) = (&old.credential.id, [Scope::ReportsRead]);
    assert!(store.narrow_key(&tenant.id, id, &Scope::ALL, &scopes).await.unwrap());
    assert!(!store.narrow_key(&tenant.id, id, &Scope::ALL, &scopes).await.unwrap(), "changed meanwhile");
    let until = jiff::Timestamp::from_second(world.now().as_second() + 60).unwrap();
    let narrowed = Credential { scopes: scopes.to_vec(), ..old.credential.clone() };
    let early = store.rotate_key(&old.credential, until, &new).await.unwrap();
    assert_eq!(
        early,
        Admission::Gone,
        "narrowed since it was read: its successor may not do what it may no longer"
    );
    assert_eq!(store.keys(&tenant.id).await.unwrap().len(), 1, "and nothing was added");
    assert_eq!(store.rotate_key(&narrowed, until, &new).await.unwrap(), Admission::Stored);
    assert_eq!(
        store.rotate_key(&narrowed, until, &key(&tenant)).await.unwrap(),
        Admission::Gone,
        "rotated once"
    );
    let mut ending = key(&tenant);
    ending.credential.expires_at = Some(until);
    assert_eq!(store.add_key(&ending).await.unwrap(), Admission::Stored);
    let later = until + jiff::SignedDuration::from_secs(1);
    let ends = &ending.credential;
    assert_eq!(
        store.rotate_key(ends, later, &key(&tenant)).await.unwrap(),
        Admission::Gone,
        "no longer life"
    );
    assert_eq!(store.rotate_key(ends, until, &key(&tenant)).await.unwrap(), Admission::Stored, "its own end");
    let found = store.api_key(&tenant.id, id).await.unwrap().unwrap();
    assert_eq!((found.scopes.as_slice(), found.expires_at), (scopes.as_slice(), Some(until)));
    // An expired key stays listed and counted until it is revoked.
    world.pass(std::time::Duration::from_secs(61));
    let listed = store.keys(&tenant.id).await.unwrap();
    assert_eq!(
        listed.iter().find(|key| key.credential.id == *id).unwrap().successor,
        Some(new.credential.id)
    );
    assert!(store.revoke_key(&tenant.id, id).await.unwrap());
    assert!(!store.revoke_key(&tenant.id, id).await.unwrap());
    assert_eq!(store.api_key(&tenant.id, id).await.unwrap(), None);
}

#[tokio::test]
async fn parallel_calls_make_no_more_keys_than_a_tenant_may_have() {
    let world = World::start().await.unwrap();
    let tenant = tenant(&[]);
    world.store.put_tenant(&tenant, None).await.unwrap();
    let call = |_| -> Work<'_, bool> {
        let (store, key) = (&world.store, key(&tenant));
        // A call that met too many others at once gets that error, and made nothing.
        Box::pin(async move { store.add_key(&key).await.is_ok_and(|answer| answer == Admission::Stored) })
    };
    let answers = together((0..MOST_KEYS + 5).map(call).collect(), 64).await;
    let stored = u32::try_from(answers.iter().filter(|stored| **stored).count()).unwrap();
    let listed = world.store.keys(&tenant.id).await.unwrap();
    assert!(stored <= MOST_KEYS && listed.len() == usize::try_from(stored).unwrap(), "{stored}");
    for _ in stored..MOST_KEYS {
        assert_eq!(world.store.add_key(&key(&tenant)).await.unwrap(), Admission::Stored);
    }
    assert_eq!(world.store.add_key(&key(&tenant)).await.unwrap(), Admission::Full);
    assert!(world.store.revoke_key(&tenant.id, &listed[0].credential.id).await.unwrap());
    assert_eq!(world.store.add_key(&key(&tenant)).await.unwrap(), Admission::Stored);
}

#[tokio::test]
async fn a_frontend_token_is_bound_to_its_end_user_and_ends() {
    let world = World::start().await.unwrap();
    let tenant = tenant(&[]);
    let kind = CredentialKind::FrontendToken("user-7".parse().unwrap());
    let end = jiff::Timestamp::from_second(world.now().as_second() + 60).unwrap();
    let minted_by = Some(CredentialId::from_uuid(Uuid::now_v7()));
    let token = Credential { expires_at: Some(end), minted_by, ..credential(&tenant, kind) };
    world.store.put_frontend_token(&token).await.unwrap();
    assert_eq!(world.store.frontend_token(&tenant.id, &token.id).await.unwrap(), Some(token.clone()));
    world.pass(std::time::Duration::from_secs(61));
    assert_eq!(world.store.frontend_token(&tenant.id, &token.id).await.unwrap(), None);
}

#[tokio::test]
async fn an_origin_is_known_while_any_tenant_has_it() {
    let world = World::start().await.unwrap();
    let origins = ["https://a.example", "https://b.example", "https://b.example"];
    let (mut one, two) = (tenant(&origins), tenant(&origins[1..2]));
    world.store.put_tenant(&one, None).await.unwrap();
    world.store.put_tenant(&two, None).await.unwrap();
    assert!(world.store.origin_known("https://a.example").await.unwrap());
    assert!(!world.store.origin_known("https://a.exampl").await.unwrap());
    let before = one.clone();
    one.origins.clear();
    world.store.put_tenant(&one, Some(&before)).await.unwrap();
    assert!(!world.store.origin_known("https://a.example").await.unwrap());
    assert!(world.store.origin_known("https://b.example").await.unwrap());
}

/// Of two changes of what both read, one is made; and no change undoes a cutoff that came in between.
#[tokio::test]
async fn a_change_of_a_tenant_overwrites_nothing_that_it_did_not_read() {
    let world = World::start().await.unwrap();
    let known = tenant(&["https://a.example"]);
    world.store.put_tenant(&known, None).await.unwrap();
    let again = world.store.put_tenant(&known, None).await.unwrap_err();
    let one = Tenant { return_urls: vec!["https://a.example/back".to_owned()], ..known.clone() };
    let other = Tenant { name: "Other".to_owned(), ..known.clone() };
    world.store.put_tenant(&one, Some(&known)).await.unwrap();
    let late = world.store.put_tenant(&other, Some(&known)).await.unwrap_err();
    let closed = Tenant { active: false, ..one.clone() };
    world.store.put_tenant(&closed, Some(&one)).await.unwrap();
    let undone =
        world.store.put_tenant(&Tenant { name: "Other".to_owned(), ..one.clone() }, Some(&one)).await;
    for error in [again, late, undone.unwrap_err()] {
        assert_eq!(error.code, "changed_meanwhile");
    }
    assert_eq!(world.store.tenant(&known.id).await.unwrap(), Some(closed));
}

#[tokio::test]
async fn a_mailbox_finds_its_connections_in_all_tenants_and_no_others() {
    let world = World::start().await.unwrap();
    let case = world.active(0).await.unwrap();
    let other = world.active(0).await.unwrap();
    let found = world.store.by_mail(case.connection.mail.as_ref().unwrap()).await.unwrap();
    assert_eq!(found, [(case.tenant().clone(), case.id().clone())]);
    assert_ne!(found, world.store.by_mail(other.connection.mail.as_ref().unwrap()).await.unwrap());
}

#[tokio::test]
async fn an_app_keeps_its_first_key_and_its_newest_secret() {
    let world = World::start().await.unwrap();
    let wrapped = |byte| WrappedKey { id: DataKeyId([byte; 16]), blob: vec![byte; 99] };
    assert_eq!(world.store.put_app_key("tiktok_ads", &wrapped(1)).await.unwrap(), wrapped(1));
    assert_eq!(world.store.put_app_key("tiktok_ads", &wrapped(2)).await.unwrap(), wrapped(1));
    world.store.put_app_secret("tiktok_ads", "credentials", &sealed(1, 50)).await.unwrap();
    world.store.put_app_secret("tiktok_ads", "credentials", &sealed(2, 50)).await.unwrap();
    assert_eq!(world.store.app_secret("tiktok_ads", "credentials").await.unwrap(), Some(sealed(2, 50)));
    assert_eq!(world.store.app_secret("mooring", "credentials").await.unwrap(), None);
}

#[tokio::test]
async fn the_data_has_a_version_which_the_first_release_keeps_and_another_may_not_write_over() {
    let world = World::start().await.unwrap();
    assert_eq!(world.store.data_version().await.unwrap(), None);
    for _ in 0..2 {
        world.store.begin_data().await.unwrap();
        assert_eq!(world.store.data_version().await.unwrap(), Some(DataVersion::current()));
    }
    let name = world.tables.name(Table::Directory).unwrap();
    let later = AttributeValue::N((DATA_VERSION + 1).to_string());
    let set = world.client.update_item().table_name(name).update_expression("SET #n = :n");
    let set = set.expression_attribute_names("#n", "number").expression_attribute_values(":n", later);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    set.key("pk", text("data")).key("sk", text("version")).send().await.unwrap();
    let refused = world.store.begin_data().await.unwrap_err();
    assert_eq!(refused.code, "other_data_version");
    let found = format!("version {} ", DATA_VERSION + 1);
    assert!(refused.message.contains(&found), "{}", refused.message);
    assert_eq!(world.store.data_version().await.unwrap().map(|found| found.number), Some(DATA_VERSION + 1));
}
