//! Tenants and credentials as items.

use mooring_domain::Result;
use mooring_domain::access::PseudonymKey;
use mooring_domain::caller::{Credential, CredentialKind, Scope, Tenant};
use mooring_domain::ids::{CredentialId, TenantId};
use mooring_domain::secret::Digest;

use super::{Draft, EXPIRES_AT, Fields, Item, bytes, flag, seconds, text, texts};

/// The attribute that says whether a tenant may act.
pub(crate) const ACTIVE: &str = "active";

/// Writes a tenant.
pub(crate) fn write_tenant(tenant: &Tenant) -> Draft {
    Draft::default()
        .text("name", tenant.name.as_str())
        .with(ACTIVE, flag(tenant.active))
        .with("return_urls", texts(tenant.return_urls.iter()))
        .with("origins", texts(tenant.origins.iter()))
        .maybe("pseudonym_key", tenant.pseudonyms.as_ref().map(|key| bytes(key.bytes())))
}

/// Reads a tenant.
pub(crate) fn read_tenant(id: &TenantId, item: &Item) -> Result<Tenant> {
    let fields = Fields::of("tenant", item);
    Ok(Tenant {
        id: id.clone(),
        name: fields.text("name")?.to_owned(),
        active: fields.flag(ACTIVE)?,
        return_urls: fields.texts("return_urls")?,
        origins: fields.texts("origins")?,
        pseudonyms: pseudonyms(&fields)?,
    })
}

/// Reads the key of pseudonyms; tenants that were registered before there was an access log have none.
fn pseudonyms(fields: &Fields<'_>) -> Result<Option<PseudonymKey>> {
    const NAME: &str = "pseudonym_key";
    let key = fields.maybe_bytes(NAME)?;
    key.map(|key| PseudonymKey::from_bytes(key).ok_or_else(|| fields.broken(NAME))).transpose()
}

/// Writes a credential; the end user's presence tells the kind.
pub(crate) fn write_credential(credential: &Credential) -> Draft {
    let end_user = match &credential.kind {
        CredentialKind::ApiKey => None,
        CredentialKind::FrontendToken(user) => Some(text(user.as_str())),
    };
    Draft::default()
        .text("digest", credential.digest.to_hex())
        .with("scopes", texts(credential.scopes.iter().map(|scope| scope.as_str())))
        .maybe("end_user", end_user)
        .maybe(EXPIRES_AT, credential.expires_at.map(seconds))
}

/// Reads a credential.
pub(crate) fn read_credential(tenant: &TenantId, id: &CredentialId, item: &Item) -> Result<Credential> {
    let fields = Fields::of("credential", item);
    let end_user = fields.maybe_parsed("end_user")?;
    Ok(Credential {
        id: id.clone(),
        tenant: tenant.clone(),
        kind: end_user.map_or(CredentialKind::ApiKey, CredentialKind::FrontendToken),
        digest: fields.word("digest", Digest::from_hex)?,
        scopes: fields.words("scopes", Scope::parse)?,
        expires_at: fields.maybe_seconds(EXPIRES_AT)?,
    })
}
