//! Writes and reads tenants, credentials, API keys and entries of the access log as items.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::host::Entropy as _;
use mooring_domain::base::ids::{CredentialId, EventId, TenantId};
use mooring_domain::base::secret::Digest;
use mooring_domain::people::access_log::{Access, Pseudonym, PseudonymKey};
use mooring_domain::people::api_key::ApiKey;
use mooring_domain::people::caller::{Credential, CredentialKind, Scope};
use mooring_domain::people::log_entry::{
    CallEntry, CallOutcome, LogContent, LogEntry, LogPosition, SyncEntry,
};
use mooring_domain::people::tenant::Tenant;
use mooring_system::SystemEntropy;
use uuid::Builder;

use crate::client::item::{Draft, EXPIRES_AT, Fields, Item, SK, bytes, flag, seconds, text, texts, time};
use crate::people::keys;

/// Makes the id of an event at an instant: the rest of the id is a digest of the fact that the event records.
pub(crate) fn event_id(at: Timestamp, what: &str) -> EventId {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    let digest = SystemEntropy.digest(what.as_bytes()).0;
    let random = digest.first_chunk().copied().unwrap_or_default();
    EventId::from_uuid(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// Writes an entry of the access log. The request's id makes the event's id unique.
pub(crate) fn access(entry: &Access) -> (EventId, Draft) {
    let draft = Draft::default()
        .text("what", "access")
        .text("credential", entry.credential.as_str())
        .maybe(BROWSER, entry.is_browser.then(|| flag(true)))
        .maybe("person", entry.person.as_ref().map(|person| text(person.as_str())))
        .text("action", entry.action)
        .with("targets", texts(entry.targets.iter()))
        .text("outcome", entry.outcome)
        .text("request", entry.request_id.as_str())
        .with("at", time(entry.at));
    (event_id(entry.at, &format!("access {} {}", entry.credential, entry.request_id)), draft)
}

/// The attribute that is true when a frontend token called. Entries that were written before it existed have a person.
const BROWSER: &str = "browser";

/// Reads an entry of a tenant's log.
pub(crate) fn read_entry(item: &Item) -> Result<LogEntry> {
    let fields = Fields::of("log entry", item);
    let what = fields.text("what")?;
    let content = if what == "access" {
        LogContent::Call(read_call(fields)?)
    } else {
        LogContent::Sync(fields.word("what", SyncEntry::parse)?)
    };
    Ok(LogEntry { position: fields.word(SK, LogPosition::read)?, at: fields.parsed("at")?, content })
}

fn read_call(fields: Fields<'_>) -> Result<CallEntry> {
    let person = fields.maybe_word("person", Pseudonym::parse)?;
    Ok(CallEntry {
        credential: fields.parsed("credential")?,
        is_browser: fields.flag(BROWSER)? || person.is_some(),
        person,
        operation: fields.text("action")?.to_owned(),
        subjects: fields.texts("targets")?,
        outcome: fields.word("outcome", CallOutcome::parse)?,
        request_id: fields.text("request")?.to_owned(),
    })
}

/// The attribute that is true when a tenant may act.
pub(crate) const ACTIVE: &str = "active";

/// The attribute of the browser origins of a tenant.
pub(crate) const ORIGINS: &str = "origins";
/// The name of a tenant.
pub(crate) const NAME: &str = "name";
/// The return URLs of a tenant.
pub(crate) const RETURN_URLS: &str = "return_urls";

/// Writes a tenant.
pub(crate) fn write_tenant(tenant: &Tenant) -> Draft {
    Draft::default()
        .text(NAME, tenant.name.as_str())
        .with(ACTIVE, flag(tenant.active))
        .with(RETURN_URLS, texts(tenant.return_urls.iter()))
        .with(ORIGINS, texts(tenant.origins.iter()))
        .maybe("pseudonym_key", tenant.pseudonyms.as_ref().map(|key| bytes(key.bytes())))
}

/// Reads a tenant.
pub(crate) fn read_tenant(id: &TenantId, item: &Item) -> Result<Tenant> {
    let fields = Fields::of("tenant", item);
    Ok(Tenant {
        id: id.clone(),
        name: fields.text(NAME)?.to_owned(),
        active: fields.flag(ACTIVE)?,
        return_urls: fields.texts(RETURN_URLS)?,
        origins: fields.texts(ORIGINS)?,
        pseudonyms: pseudonyms(&fields)?,
    })
}

/// Reads the key of pseudonyms. Tenants that were registered before the access log existed have none.
fn pseudonyms(fields: &Fields<'_>) -> Result<Option<PseudonymKey>> {
    const NAME: &str = "pseudonym_key";
    let key = fields.maybe_bytes(NAME)?;
    key.map(|key| PseudonymKey::from_bytes(key).ok_or_else(|| fields.broken(NAME))).transpose()
}

/// The attribute of the instant at which an API key ends. TTL does not read it: the row stays and is counted
/// until the key is revoked.
pub(crate) const UNTIL: &str = "until";

/// The attribute of the scopes of a credential.
pub(crate) const SCOPES: &str = "scopes";

/// The attribute of the key that replaces a rotated one.
pub(crate) const SUCCESSOR: &str = "successor";

/// Writes scopes.
pub(crate) fn scopes(scopes: &[Scope]) -> AttributeValue {
    texts(scopes.iter().map(|scope| scope.as_str()))
}

/// Writes a credential. An item with an end user is a frontend token, one without is an API key.
pub(crate) fn write_credential(credential: &Credential) -> Draft {
    let (end_user, end) = match &credential.kind {
        CredentialKind::ApiKey => (None, UNTIL),
        CredentialKind::FrontendToken(user) => (Some(text(user.as_str())), EXPIRES_AT),
    };
    Draft::default()
        .text("digest", credential.digest.to_hex())
        .with(SCOPES, scopes(&credential.scopes))
        .maybe("end_user", end_user)
        .maybe("minted_by", credential.minted_by.as_ref().map(|key| text(key.as_str())))
        .maybe(end, credential.expires_at.map(seconds))
}

/// Reads a credential.
pub(crate) fn read_credential(tenant: &TenantId, id: &CredentialId, item: &Item) -> Result<Credential> {
    let fields = Fields::of("credential", item);
    let end_user = fields.maybe_parsed("end_user")?;
    let end = if end_user.is_some() { EXPIRES_AT } else { UNTIL };
    Ok(Credential {
        id: id.clone(),
        tenant: tenant.clone(),
        kind: end_user.map_or(CredentialKind::ApiKey, CredentialKind::FrontendToken),
        digest: fields.word("digest", Digest::from_hex)?,
        scopes: fields.words(SCOPES, Scope::parse)?,
        expires_at: fields.maybe_seconds(end)?,
        minted_by: fields.maybe_parsed("minted_by")?,
    })
}

/// Writes an API key.
pub(crate) fn write_key(key: &ApiKey) -> Draft {
    write_credential(&key.credential)
        .text("label", key.label.as_str())
        .with("created_at", time(key.created_at))
        .maybe(SUCCESSOR, key.successor.as_ref().map(|key| text(key.as_str())))
}

/// Reads an API key.
pub(crate) fn read_key(tenant: &TenantId, item: &Item) -> Result<ApiKey> {
    let fields = Fields::of("API key", item);
    let id = fields.word(SK, keys::parse_api_key)?;
    Ok(ApiKey {
        credential: read_credential(tenant, &id, item)?,
        label: fields.text("label")?.to_owned(),
        created_at: fields.parsed("created_at")?,
        successor: fields.maybe_parsed(SUCCESSOR)?,
    })
}
