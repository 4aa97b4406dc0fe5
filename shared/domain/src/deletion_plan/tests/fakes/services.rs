//! The world's services: queue, mail, links, keys and one platform.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{World, crashed};
use crate::connect::way::WayBack;
use crate::connect::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession, DeletionLink};
use crate::connection::{Tier, TokenRow, token_slot};
use crate::connector::{
    Accounts, AppCredentials, AuthorizeRequest, CallContext, CodeExchange, Connector, Connectors, Grant,
    Identity, Manifest, OAuth, Reports, RevokeOutcome, StructureRead,
};
use crate::deletion::Table;
use crate::error::Result;
use crate::ids::{ConnectionId, DataKeyId, DeletionId, MailId, TenantId};
use crate::keys::{KeyContext, Owner, SealedBox, Use, WrappedKey};
use crate::mail::{MailRequest, Pace};
use crate::ports::{
    DataKey, DeletionQueue, KeyOpen, LinkEnd, MailIndexRead, MailPaces, MailQueue, MailRequestPut,
    MailRequestTake, Mailer, TransientPut, TransientRead, TransientTake, VaultRead,
};
use crate::secret::{Digest, Fingerprint, Plain};

#[async_trait]
impl DeletionQueue for World {
    async fn send_deletions(&self, deletions: &[(TenantId, DeletionId)]) -> Result<()> {
        let mut memory = self.memory();
        if memory.queue_is_away {
            return Err(crashed());
        }
        memory.sent.extend(deletions.iter().map(|(_, id)| id.clone()));
        Ok(())
    }
}

#[async_trait]
impl Mailer for World {
    async fn send(&self, to: &SecretString, subject: &str, text: &str) -> Result<()> {
        let mut memory = self.memory();
        if memory.mail_is_away {
            return Err(crashed());
        }
        memory.mails.push((to.expose_secret().to_owned(), format!("{subject}\n{text}")));
        Ok(())
    }
}

#[async_trait]
impl MailRequestPut for World {
    async fn put_mail_request(&self, request: &MailRequest) -> Result<()> {
        self.memory().requests.insert(request.id.clone(), request.clone());
        Ok(())
    }

    async fn count_source(&self, source: &Fingerprint, window: i64, _: Timestamp) -> Result<u64> {
        let mut memory = self.memory();
        let count = memory.sources.entry((source.0.clone(), window)).or_default();
        *count += 1;
        Ok(*count)
    }
}

#[async_trait]
impl MailRequestTake for World {
    async fn mail_request(&self, id: &MailId, now: Timestamp) -> Result<Option<MailRequest>> {
        Ok(self.memory().requests.get(id).filter(|request| request.expires_at > now).cloned())
    }

    async fn forget_mail_request(&self, id: &MailId) -> Result<()> {
        self.memory().requests.remove(id);
        Ok(())
    }
}

#[async_trait]
impl MailPaces for World {
    async fn pace(&self, mail: &Fingerprint) -> Result<Option<Pace>> {
        Ok(self.memory().paces.get(&mail.0).cloned())
    }

    async fn put_pace(&self, mail: &Fingerprint, pace: &Pace, _: Timestamp) -> Result<bool> {
        self.memory().paces.insert(mail.0.clone(), pace.clone());
        Ok(true)
    }
}

#[async_trait]
impl MailQueue for World {
    async fn send_mail_request(&self, id: &MailId, delay_seconds: u32) -> Result<()> {
        let mut memory = self.memory();
        let due = memory.now + SignedDuration::from_secs(i64::from(delay_seconds.min(900)));
        memory.asked.push((due, id.clone()));
        Ok(())
    }
}

#[async_trait]
impl LinkEnd for World {
    async fn links_ended(&self, mail: &Fingerprint) -> Result<Option<Timestamp>> {
        Ok(self.memory().ended.get(&mail.0).copied())
    }

    async fn end_links(&self, mail: &Fingerprint, now: Timestamp) -> Result<()> {
        self.memory().ended.insert(mail.0.clone(), now);
        Ok(())
    }
}

#[async_trait]
impl MailIndexRead for World {
    async fn by_mail(&self, mail: &Fingerprint) -> Result<Vec<(TenantId, ConnectionId)>> {
        let memory = self.memory();
        let of = |name: &str| {
            let address = crate::address::MailAddress::parse(&format!("{name}@example.com")).unwrap();
            crate::app::mail_fingerprint(&Key, &address)
        };
        let found = memory.index.iter().filter(|(name, _, _)| of(&name.0) == *mail);
        Ok(found.map(|(_, tenant, id)| (tenant.clone(), id.clone())).collect())
    }
}

#[async_trait]
impl TransientPut for World {
    async fn put_session(&self, _: &Digest, _: &ConnectSession) -> Result<()> {
        panic!("not a deletion's")
    }

    async fn put_way(&self, _: &Digest, _: &WayBack) -> Result<()> {
        panic!("not a deletion's")
    }

    async fn put_ticket(&self, _: &Digest, _: &ConfirmTicket) -> Result<()> {
        panic!("not a deletion's")
    }

    async fn put_frontend_token(&self, _: &crate::caller::Credential) -> Result<()> {
        panic!("not a deletion's")
    }

    async fn put_link(&self, key: &Digest, link: &DeletionLink) -> Result<()> {
        self.memory().links.push((*key, link.clone()));
        Ok(())
    }
}

#[async_trait]
impl TransientRead for World {
    async fn session(&self, _: &Digest, _: Timestamp) -> Result<Option<ConnectSession>> {
        panic!("not a deletion's")
    }

    async fn transaction(&self, _: &Digest, _: Timestamp) -> Result<Option<AuthTransaction>> {
        panic!("not a deletion's")
    }

    async fn way(&self, _: &Digest, _: Timestamp) -> Result<Option<WayBack>> {
        panic!("not a deletion's")
    }

    async fn ticket(&self, _: &Digest, _: Timestamp) -> Result<Option<ConfirmTicket>> {
        panic!("not a deletion's")
    }

    async fn link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        let memory = self.memory();
        let found = memory.links.iter().find(|(known, link)| known == key && link.expires_at > now);
        Ok(found.map(|(_, link)| link.clone()))
    }
}

#[async_trait]
impl TransientTake for World {
    async fn depart(&self, _: &Digest, _: (&Digest, &AuthTransaction)) -> Result<bool> {
        panic!("not a deletion's")
    }

    async fn take_transaction(&self, _: &Digest, _: Timestamp) -> Result<Option<AuthTransaction>> {
        panic!("not a deletion's")
    }

    async fn decide(&self, _: &Digest, _: &Digest, _: bool) -> Result<bool> {
        panic!("not a deletion's")
    }

    async fn take_code(&self, _: &Digest, _: Timestamp) -> Result<Option<ActivationCode>> {
        panic!("not a deletion's")
    }

    async fn take_link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        let link = self.link(key, now).await?;
        self.memory().links.retain(|(known, _)| known != key);
        Ok(link)
    }
}

#[async_trait]
impl VaultRead for World {
    async fn key(&self, context: &KeyContext) -> Result<Option<WrappedKey>> {
        assert_ne!(context.purpose, Use::Data, "no deletion opens a data key");
        let is_there = match &context.owner {
            Owner::App(_) | Owner::Endpoint(..) => true,
            Owner::Connection(..) => self.left(Table::Vault).iter().any(|key| key == "key#token#-"),
        };
        Ok(is_there.then(|| WrappedKey { id: DataKeyId([1; 16]), blob: Vec::new() }))
    }

    async fn token(&self, _: &TenantId, _: &ConnectionId, name: &'static str) -> Result<Option<TokenRow>> {
        let sealed = SealedBox(b"the-token".to_vec());
        let is_there = self.left(Table::Vault).contains(&token_slot(name, 1));
        Ok(is_there.then_some(TokenRow { name, version: 1, key: DataKeyId([1; 16]), sealed }))
    }

    async fn app_secret(&self, _: &'static str, _: &str) -> Result<Option<SealedBox>> {
        Ok(Some(SealedBox(crate::app::encode_credentials("app", "the-secret"))))
    }
}

#[async_trait]
impl KeyOpen for World {
    async fn open(&self, _: &KeyContext, _: &WrappedKey) -> Result<Box<dyn DataKey>> {
        Ok(Box::new(Key))
    }
}

/// A key that seals nothing.
struct Key;

impl DataKey for Key {
    fn seal(&self, _: &str, plain: &[u8]) -> Result<SealedBox> {
        Ok(SealedBox(plain.to_vec()))
    }

    fn open(&self, _: &str, sealed: &SealedBox) -> Result<Plain> {
        Ok(Plain::new(sealed.0.clone()))
    }

    fn fingerprint(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        let mut out = [0_u8; 16];
        for (at, byte) in label.bytes().chain(bytes.iter().copied()).enumerate() {
            out[at % 16] = out[at % 16].wrapping_mul(31).wrapping_add(byte);
        }
        out
    }

    fn id(&self) -> DataKeyId {
        DataKeyId([1; 16])
    }
}

impl Connectors for World {
    fn find(&self, platform: &str) -> Option<&dyn Connector> {
        (platform == "tiktok_ads").then_some(self)
    }
}

const MANIFEST: Manifest = Manifest {
    platform: "tiktok_ads",
    title: "TikTok Ads",
    version: "v1.3",
    api_origin: "https://platform.invalid",
    authorize_origin: "https://platform.invalid",
    tier: Tier::B,
    settings_url: "https://platform.invalid/settings",
    restatement_days: 28,
    window_days: 30,
    page_size: 1_000,
    calls: &[],
};

impl Connector for World {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn oauth(&self) -> &dyn OAuth {
        self
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        None
    }

    fn structure(&self) -> Option<&dyn StructureRead> {
        None
    }

    fn reports(&self) -> Option<&dyn Reports> {
        None
    }
}

#[async_trait]
impl OAuth for World {
    fn authorize_url(&self, _: &AppCredentials, _: &AuthorizeRequest<'_>) -> Result<Url> {
        panic!("not a deletion's")
    }

    async fn exchange(&self, _: &AppCredentials, _: &CodeExchange<'_>) -> Result<Grant> {
        panic!("not a deletion's")
    }

    async fn revoke(&self, cx: &CallContext<'_>) -> Result<RevokeOutcome> {
        assert_eq!((cx.token.expose_secret(), cx.app.id.as_str()), ("the-token", "app"));
        let mut memory = self.memory();
        memory.log.push("revoke".to_owned());
        if memory.answers.is_empty() { Ok(RevokeOutcome::Killed) } else { memory.answers.remove(0) }
    }

    async fn identity(&self, _: &CallContext<'_>) -> Result<Identity> {
        panic!("not a deletion's")
    }
}
