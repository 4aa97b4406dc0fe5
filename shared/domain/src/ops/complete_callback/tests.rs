//! The callback against a platform and a store of a few lines: what is refused, in which order, and what is ended.

use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::*;
use crate::account::{AccountList, PlatformAccount};
use crate::app::{INDEX_APP, encode_credentials, platform_fingerprint};
use crate::caller::{Credential, Tenant};
use crate::connect::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession, DeletionLink};
use crate::connection::{Connection, KeyRow, State, Tier, TokenRow};
use crate::connector::{
    Accounts, AppCredentials, AuthorizeRequest, CallContext, CodeExchange, Connector, Gate, Grant, Identity,
    Manifest, OAuth, Reports, RevokeOutcome, StructureRead,
};
use crate::deletion::{Deletion, Place, Reason, Subject};
use crate::error::{Error, Kind};
use crate::ids::{AccountId, ConnectionId, CredentialId, DataKeyId, DeletionId, EndUser, TenantId};
use crate::keys::{KeyContext, SealedBox, WrappedKey};
use crate::ports::{Cut, DataKey, NewConnection};
use crate::profile::{PlatformProfile, ScopePurpose};
use crate::random::tests::Counting;
use crate::secret::{Digest, Plain};

const STATE: &str = "the-state";
const COOKIE: &str = "the-cookie";
const MANIFEST: Manifest = Manifest {
    platform: "p",
    title: "P",
    version: "1",
    api_origin: "https://api.p.example",
    authorize_origin: "https://p.example",
    tier: Tier::B,
    settings_url: "https://p.example/settings",
    restatement_days: 1,
    window_days: 1,
    page_size: 1,
    calls: &[],
};

/// Everything outside, and what happened to it.
struct World {
    entropy: Counting,
    transaction: Mutex<Option<AuthTransaction>>,
    live: Option<Connection>,
    granted: Vec<String>,
    store_fails: bool,
    /// How long the platform takes for each answer.
    pace: Duration,
    /// How long each call was allowed to take.
    allowed: Mutex<Vec<(&'static str, Duration)>>,
    ways: Mutex<Vec<WayBack>>,
    happened: Mutex<Vec<&'static str>>,
    created: Mutex<Option<NewConnection>>,
}

impl World {
    fn new() -> Self {
        let session = ConnectSession {
            tenant: tenant(),
            end_user: "u-1".parse().unwrap(),
            platform: "p".to_owned(),
            return_url: "https://shop.example/back?x=1".to_owned(),
            reauthorise: None,
            mail: None,
            expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(30),
        };
        let entropy = Counting::default();
        let transaction = AuthTransaction {
            session,
            context: "c".to_owned(),
            redirect_uri: "https://api.example/oauth/callback/p/c".to_owned(),
            scopes: vec!["ads".to_owned()],
            cookie: entropy.digest(COOKIE.as_bytes()),
            expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(10),
        };
        Self {
            entropy,
            transaction: Mutex::new(Some(transaction)),
            live: None,
            granted: vec!["ads".to_owned()],
            store_fails: false,
            pace: Duration::ZERO,
            allowed: Mutex::default(),
            ways: Mutex::default(),
            happened: Mutex::default(),
            created: Mutex::default(),
        }
    }

    fn note(&self, what: &'static str) {
        self.happened.lock().unwrap().push(what);
    }

    fn run(&self, input: &Input) -> Result<Arrival> {
        let profile = profile();
        let ports = Ports {
            callers: self,
            take: self,
            read: self,
            put: self,
            connections: self,
            create: self,
            deletions: self,
            vault: self,
            open: self,
            mint: self,
            connectors: self,
            profile: &profile,
            clock: self,
            entropy: &self.entropy,
        };
        now(super::run(&ports, input))
    }

    /// What the kit does with a gate, here with a platform of a pace.
    fn call(&self, what: &'static str, patience: Duration, gate: &dyn Gate) -> Result<()> {
        let allowed = patience.min(gate.left());
        self.allowed.lock().unwrap().push((what, allowed));
        gate.spent(self.pace.min(allowed));
        if self.pace <= allowed { Ok(()) } else { Err(Error::new(Kind::Upstream, "slow", "Too slow.")) }
    }

    /// The word that the product gets, and the error behind it.
    fn ended(&self, input: &Input) -> (String, Error) {
        let Ok(Arrival::Ended { url, error }) = self.run(input) else { panic!("it did not end") };
        let word = url.as_str().strip_prefix("https://shop.example/back?x=1&error=");
        (word.expect("another address").to_owned(), error)
    }

    fn happened(&self) -> Vec<&'static str> {
        self.happened.lock().unwrap().clone()
    }
}

/// Polls a future that never waits for anything outside.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn connection() -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(2))
}

fn profile() -> Profile {
    let scope = ScopePurpose {
        scope: "ads".to_owned(),
        what: "Reads ads.".to_owned(),
        purpose: "Reporting.".to_owned(),
        required: true,
    };
    let platform = PlatformProfile {
        platform: "p".to_owned(),
        scopes: vec![scope],
        calls: vec![],
        backfill_days: 1,
        period_minutes: 60,
    };
    Profile {
        name: "c".to_owned(),
        product: "Product".to_owned(),
        privacy_url: String::new(),
        contact_email: String::new(),
        retention_days: Some(30),
        needs_reauth_days: None,
        platforms: vec![platform],
    }
}

fn input() -> Input {
    Input {
        platform: "p".to_owned(),
        context: "c".to_owned(),
        state: Confidential::new(STATE),
        code: Some("code".into()),
        issuer: None,
        cookie: Some(Confidential::new(COOKIE)),
    }
}

fn live(identity: &str) -> Connection {
    Connection {
        id: connection(),
        tenant: tenant(),
        platform: "p".to_owned(),
        context: "c".to_owned(),
        end_user: "u-1".parse().unwrap(),
        state: State::NeedsReauth,
        tier: Tier::B,
        scopes: vec![],
        created_at: Timestamp::UNIX_EPOCH,
        identity: platform_fingerprint(&Key, "p", identity),
        mail: None,
        deletion: None,
        delete_by: None,
    }
}

/// Security design, 1.2, point 3: each check fails closed to one and the same answer, and the state is used up.
#[test]
fn what_does_not_fit_gets_one_answer_before_any_exchange() {
    type Change = fn(&mut Input, &mut AuthTransaction);
    let changes: [Change; 9] = [
        |input, _| input.state = Confidential::new("another"),
        |input, _| input.cookie = None,
        |input, _| input.cookie = Some(Confidential::new("another")),
        |input, _| input.cookie = Some(Confidential::new("")),
        |input, _| input.platform = "q".to_owned(),
        |input, _| input.context = "d".to_owned(),
        |input, _| input.issuer = Some("https://evil.example".to_owned()),
        |_, row| row.expires_at = Timestamp::UNIX_EPOCH,
        |_, row| row.session.tenant = TenantId::from_uuid(Uuid::from_u128(9)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (world, mut input) = (World::new(), input());
        change(&mut input, world.transaction.lock().unwrap().as_mut().unwrap());
        let error = world.run(&input).unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Gone, "link_unusable"), "{number}");
        assert!(world.happened().is_empty(), "{number}: nothing was exchanged");
        if number > 0 {
            assert!(world.transaction.lock().unwrap().is_none(), "{number}: used up whatever comes of it");
        }
    }
}

#[test]
fn a_state_works_once() {
    let world = World::new();
    let Ok(Arrival::Onward(Onward::Choose { ticket, handle })) = world.run(&input()) else {
        panic!("no list")
    };
    for cookie in [None, Some(Confidential::new("another"))] {
        let stranger = Input { cookie, ..input() };
        assert_eq!(world.run(&stranger).unwrap_err().code, "link_unusable");
    }
    // The same browser, once more: the same list, and nothing is redeemed.
    let Ok(Arrival::Onward(Onward::Choose { ticket: again, handle: same })) = world.run(&input()) else {
        panic!("the second load finds no way on")
    };
    assert_eq!((again.text(), same), (ticket.text(), handle));
    assert_eq!(world.happened(), ["exchange", "create", "ticket"]);
}

/// Whatever ends a flow, the product gets a word for it, and so it does when the callback is opened again.
#[test]
fn an_end_is_told_again() {
    let world = World { granted: vec![], ..World::new() };
    assert_eq!(world.ended(&input()).0, "scope_missing");
    let Ok(Arrival::Onward(Onward::Back(url))) = world.run(&input()) else { panic!("no way back") };
    assert!(url.as_str().ends_with("&error=scope_missing"), "{url}");
    assert_eq!(world.happened(), ["exchange", "revoke"]);
}

#[test]
fn whoever_is_late_goes_back_with_a_word() {
    let world = World::new();
    let cookie = Some(world.entropy.digest(COOKIE.as_bytes()));
    world.transaction.lock().unwrap().take();
    let return_url = "https://shop.example/back?x=1".to_owned();
    let until = Timestamp::UNIX_EPOCH;
    world.ways.lock().unwrap().push(WayBack { return_url, cookie, stage: Stage::Open, until });
    let Ok(Arrival::Onward(Onward::Back(url))) = world.run(&input()) else { panic!("no way back") };
    assert!(url.as_str().ends_with("&error=expired"), "{url}");
    assert!(world.happened().is_empty());
}

#[test]
fn a_new_connection_comes_with_the_deletion_that_ends_it() {
    let world = World::new();
    assert!(world.run(&Input { issuer: Some("https://p.example".to_owned()), ..input() }).is_ok());
    let new = world.created.lock().unwrap().take().unwrap();
    assert_eq!(
        (new.connection.state, new.connection.deletion.as_ref()),
        (State::Pending, Some(&new.abandoned.id))
    );
    assert_eq!(
        (new.abandoned.reason, new.abandoned.next_step_at),
        (Reason::Abandoned, Some(new.abandoned.t0))
    );
    assert_eq!(new.abandoned.t0.duration_since(new.connection.created_at), SignedDuration::from_mins(15));
    assert_eq!(new.abandoned.keys.len(), 2);
    let listed = crate::candidates::open(&Key, &new.candidates).unwrap();
    assert_eq!(listed.usable.len(), 1, "one account is offered twice");
}

#[test]
fn s14_what_the_platform_gave_is_stored_sealed() {
    let world = World::new();
    assert!(world.run(&Input { issuer: Some("https://p.example".to_owned()), ..input() }).is_ok());
    let new = world.created.lock().unwrap().take().unwrap();
    let slots: Vec<_> =
        new.tokens.iter().map(|token| String::from_utf8(token.sealed.0.clone()).unwrap()).collect();
    assert_eq!(slots, ["tok#access#00000001\0access-token"]);
    assert!(crate::candidates::open(&Key, &new.candidates).is_ok());
}

#[test]
fn a_person_who_says_no_is_told_so() {
    let world = World::new();
    assert_eq!(world.ended(&Input { code: None, ..input() }).0, "declined");
    assert!(world.happened().is_empty());
}

#[test]
fn a_permission_that_was_left_out_is_named_and_the_grant_ended() {
    let world = World { granted: vec![], ..World::new() };
    let (word, error) = world.ended(&input());
    assert_eq!(word, "scope_missing");
    assert!(error.message.contains("Reads ads."), "{}", error.message);
    assert_eq!(world.happened(), ["exchange", "revoke"]);
}

#[test]
fn a_grant_that_cannot_be_stored_is_ended() {
    let world = World { store_fails: true, ..World::new() };
    let (word, error) = world.ended(&input());
    assert_eq!((word.as_str(), error.kind), ("failed", Kind::Unavailable));
    assert_eq!(world.happened(), ["exchange", "revoke"]);
}

/// A7: the calls of a callback end within ten seconds altogether, and the grant can still be given back.
#[test]
fn a_slow_platform_holds_a_callback_for_ten_seconds_at_most() {
    for pace in [1_800, 2_600, 4_000, 60_000].map(Duration::from_millis) {
        let world = World { pace, ..World::new() };
        assert_eq!(world.ended(&input()).0, "failed", "{pace:?}");
        let allowed = world.allowed.lock().unwrap().clone();
        let held: Duration = allowed.iter().map(|(_, allowed)| pace.min(*allowed)).sum();
        assert!(held <= Duration::from_secs(10), "{pace:?}: {allowed:?}");
        let given_back = allowed.last().filter(|(what, _)| *what == "revoke").map(|(_, allowed)| *allowed);
        let granted = world.pace < Duration::from_secs(7);
        assert_eq!(given_back.is_some_and(|time| time >= Duration::from_secs(2)), granted, "{allowed:?}");
    }
}

#[test]
fn only_the_same_person_authorises_again() {
    for (identity, expected) in [("person", vec!["exchange", "again"]), ("other", vec!["exchange", "revoke"])]
    {
        let world = World { live: Some(live(identity)), ..World::new() };
        world.transaction.lock().unwrap().as_mut().unwrap().session.reauthorise = Some(connection());
        let arrived = world.run(&input());
        assert_eq!(world.happened(), expected);
        if identity == "person" {
            let Ok(Arrival::Onward(Onward::Back(url))) = arrived else { panic!("{arrived:?}") };
            assert_eq!(url.as_str(), format!("https://shop.example/back?x=1&connection_id={}", connection()));
        } else {
            let Ok(Arrival::Ended { url, error }) = arrived else { panic!("{arrived:?}") };
            assert!(url.as_str().ends_with("&error=other_identity"), "{url}");
            assert_eq!(error.code, "other_identity");
        }
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1)
    }
}

#[async_trait]
impl CallerRead for World {
    async fn api_key(&self, _: &TenantId, _: &CredentialId) -> Result<Option<Credential>> {
        Ok(None)
    }
    async fn frontend_token(&self, _: &TenantId, _: &CredentialId) -> Result<Option<Credential>> {
        Ok(None)
    }
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>> {
        let name = "Shop".to_owned();
        let tenant = Tenant {
            id: id.clone(),
            name,
            active: true,
            return_urls: vec![],
            origins: vec![],
            pseudonyms: None,
        };
        Ok(Some(tenant).filter(|_| *id == self::tenant()))
    }
    async fn origin_known(&self, _: &str) -> Result<bool> {
        Ok(false)
    }
}

#[async_trait]
impl TransientTake for World {
    async fn depart(&self, _: &Digest, _: (&Digest, &AuthTransaction)) -> Result<bool> {
        Ok(false)
    }
    async fn take_transaction(&self, key: &Digest, _: Timestamp) -> Result<Option<AuthTransaction>> {
        let fits = *key == self.entropy.digest(STATE.as_bytes());
        Ok(if fits { self.transaction.lock().unwrap().take() } else { None })
    }
    async fn decide(&self, _: &Digest, _: &Digest, _: bool) -> Result<bool> {
        Ok(false)
    }
    async fn take_code(&self, _: &Digest, _: Timestamp) -> Result<Option<ActivationCode>> {
        Ok(None)
    }
    async fn take_link(&self, _: &Digest, _: Timestamp) -> Result<Option<DeletionLink>> {
        Ok(None)
    }
}

#[async_trait]
impl TransientRead for World {
    async fn session(&self, _: &Digest, _: Timestamp) -> Result<Option<ConnectSession>> {
        Ok(None)
    }
    async fn transaction(&self, _: &Digest, _: Timestamp) -> Result<Option<AuthTransaction>> {
        Ok(None)
    }
    async fn way(&self, key: &Digest, _: Timestamp) -> Result<Option<WayBack>> {
        let own = *key == self.entropy.digest(STATE.as_bytes());
        Ok(self.ways.lock().unwrap().last().filter(|_| own).cloned())
    }
    async fn ticket(&self, _: &Digest, _: Timestamp) -> Result<Option<ConfirmTicket>> {
        Ok(None)
    }
    async fn link(&self, _: &Digest, _: Timestamp) -> Result<Option<DeletionLink>> {
        Ok(None)
    }
}

#[async_trait]
impl TransientPut for World {
    async fn put_session(&self, _: &Digest, _: &ConnectSession) -> Result<()> {
        Ok(())
    }
    async fn put_way(&self, _: &Digest, way: &WayBack) -> Result<()> {
        self.ways.lock().unwrap().push(way.clone());
        Ok(())
    }
    async fn put_ticket(&self, _: &Digest, _: &ConfirmTicket) -> Result<()> {
        self.note("ticket");
        Ok(())
    }
    async fn put_frontend_token(&self, _: &Credential) -> Result<()> {
        Ok(())
    }
    async fn put_link(&self, _: &Digest, _: &DeletionLink) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl ConnectionRead for World {
    async fn connection(&self, _: &TenantId, _: &ConnectionId) -> Result<Option<Connection>> {
        Ok(self.live.clone())
    }
    async fn connections(&self, _: &TenantId, _: Option<&ConnectionId>, _: u32) -> Result<Vec<Connection>> {
        Ok(vec![])
    }
    async fn accounts(&self, _: &TenantId, _: &ConnectionId) -> Result<Vec<crate::account::Account>> {
        Ok(vec![])
    }
    async fn candidates(&self, _: &TenantId, _: &ConnectionId) -> Result<Vec<SealedBox>> {
        Ok(vec![])
    }
}

#[async_trait]
impl ConnectionCreate for World {
    async fn create(&self, new: &NewConnection) -> Result<()> {
        if self.store_fails {
            return Err(Error::unavailable("away", "The store is away."));
        }
        self.note("create");
        *self.created.lock().unwrap() = Some(new.clone());
        Ok(())
    }
    async fn reauthorise(&self, connection: &Connection, _: &KeyRow, tokens: &[TokenRow]) -> Result<()> {
        assert_eq!((connection.state, tokens[0].version), (State::Active, 5));
        self.note("again");
        Ok(())
    }
}

#[async_trait]
impl DeletionBegin for World {
    async fn places(&self, _: &TenantId, _: &Subject, _: &[AccountId]) -> Result<Vec<Place>> {
        Ok(vec![])
    }
    async fn held_keys(&self, _: &TenantId, _: &Subject) -> Result<Vec<DataKeyId>> {
        Ok(vec![])
    }
    async fn begin(&self, _: &Deletion, _: Option<&EndUser>) -> Result<Cut> {
        Ok(Cut::Before(DeletionId::from_uuid(Uuid::nil())))
    }
}

#[async_trait]
impl VaultRead for World {
    async fn key(&self, context: &KeyContext) -> Result<Option<WrappedKey>> {
        let known = [KeyContext::app(INDEX_APP), KeyContext::app("p")].contains(context);
        Ok(known.then(|| WrappedKey { id: DataKeyId([0; 16]), blob: vec![] }))
    }
    async fn token(&self, _: &TenantId, _: &ConnectionId, name: &'static str) -> Result<Option<TokenRow>> {
        Ok(Some(TokenRow { name, version: 4, key: DataKeyId([0; 16]), sealed: SealedBox(vec![]) }))
    }
    async fn app_secret(&self, _: &'static str, name: &str) -> Result<Option<SealedBox>> {
        Key.seal(&crate::app::secret_slot(name), &encode_credentials("app", "secret")).map(Some)
    }
}

#[async_trait]
impl KeyOpen for World {
    async fn open(&self, _: &KeyContext, _: &WrappedKey) -> Result<Box<dyn DataKey>> {
        Ok(Box::new(Key))
    }
}

#[async_trait]
impl KeyMint for World {
    async fn mint(&self, _: &KeyContext) -> Result<(Box<dyn DataKey>, WrappedKey)> {
        Ok((Box::new(Key), WrappedKey { id: DataKeyId([1; 16]), blob: vec![] }))
    }
}

/// A key that only ties bytes to their slot.
struct Key;

impl DataKey for Key {
    fn seal(&self, slot: &str, plain: &[u8]) -> Result<SealedBox> {
        Ok(SealedBox([slot.as_bytes(), b"\0", plain].concat()))
    }
    fn open(&self, slot: &str, sealed: &SealedBox) -> Result<Plain> {
        let plain = sealed.0.strip_prefix(slot.as_bytes()).and_then(|rest| rest.strip_prefix(b"\0"));
        plain.map(|plain| Plain::new(plain.to_vec())).ok_or_else(unusable)
    }
    fn fingerprint(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        let digest = Counting::default().digest(&[label.as_bytes(), bytes].concat());
        digest.0[..16].try_into().unwrap()
    }
    fn id(&self) -> DataKeyId {
        DataKeyId([1; 16])
    }
}

impl Connectors for World {
    fn find(&self, platform: &str) -> Option<&dyn Connector> {
        (platform == "p").then_some(self)
    }
}

impl Connector for World {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }
    fn oauth(&self) -> &dyn OAuth {
        self
    }
    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(self)
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
        Err(unusable())
    }
    async fn exchange(&self, app: &AppCredentials, exchange: &CodeExchange<'_>) -> Result<Grant> {
        assert_eq!(
            (app.id.as_str(), exchange.redirect_uri),
            ("app", "https://api.example/oauth/callback/p/c")
        );
        self.note("exchange");
        self.call("exchange", Duration::MAX, exchange.gate)?;
        let access = SecretString::from("access-token");
        Ok(Grant { access, refresh: None, expires_at: None, scopes: self.granted.clone() })
    }
    async fn revoke(&self, cx: &CallContext<'_>) -> Result<RevokeOutcome> {
        self.note("revoke");
        self.call("revoke", cx.patience, cx.gate)?;
        Ok(RevokeOutcome::Killed)
    }
    async fn identity(&self, cx: &CallContext<'_>) -> Result<Identity> {
        self.call("identity", cx.patience, cx.gate)?;
        Ok(Identity { id: "person".into() })
    }
}

#[async_trait]
impl Accounts for World {
    async fn list(&self, cx: &CallContext<'_>) -> Result<AccountList> {
        for _ in 0..3 {
            self.call("list", cx.patience, cx.gate)?;
        }
        let (external_id, name) = ("7".to_owned(), "Shop ads".to_owned());
        let currency = "EUR".parse().unwrap();
        let account = PlatformAccount { external_id, name, currency, zone: "UTC".to_owned() };
        // A platform may list one account twice.
        let usable = vec![account.clone(), PlatformAccount { name: "Renamed".to_owned(), ..account }];
        Ok(AccountList { usable, unusable: Vec::new() })
    }
}
