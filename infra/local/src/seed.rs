//! Seeds a deployment before its first call: tables, queues, the app's sealed credentials, one tenant with a key.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;
use mooring_aws_local::{DataError, Trouble};
use mooring_domain::base::host::{Clock, Entropy};
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::random;
use mooring_domain::people::access_log::PseudonymKey;
use mooring_domain::people::caller::Scope;
use mooring_domain::people::caller::text::Mode;
use mooring_domain::people::ops::manage_keys::{Input, Ports, add};
use mooring_domain::people::ops::register_tenant::{self, Change, NO_CHANGE};
use mooring_domain::people::ports::DirectoryWrite as _;
use mooring_domain::people::tenant::Tenant;
use mooring_domain::platform::credentials::{CREDENTIALS, INDEX_APP, encode_credentials, secret_slot};
use mooring_domain::vault::keys::KeyContext;
use mooring_domain::vault::ports::{AppSecretWrite as _, KeyGenerate as _, KeyOpen as _, VaultRead as _};
use mooring_store::Store;
use mooring_vault::Vault;
use serde_json::{Value, json};

use crate::adapters::Adapters;
use crate::data::{SEED, object};

/// The platform whose app the sandbox plays.
const TIKTOK_ADS: &str = "tiktok_ads";
/// The platform app that the sandbox knows.
pub(crate) const APP_ID: &str = "7000000000000000001";
/// The secret of [`APP_ID`]: only the sandbox takes it.
pub(crate) const APP_SECRET: &str = "sandbox-secret-4f1c8a2e9b7d";

/// The name of the tenant that the first start registers.
pub(crate) const FIRST_TENANT: &str = "Harbour Coffee";

/// A tenant and the text of its API key, which only its owner ever sees.
#[derive(Debug, Clone)]
pub struct Seeded {
    /// The tenant.
    pub tenant: TenantId,
    /// The tenant's name.
    pub name: String,
    /// The whole key.
    pub api_key: String,
}

/// Stores the sandbox app's credentials and the key of fingerprints, once. Keys of an earlier start have to open: else
/// the file with the keys is that of other data.
pub(crate) async fn app_secrets(adapters: &Adapters, dir: Option<&Path>) -> Result<()> {
    for app in [TIKTOK_ADS, INDEX_APP] {
        let context = KeyContext::app(app);
        let Some(wrapped) = adapters.store.key(&context).await? else {
            seal_app(&adapters.store, &adapters.vault, app, APP_ID, APP_SECRET).await?;
            continue;
        };
        let opened = adapters.vault.open(&context, &wrapped).await;
        if let (Err(error), Some(dir)) = (opened, dir)
            && !error.is_retryable()
        {
            let cause = format!(
                "the file does not hold the key that the tables beside it are sealed under ({error})"
            );
            return Err(DataError::new(dir.join("kms.json"), Trouble::KeysMissing, cause).into());
        }
    }
    Ok(())
}

/// Seals an app's credentials under its own data key. The app [`INDEX_APP`] only needs the key.
pub async fn seal_app(store: &Store, vault: &Vault, app: &'static str, id: &str, secret: &str) -> Result<()> {
    let context = KeyContext::app(app);
    let wrapped = match store.key(&context).await? {
        Some(wrapped) => wrapped,
        None => store.put_app_key(app, &vault.generate(&context).await?.1).await?,
    };
    if app != INDEX_APP {
        let key = vault.open(&context, &wrapped).await?;
        let sealed = key.seal(&secret_slot(CREDENTIALS), &encode_credentials(id, secret))?;
        store.put_app_secret(app, CREDENTIALS, &sealed).await?;
    }
    Ok(())
}

/// Registers a tenant with one API key of all scopes, at an instant and with ids from a source of randomness. Refuses data
/// of another version before it writes anything.
pub async fn register_tenant(
    store: &Store,
    mode: Mode,
    (entropy, now): (Arc<dyn Entropy>, Timestamp),
    name: &str,
    origins: &[String],
    return_urls: &[String],
) -> Result<Seeded> {
    register_tenant::check(name, origins, return_urls)?;
    let tenant = TenantId::from_uuid(random::uuid(entropy.as_ref(), now));
    let row = Tenant {
        id: tenant.clone(),
        name: name.to_owned(),
        active: true,
        return_urls: return_urls.to_vec(),
        origins: origins.to_vec(),
        pseudonyms: Some(PseudonymKey::fresh(entropy.as_ref())),
    };
    store.begin_data().await?;
    store.put_tenant(&row, None).await?;
    let ports = Ports { rows: Arc::new(store.clone()), clock: Arc::new(At(now)), entropy, mode };
    let input = Input { label: FIRST.to_owned(), scopes: Scope::ALL.to_vec(), expires_at: None };
    let api_key = add(&ports, &tenant, input).await?.text.text().to_owned();
    Ok(Seeded { tenant, name: name.to_owned(), api_key })
}

/// The name of a tenant's first key.
const FIRST: &str = "first key";

/// The instant of a registration.
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The addresses of products on this machine: those of the demo, and what the command line adds.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// The browser origins.
    pub(crate) origins: Vec<String>,
    /// The return URLs.
    pub(crate) return_urls: Vec<String>,
}

impl Addresses {
    /// Takes the demo's own first: its product returns to `/connected`, the quickstart to `/returned`.
    pub(crate) fn of(demo: &str, origins: &[String], return_urls: &[String]) -> Self {
        let own = [format!("{demo}/connected"), format!("{demo}/returned")];
        Self {
            origins: [&[demo.to_owned()], origins].concat(),
            return_urls: [own.as_slice(), return_urls].concat(),
        }
    }
}

/// Reads the tenants that earlier starts seeded in this directory, the first one first; none before the first start.
pub(crate) fn read(dir: &Path) -> Result<Vec<Seeded>, DataError> {
    let file = dir.join(SEED);
    let Some(value) = object(&file)? else { return Ok(Vec::new()) };
    let others = value.get("others").and_then(Value::as_array).into_iter().flatten();
    let seeded = std::iter::once(&value).chain(others).map(parse).collect::<Option<_>>();
    seeded.ok_or_else(|| DataError::new(file, Trouble::Broken, "it names no tenant and API key"))
}

fn parse(value: &Value) -> Option<Seeded> {
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    let name = field("name").unwrap_or(FIRST_TENANT).to_owned();
    Some(Seeded { tenant: field("tenant")?.parse().ok()?, name, api_key: field("api_key")?.to_owned() })
}

/// Writes the seeded tenants, the first one first, to a file that only this user may read.
pub(crate) fn write(dir: &Path, seeded: &[Seeded]) -> Result<(), DataError> {
    let named =
        |one: &Seeded| json!({ "tenant": one.tenant.as_str(), "name": one.name, "api_key": one.api_key });
    let others: Vec<_> = seeded.iter().skip(1).map(named).collect();
    let mut value = seeded.first().map(named).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("others".to_owned(), others.into());
    }
    mooring_aws_local::write(&dir.join(SEED), value.to_string().as_bytes())
}

/// Adds the addresses of this start to a tenant of an earlier one: the port may be another. Returns whether there is still
/// such a tenant.
pub(crate) async fn allow(adapters: &Adapters, seeded: &Seeded, addresses: &Addresses) -> Result<bool> {
    use mooring_domain::people::ports::CallerRead as _;
    let Some(tenant) = adapters.store.tenant(&seeded.tenant).await?.filter(|tenant| tenant.active) else {
        return Ok(false);
    };
    let change = Change {
        add_origins: addresses.origins.clone(),
        add_return_urls: addresses.return_urls.clone(),
        ..Change::default()
    };
    match change.of(&tenant) {
        Ok(changed) => adapters.store.put_tenant(&changed, Some(&tenant)).await?,
        Err(error) if error.code == NO_CHANGE => {}
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}
