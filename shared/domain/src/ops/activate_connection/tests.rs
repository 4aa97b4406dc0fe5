//! Whose code fits, and an activation that does not hang on what it only tells.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::SignedDuration;
use uuid::Uuid;

use super::*;
use crate::caller::CredentialKind;
use crate::connect::{AuthTransaction, DeletionLink};
use crate::connection::Tier;
use crate::ids::{AccountId, CredentialId, TenantId};
use crate::keys::SealedBox;
use crate::ops::run_sync::tests::world::ready;
use crate::random::tests::Counting;
use crate::secret::Digest;
use crate::sync::ProbeJob;

/// One pending connection with one account, in a store that does not say where else the account is connected.
struct World {
    entropy: Counting,
    codes: Mutex<Vec<ActivationCode>>,
    state: Mutex<State>,
    sent: Mutex<usize>,
}

impl World {
    fn new() -> Self {
        let code = ActivationCode {
            tenant: tenant(),
            connection: connection(),
            end_user: user(),
            expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(5),
        };
        Self {
            entropy: Counting::default(),
            codes: Mutex::new(vec![code]),
            state: Mutex::new(State::Pending),
            sent: Mutex::default(),
        }
    }

    fn activate(&self, standing: Standing) -> Result<Output> {
        let profile = Profile {
            name: "c".to_owned(),
            product: "Product".to_owned(),
            privacy_url: String::new(),
            contact_email: String::new(),
            retention_days: None,
            needs_reauth_days: None,
            platforms: vec![],
        };
        let mut attempt = Attempt::once(self.now(), Arc::new(Counting::default()));
        attempt.standing = standing;
        let ports = Ports {
            take: self,
            connections: self,
            held: self,
            activate: self,
            queue: self,
            profile: &profile,
            clock: self,
            entropy: &self.entropy,
            attempt: &attempt,
        };
        let caller = Caller {
            tenant: tenant(),
            credential: CredentialId::from_uuid(Uuid::nil()),
            kind: CredentialKind::ApiKey,
            scopes: vec![Scope::Connect],
        };
        let input = Input { connection: connection(), code: "code".to_owned(), end_user: user() };
        ready(run(&ports, &caller, &input))
    }
}

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn connection() -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(2))
}

fn user() -> EndUser {
    "u-1".parse().unwrap()
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[async_trait]
impl TransientTake for World {
    async fn depart(&self, _: &Digest, _: (&Digest, &AuthTransaction)) -> Result<bool> {
        Ok(false)
    }
    async fn take_transaction(&self, _: &Digest, _: Timestamp) -> Result<Option<AuthTransaction>> {
        Ok(None)
    }
    async fn decide(&self, _: &Digest, _: &Digest, _: bool) -> Result<bool> {
        Ok(false)
    }
    async fn take_code(&self, _: &Digest, _: Timestamp) -> Result<Option<ActivationCode>> {
        Ok(self.codes.lock().unwrap().pop())
    }
    async fn take_link(&self, _: &Digest, _: Timestamp) -> Result<Option<DeletionLink>> {
        Ok(None)
    }
}

#[async_trait]
impl ConnectionRead for World {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>> {
        Ok(Some(Connection {
            id: id.clone(),
            tenant: tenant.clone(),
            platform: "p".to_owned(),
            context: "c".to_owned(),
            end_user: user(),
            state: *self.state.lock().unwrap(),
            tier: Tier::B,
            scopes: vec![],
            created_at: Timestamp::UNIX_EPOCH,
            identity: Fingerprint("i".repeat(32)),
            mail: None,
            deletion: Some(DeletionId::from_uuid(Uuid::from_u128(3))),
            delete_by: None,
        }))
    }
    async fn connections(&self, _: &TenantId, _: Option<&ConnectionId>, _: u32) -> Result<Vec<Connection>> {
        Ok(vec![])
    }
    async fn accounts(&self, _: &TenantId, _: &ConnectionId) -> Result<Vec<Account>> {
        Ok(vec![Account {
            id: AccountId::from_uuid(Uuid::from_u128(4)),
            state: *self.state.lock().unwrap(),
            currency: "EUR".parse().unwrap(),
            zone: "UTC".to_owned(),
            fingerprint: Fingerprint("a".repeat(32)),
            profile: SealedBox(vec![]),
        }])
    }
    async fn candidates(&self, _: &TenantId, _: &ConnectionId) -> Result<Vec<SealedBox>> {
        Ok(vec![])
    }
}

#[async_trait]
impl HeldAccounts for World {
    async fn held(&self, _: &TenantId, _: &[Fingerprint]) -> Result<Vec<Holders>> {
        Err(Error::unavailable("away", "The store is away."))
    }
}

#[async_trait]
impl ConnectionActivate for World {
    async fn activate(
        &self,
        _: &Connection,
        _: &[Account],
        _: (u16, u16),
        _: &DeletionId,
        _: &[SyncJob],
    ) -> Result<()> {
        *self.state.lock().unwrap() = State::Active;
        Ok(())
    }
}

#[async_trait]
impl SyncQueue for World {
    async fn send_sync(&self, jobs: &[SyncJob], _: u32) -> Result<()> {
        *self.sent.lock().unwrap() += jobs.len();
        Ok(())
    }
    async fn send_probes(&self, _: &[ProbeJob]) -> Result<()> {
        Ok(())
    }
}

/// The code works once: what only decorates the answer must not cost it.
#[test]
fn an_activation_is_made_and_answered_though_nobody_knows_where_else_the_accounts_are() {
    let world = World::new();
    for standing in [Standing::First, Standing::Again, Standing::Done(None)] {
        let output = world.activate(standing.clone()).unwrap();
        assert_eq!(output.connection.state, State::Active, "{standing:?}");
        assert_eq!((output.accounts.len(), output.also.len()), (1, 0), "{standing:?}");
        assert_eq!(output.unseen.map(|error| error.code), Some("away"), "{standing:?}");
    }
    assert!(world.codes.lock().unwrap().is_empty());
    assert_eq!(*world.sent.lock().unwrap(), 1, "and made once");
}

/// Security design, 1.2: cross-user session fixation ends at the activation.
#[test]
fn a_code_works_for_its_own_tenant_connection_and_end_user_only() {
    let (now, user) = (Timestamp::UNIX_EPOCH, |name: &str| name.parse::<EndUser>().unwrap());
    let connection = |number| ConnectionId::from_uuid(Uuid::from_u128(number));
    let caller = |tenant, kind| Caller {
        tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
        credential: CredentialId::from_uuid(Uuid::nil()),
        kind,
        scopes: vec![Scope::Connect],
    };
    let code = ActivationCode {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        connection: connection(1),
        end_user: user("victim"),
        expires_at: now + SignedDuration::from_mins(1),
    };
    let key = || caller(1, CredentialKind::ApiKey);
    let token = |name| caller(1, CredentialKind::FrontendToken(user(name)));
    let late = now + SignedDuration::from_mins(1);
    let same = ("victim", 1, now);
    for (caller, (name, number, now), fits) in [
        (key(), same, true),
        (token("victim"), same, true),
        (token("attacker"), same, false),
        (key(), ("attacker", 1, now), false),
        (key(), ("victim", 2, now), false),
        (key(), ("victim", 1, late), false),
        (caller(2, CredentialKind::ApiKey), same, false),
    ] {
        let input = Input { connection: connection(number), code: String::new(), end_user: user(name) };
        assert_eq!(check(now, &caller, &input, Some(code.clone())).is_ok(), fits, "{name} {number} {now}");
        assert!(check(now, &caller, &input, None).is_err());
    }
}
