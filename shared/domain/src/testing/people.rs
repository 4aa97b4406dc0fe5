//! Fakes of tenants and their API keys.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{World, tenant};
use crate::base::error::Result;
use crate::base::ids::{CredentialId, EventId, TenantId};
use crate::people::api_key::ApiKey;
use crate::people::caller::{Credential, Scope};
use crate::people::log_entry::{
    CallEntry, CallOutcome, LogContent, LogEntry, LogPosition, LogSpan, SyncEntry,
};
use crate::people::ports::{Admission, CallerRead, KeyRead, KeyWrite, LogRead};
use crate::people::tenant::Tenant;

pub(crate) struct PeopleRows {
    tenants: Mutex<BTreeMap<TenantId, Tenant>>,
    keys: Mutex<Vec<ApiKey>>,
    /// The frontend tokens.
    pub(crate) tokens: Mutex<Vec<Credential>>,
    /// The log, oldest first.
    log: Mutex<Vec<LogEntry>>,
    /// The outcome of each attempt to store a key.
    pub(crate) admits: Mutex<Admission>,
}

impl PeopleRows {
    /// Makes one tenant, with room for keys.
    pub(super) fn new() -> Self {
        let admits = Mutex::new(Admission::Stored);
        let rows = Self {
            tenants: Mutex::default(),
            keys: Mutex::default(),
            tokens: Mutex::default(),
            log: Mutex::default(),
            admits,
        };
        rows.add_tenant(tenant());
        rows
    }

    pub(crate) fn add_tenant(&self, id: TenantId) {
        let tenant = Tenant {
            id: id.clone(),
            name: "Shop".to_owned(),
            active: true,
            return_urls: Vec::new(),
            origins: Vec::new(),
            pseudonyms: None,
        };
        self.tenants.lock().unwrap().insert(id, tenant);
    }
}

impl World {
    fn log(&self, number: u32, content: LogContent) {
        let at = self.now() - SignedDuration::from_secs(30_000) + SignedDuration::from_secs(number.into());
        let mut log = self.people.log.lock().unwrap();
        let id = EventId::from_uuid(Uuid::from_u128(u128::try_from(log.len()).unwrap()));
        let position = LogPosition::read(&format!("{at:.3}#{id}")).unwrap();
        log.push(LogEntry { position, at, content });
    }

    /// Adds a call with an API key to the log, some seconds after the first.
    pub(crate) fn log_call(&self, second: u32, operation: &str, subjects: &[&str]) {
        let call = CallEntry {
            credential: CredentialId::from_uuid(Uuid::from_u128(9)),
            is_browser: false,
            person: None,
            operation: operation.to_owned(),
            subjects: subjects.iter().map(|subject| (*subject).to_owned()).collect(),
            outcome: CallOutcome::Succeeded,
            request_id: format!("r-{second}"),
        };
        self.log(second, LogContent::Call(call));
    }

    /// Adds an event of a sync to the log.
    pub(crate) fn log_sync(&self, second: u32, entry: SyncEntry) {
        self.log(second, LogContent::Sync(entry));
    }
}

#[async_trait]
impl LogRead for World {
    async fn entries(
        &self,
        _: &TenantId,
        span: LogSpan,
        before: Option<&LogPosition>,
        limit: u32,
    ) -> Result<Vec<LogEntry>> {
        let log = self.people.log.lock().unwrap();
        let inside = |entry: &&LogEntry| {
            (span.from..span.to).contains(&entry.at) && before.is_none_or(|before| entry.position < *before)
        };
        let limit = usize::try_from(limit).unwrap();
        Ok(log.iter().rev().filter(inside).take(limit).cloned().collect())
    }
}

#[async_trait]
impl CallerRead for World {
    async fn api_key(&self, _: &TenantId, _: &CredentialId) -> Result<Option<Credential>> {
        panic!("no operation looks for its caller")
    }

    async fn frontend_token(&self, _: &TenantId, id: &CredentialId) -> Result<Option<Credential>> {
        Ok(self.people.tokens.lock().unwrap().iter().find(|token| token.id == *id).cloned())
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>> {
        Ok(self.people.tenants.lock().unwrap().get(id).cloned())
    }

    async fn origin_known(&self, _: &str) -> Result<bool> {
        panic!("no operation looks for its caller")
    }
}

#[async_trait]
impl KeyRead for World {
    async fn key(&self, _: &TenantId, id: &CredentialId) -> Result<Option<ApiKey>> {
        Ok(self.people.keys.lock().unwrap().iter().find(|key| key.credential.id == *id).cloned())
    }

    async fn keys(&self, _: &TenantId) -> Result<Vec<ApiKey>> {
        Ok(self.people.keys.lock().unwrap().clone())
    }
}

#[async_trait]
impl KeyWrite for World {
    async fn add_key(&self, key: &ApiKey) -> Result<Admission> {
        self.people.keys.lock().unwrap().push(key.clone());
        Ok(*self.people.admits.lock().unwrap())
    }

    async fn rotate_key(&self, old: &Credential, until: Timestamp, new: &ApiKey) -> Result<Admission> {
        let mut keys = self.people.keys.lock().unwrap();
        for key in keys.iter_mut().filter(|key| key.credential.id == old.id) {
            key.credential.expires_at = Some(until);
            key.successor = Some(new.credential.id.clone());
        }
        keys.push(new.clone());
        Ok(*self.people.admits.lock().unwrap())
    }

    async fn narrow_key(
        &self,
        _: &TenantId,
        id: &CredentialId,
        before: &[Scope],
        after: &[Scope],
    ) -> Result<bool> {
        let mut keys = self.people.keys.lock().unwrap();
        let found = keys.iter_mut().find(|key| key.credential.id == *id && key.credential.scopes == before);
        Ok(found.map(|key| key.credential.scopes = after.to_vec()).is_some())
    }

    async fn revoke_key(&self, _: &TenantId, id: &CredentialId) -> Result<bool> {
        let mut keys = self.people.keys.lock().unwrap();
        let before = keys.len();
        keys.retain(|key| key.credential.id != *id);
        Ok(keys.len() < before)
    }
}
