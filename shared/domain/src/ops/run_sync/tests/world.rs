//! A small world of fakes: one account at one platform, everything in memory, every write counted.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::super::{Input, Outcome, Ports, run};
use crate::account::{
    Account, AccountList, PlatformAccount, UnusableAccount, decode_accounts, encode_accounts, profile_slot,
};
use crate::app::{CREDENTIALS, encode_credentials, secret_slot};
use crate::breaker::{Breaker, Circuit};
use crate::connection::{Connection, Fence, State, Tier, TokenRow, token_slot};
use crate::connector::{
    Accounts, AppCredentials, AuthorizeRequest, CallContext, CodeExchange, Connector, Connectors, Grant,
    Identity, LEVEL_NOT_OFFERED, Manifest, OAuth, Page, PageCursor, ReportQuestion, Reports, RevokeOutcome,
    RowPage, StructureRead,
};
use crate::deletion::{Deletion, Place, Reason, Subject};
use crate::error::{Error, Kind, Result, Retry};
use crate::grant;
use crate::ids::{AccountId, ConnectionId, DataKeyId, DeletionId, EndUser, TenantId};
use crate::keys::{KeyContext, SealedBox, WrappedKey};
use crate::life::{Change, Life};
use crate::ops::probe_connection;
use crate::ports::{
    AccountRef, AccountRenew, Activity, ActivityWrite, Breakers, Clock, CompletenessRead, ConnectionRead,
    ConnectionState, Cut, DataKey, DayRecord, Days, DeletionBegin, FenceRead, KeyOpen, LedgerRead, NewSheet,
    SheetRead, SheetWrite, SyncProgress, SyncQueue, VaultRead,
};
use crate::profile::{PlatformProfile, Profile};
use crate::random::tests::Counting;
use crate::report::{Entity, Level, Metric, MetricSet, Row, Values};
use crate::secret::{Digest, Fingerprint, Plain};
use crate::sheet::StoredSheet;
use crate::sync::{Checkpoint, JobKind, ProbeJob, SyncChange, SyncJob, SyncState};
use crate::webhook::EventType;

pub(in crate::ops) const NOW: &str = "2026-11-22T12:00:00Z";

/// What happened, in order, as far as the fence cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ops) enum Step {
    Fence(bool),
    Opened,
    Page,
    Put(String),
    Days,
}

pub(in crate::ops) struct World {
    pub(in crate::ops) now: Mutex<Timestamp>,
    pub(in crate::ops) state: Mutex<State>,
    /// After so many more reads the fence is closed.
    pub(in crate::ops) fence_reads: Mutex<u32>,
    pub(in crate::ops) steps: Mutex<Vec<Step>>,
    pub(in crate::ops) sheets: Mutex<BTreeMap<String, StoredSheet>>,
    pub(in crate::ops) history: Mutex<Vec<StoredSheet>>,
    pub(in crate::ops) kept: Mutex<Vec<Option<Timestamp>>>,
    pub(in crate::ops) days: Mutex<BTreeMap<(Level, Date), DayRecord>>,
    pub(in crate::ops) sync: Mutex<SyncState>,
    /// What another job of the account decides right before this one says what it decided.
    pub(in crate::ops) meanwhile: Mutex<Option<SyncChange>>,
    pub(in crate::ops) checkpoints: Mutex<BTreeMap<String, Checkpoint>>,
    pub(in crate::ops) sent: Mutex<Vec<(SyncJob, u32)>>,
    pub(in crate::ops) begun: Mutex<Vec<Deletion>>,
    pub(in crate::ops) breaker: Mutex<Option<Breaker>>,
    pub(in crate::ops) asked: Mutex<Vec<(Level, crate::sync::Window)>>,
    /// How the platform behaves.
    pub(in crate::ops) refuse: Mutex<Option<(Kind, &'static str, bool)>>,
    pub(in crate::ops) pause: Mutex<Option<std::time::Duration>>,
    pub(in crate::ops) name: Mutex<String>,
    pub(in crate::ops) most_days: Mutex<u32>,
    pub(in crate::ops) page_takes: Mutex<SignedDuration>,
    pub(in crate::ops) extra: Mutex<Vec<Row>>,
    /// A day for which the account's own level has no row.
    pub(in crate::ops) without_account: Mutex<Option<Date>>,
    /// A day for which the account's own level has another account's row.
    pub(in crate::ops) foreign_account: Mutex<Option<Date>>,
    /// Lists of rows and names go on for ever, without anything in them.
    pub(in crate::ops) endless: Mutex<bool>,
    /// How many pages of names were asked for.
    pub(in crate::ops) name_pages: Mutex<usize>,
    pub(in crate::ops) spend: Mutex<i64>,
    /// What is known of the grant.
    pub(in crate::ops) life: Mutex<Life>,
    /// How long the last list might take, with all its calls, and how long one call.
    pub(in crate::ops) list_may_take: Mutex<Option<(Duration, Duration)>>,
    /// The account is let go after so many writes.
    pub(in crate::ops) writes_left: Mutex<Option<usize>>,
    /// How long a cut takes.
    pub(in crate::ops) cut_takes: Mutex<SignedDuration>,
    /// The person authorises again right before the next cut.
    pub(in crate::ops) comes_back: Mutex<bool>,
    pub(in crate::ops) told: Mutex<Vec<(EventType, Timestamp, Option<Timestamp>)>>,
    /// The stored accounts: id, the platform's number, state.
    pub(in crate::ops) accounts: Mutex<Vec<(AccountId, &'static str, State)>>,
    /// What the platform lists.
    pub(in crate::ops) listed: Mutex<Vec<PlatformAccount>>,
    /// What the platform names and does not describe so that it can be used.
    pub(in crate::ops) unusable: Mutex<Vec<UnusableAccount>>,
    /// Accounts that the platform refuses when they are asked for by themselves, and its word for that.
    pub(in crate::ops) refused: Mutex<Vec<&'static str>>,
    pub(in crate::ops) refusal: Mutex<&'static str>,
    pub(in crate::ops) renewed: Mutex<Vec<(PlatformAccount, Option<SyncJob>)>>,
    /// What the account itself has spent on top of its campaigns, by day.
    pub(in crate::ops) unattributed: Mutex<BTreeMap<Date, i64>>,
    /// How much that changes with each question for the account's own level.
    pub(in crate::ops) moving: Mutex<i64>,
    /// Days of odd rows at the ad level, in so many answers.
    pub(in crate::ops) odd: Mutex<(Vec<Option<Date>>, u32)>,
    /// A level that the platform does not offer, and metrics that it does not offer anywhere.
    pub(in crate::ops) no_level: Mutex<Option<Level>>,
    pub(in crate::ops) no_metrics: Mutex<MetricSet>,
    /// The level whose list of names fails.
    pub(in crate::ops) no_names: Mutex<Option<(Level, Kind)>>,
    /// Windows with this day are refused.
    pub(in crate::ops) no_day: Mutex<Option<Date>>,
    pub(in crate::ops) profile: Profile,
    entropy: Counting,
}

const MANIFEST: Manifest = Manifest {
    platform: "play",
    title: "Play",
    version: "1",
    api_origin: "http://localhost",
    authorize_origin: "http://localhost",
    tier: Tier::B,
    settings_url: "http://localhost",
    restatement_days: 28,
    window_days: 30,
    page_size: 2,
    calls: &[],
};

/// Polls a future of fakes, which never wait.
pub(in crate::ops) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a fake waited"),
    }
}

pub(in crate::ops) fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

pub(in crate::ops) fn connection() -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(2))
}

pub(in crate::ops) fn account() -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(3))
}

/// An account as the platform describes it.
pub(in crate::ops) fn described(number: &str) -> PlatformAccount {
    PlatformAccount {
        external_id: number.to_owned(),
        name: "N".to_owned(),
        currency: "EUR".parse().unwrap(),
        zone: "Europe/Berlin".to_owned(),
    }
}

pub(in crate::ops) fn values(spend: i64, impressions: i64) -> Values {
    let mut values = Values::default();
    values.set(Metric::Spend, Some(spend));
    values.set(Metric::Impressions, Some(impressions));
    values
}

/// One platform, read 40 days back at a connect.
fn profile() -> Profile {
    let platform = PlatformProfile {
        platform: "play".to_owned(),
        scopes: Vec::new(),
        calls: Vec::new(),
        backfill_days: 40,
        period_minutes: 60,
    };
    Profile {
        name: "p".to_owned(),
        product: "P".to_owned(),
        privacy_url: String::new(),
        contact_email: String::new(),
        retention_days: Some(400),
        needs_reauth_days: None,
        platforms: vec![platform],
    }
}

impl World {
    pub(in crate::ops) fn new() -> Self {
        Self {
            now: Mutex::new(NOW.parse().unwrap()),
            state: Mutex::new(State::Active),
            fence_reads: Mutex::new(u32::MAX),
            steps: Mutex::default(),
            sheets: Mutex::default(),
            history: Mutex::default(),
            kept: Mutex::default(),
            days: Mutex::default(),
            sync: Mutex::default(),
            meanwhile: Mutex::default(),
            checkpoints: Mutex::default(),
            sent: Mutex::default(),
            begun: Mutex::default(),
            breaker: Mutex::default(),
            asked: Mutex::default(),
            refuse: Mutex::default(),
            pause: Mutex::default(),
            name: Mutex::new("name".to_owned()),
            most_days: Mutex::new(30),
            page_takes: Mutex::default(),
            extra: Mutex::default(),
            without_account: Mutex::default(),
            foreign_account: Mutex::default(),
            endless: Mutex::default(),
            name_pages: Mutex::default(),
            spend: Mutex::new(1_000),
            life: Mutex::default(),
            list_may_take: Mutex::default(),
            writes_left: Mutex::default(),
            cut_takes: Mutex::default(),
            comes_back: Mutex::default(),
            told: Mutex::default(),
            accounts: Mutex::new(vec![(account(), "77", State::Active)]),
            listed: Mutex::new(vec![described("77")]),
            unusable: Mutex::default(),
            refused: Mutex::default(),
            refusal: Mutex::new("not_permitted"),
            renewed: Mutex::default(),
            unattributed: Mutex::default(),
            moving: Mutex::default(),
            odd: Mutex::default(),
            no_level: Mutex::default(),
            no_metrics: Mutex::default(),
            no_names: Mutex::default(),
            no_day: Mutex::default(),
            profile: profile(),
            entropy: Counting::default(),
        }
    }

    pub(in crate::ops) fn job(&self, kind: JobKind) -> SyncJob {
        SyncJob {
            tenant: tenant(),
            connection: connection(),
            account: account(),
            kind,
            window: None,
            slot: *self.now.lock().unwrap(),
            deferred: 0,
            not_before: None,
        }
    }

    pub(in crate::ops) fn advance(&self, minutes: i64) {
        *self.now.lock().unwrap() += SignedDuration::from_mins(minutes);
    }

    /// Runs a job in an invocation of one minute.
    pub(in crate::ops) fn run(&self, job: &SyncJob) -> Result<Outcome> {
        let deadline = *self.now.lock().unwrap() + SignedDuration::from_secs(60);
        self.run_until(job, deadline)
    }

    pub(in crate::ops) fn run_until(&self, job: &SyncJob, deadline: Timestamp) -> Result<Outcome> {
        ready(run(&self.ports(), &Input { job: job.clone(), deadline }))
    }

    pub(in crate::ops) fn ports(&self) -> Ports<'_> {
        Ports {
            grant: self.grant(),
            progress: self,
            completeness: self,
            stored: self,
            sheets: self,
            queue: self,
            activity: self,
        }
    }

    fn grant(&self) -> grant::Ports<'_> {
        grant::Ports {
            clock: self,
            entropy: &self.entropy,
            fences: self,
            connections: self,
            states: self,
            vault: self,
            keys: self,
            connectors: self,
            breakers: self,
            begin: self,
            ledger: self,
            profile: &self.profile,
        }
    }

    pub(in crate::ops) fn count(&self, step: impl Fn(&Step) -> bool) -> usize {
        self.steps.lock().unwrap().iter().filter(|other| step(other)).count()
    }

    pub(in crate::ops) fn probe(&self) -> Result<probe_connection::Outcome> {
        let now = *self.now.lock().unwrap();
        let input = probe_connection::Input {
            tenant: tenant(),
            connection: connection(),
            deadline: now + SignedDuration::from_secs(60),
        };
        let ports = probe_connection::Ports { grant: self.grant(), accounts: self };
        ready(probe_connection::run(&ports, &input))
    }

    /// Refuses a write of an account that was let go, as the store does.
    fn write(&self) -> Result<()> {
        let mut left = self.writes_left.lock().unwrap();
        match left.as_mut() {
            Some(0) => Err(Error::new(Kind::Gone, "account_ended", "no")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn step(&self, step: Step) {
        self.steps.lock().unwrap().push(step);
    }

    async fn answer(&self, cx: &CallContext<'_>) -> Result<()> {
        if !cx.gate.is_open().await {
            return Err(Error::new(Kind::Gone, "held_back", "no"));
        }
        self.step(Step::Page);
        *self.now.lock().unwrap() += *self.page_takes.lock().unwrap();
        match *self.refuse.lock().unwrap() {
            Some((kind, code, true)) => {
                let retry = Retry::After(*self.pause.lock().unwrap());
                Err(Error { kind, code, ..Error::unavailable("x", "later").retry(retry) })
            }
            Some((kind, code, false)) => Err(Error::new(kind, code, "no")),
            None => Ok(()),
        }
    }
}

/// A key that binds to its slot by writing it in front.
struct Key(String);

impl DataKey for Key {
    fn seal(&self, slot: &str, plain: &[u8]) -> Result<SealedBox> {
        Ok(SealedBox([format!("{}|{slot}|", self.0).as_bytes(), plain].concat()))
    }

    fn open(&self, slot: &str, sealed: &SealedBox) -> Result<Plain> {
        let plain = sealed.0.strip_prefix(format!("{}|{slot}|", self.0).as_bytes());
        Ok(Plain::new(plain.ok_or_else(|| Error::new(Kind::Sealed, "sealed", "no"))?.to_vec()))
    }

    fn fingerprint(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        let hash = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (&self.0, label, bytes, salt).hash(&mut hasher);
            hasher.finish().to_be_bytes()
        };
        [hash(0), hash(1)].concat().try_into().unwrap()
    }

    fn id(&self) -> DataKeyId {
        DataKeyId([0; 16])
    }
}

pub(in crate::ops) fn key(context: &KeyContext) -> impl DataKey + use<> {
    Key(format!("{context:?}"))
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

#[async_trait]
impl FenceRead for World {
    async fn fence(&self, _: &TenantId, _: &ConnectionId, _: Option<&AccountId>) -> Result<Fence> {
        let mut left = self.fence_reads.lock().unwrap();
        let open = *left > 0;
        *left = left.saturating_sub(1);
        let state = if open { *self.state.lock().unwrap() } else { State::Purging };
        self.step(Step::Fence(open));
        Ok(Fence { connection: Some(state), account: Some(State::Active) })
    }
}

#[async_trait]
impl ConnectionRead for World {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>> {
        Ok(Some(Connection {
            id: id.clone(),
            tenant: tenant.clone(),
            platform: "play".to_owned(),
            context: "c".to_owned(),
            end_user: "u".parse().unwrap(),
            state: *self.state.lock().unwrap(),
            tier: Tier::B,
            scopes: Vec::new(),
            created_at: NOW.parse().unwrap(),
            identity: Fingerprint(String::new()),
            mail: None,
            deletion: None,
            delete_by: None,
        }))
    }

    async fn connections(&self, _: &TenantId, _: Option<&ConnectionId>, _: u32) -> Result<Vec<Connection>> {
        Ok(Vec::new())
    }

    async fn accounts(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<Account>> {
        let row = |(account, number, state): &(AccountId, &'static str, State)| {
            let described = described(number);
            let sealed = key(&KeyContext::account(tenant, id, account))
                .seal(&profile_slot(account), &encode_accounts(std::slice::from_ref(&described)))?;
            Ok(Account {
                id: account.clone(),
                state: *state,
                currency: described.currency,
                zone: described.zone,
                fingerprint: Fingerprint(String::new()),
                profile: sealed,
            })
        };
        self.accounts.lock().unwrap().iter().map(row).collect()
    }

    async fn candidates(&self, _: &TenantId, _: &ConnectionId) -> Result<Vec<SealedBox>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ConnectionState for World {
    async fn life(&self, _: &TenantId, _: &ConnectionId) -> Result<Life> {
        Ok(self.life.lock().unwrap().clone())
    }

    async fn record_life(&self, _: &TenantId, _: &ConnectionId, change: &Change) -> Result<bool> {
        let (mut state, mut life) = (self.state.lock().unwrap(), self.life.lock().unwrap());
        if *state != change.from || life.version != change.life.version {
            return Ok(false);
        }
        *state = change.to;
        *life = Life { version: life.version + 1, ..change.life.clone() };
        let told = change.told.iter().map(|(kind, at, about)| (*kind, *at, about.deletes_at));
        self.told.lock().unwrap().extend(told);
        Ok(true)
    }
}

#[async_trait]
impl AccountRenew for World {
    async fn renew_account(&self, at: &AccountRef, account: &Account, again: Option<&SyncJob>) -> Result<()> {
        let key = key(&KeyContext::account(&at.tenant, &at.connection, &at.account));
        let plain = key.open(&profile_slot(&at.account), &account.profile)?;
        let now = decode_accounts(plain.bytes()).unwrap().pop().unwrap();
        assert_eq!((now.currency, &now.zone), (account.currency, &account.zone));
        self.renewed.lock().unwrap().push((now, again.cloned()));
        Ok(())
    }
}

#[async_trait]
impl Accounts for World {
    async fn list(&self, cx: &CallContext<'_>) -> Result<AccountList> {
        *self.list_may_take.lock().unwrap() = Some((cx.gate.left(), cx.patience));
        self.answer(cx).await?;
        let (usable, unusable) = (self.listed.lock().unwrap().clone(), self.unusable.lock().unwrap().clone());
        Ok(AccountList { usable, unusable })
    }
}

#[async_trait]
impl VaultRead for World {
    async fn key(&self, _: &KeyContext) -> Result<Option<WrappedKey>> {
        Ok(Some(WrappedKey { id: DataKeyId([0; 16]), blob: Vec::new() }))
    }

    async fn token(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        name: &'static str,
    ) -> Result<Option<TokenRow>> {
        let context = KeyContext::connection(tenant, id, crate::keys::Use::Token);
        let sealed = key(&context).seal(&token_slot(name, 1), b"secret-token")?;
        Ok(Some(TokenRow { name, version: 1, key: DataKeyId([0; 16]), sealed }))
    }

    async fn app_secret(&self, app: &'static str, _: &str) -> Result<Option<SealedBox>> {
        let sealed =
            key(&KeyContext::app(app)).seal(&secret_slot(CREDENTIALS), &encode_credentials("a", "b"))?;
        Ok(Some(sealed))
    }
}

#[async_trait]
impl KeyOpen for World {
    async fn open(&self, context: &KeyContext, _: &WrappedKey) -> Result<Box<dyn DataKey>> {
        self.step(Step::Opened);
        Ok(Box::new(key(context)))
    }
}

impl Connectors for World {
    fn find(&self, platform: &str) -> Option<&dyn Connector> {
        (platform == "play").then_some(self)
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
        Some(self)
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}

#[async_trait]
impl OAuth for World {
    fn authorize_url(&self, _: &AppCredentials, _: &AuthorizeRequest<'_>) -> Result<Url> {
        Err(Error::not_found("call"))
    }

    async fn exchange(&self, _: &AppCredentials, _: &CodeExchange<'_>) -> Result<Grant> {
        Err(Error::not_found("call"))
    }

    async fn revoke(&self, _: &CallContext<'_>) -> Result<RevokeOutcome> {
        Err(Error::not_found("call"))
    }

    async fn identity(&self, _: &CallContext<'_>) -> Result<Identity> {
        Ok(Identity { id: SecretString::from("x") })
    }
}

#[async_trait]
impl StructureRead for World {
    async fn page(
        &self,
        cx: &CallContext<'_>,
        _: &str,
        level: Level,
        cursor: Option<&PageCursor>,
    ) -> Result<Page<Entity>> {
        self.answer(cx).await?;
        if let Some((refused, kind)) = *self.no_names.lock().unwrap()
            && refused == level
        {
            return Err(Error::new(kind, "platform_failed", "no").retry(Retry::Exhausted));
        }
        *self.name_pages.lock().unwrap() += 1;
        if *self.endless.lock().unwrap() {
            return Ok(Page { items: Vec::new(), odd: 0, next: Some(further(cursor)) });
        }
        let entity = |id: &str| Entity {
            id: format!("{}{id}", level.as_str()),
            parent: String::new(),
            name: self.name.lock().unwrap().clone(),
            status: "ON".to_owned(),
        };
        // The second page repeats the last of the first: a list that changed while it was read.
        Ok(match cursor {
            None => {
                let next = Some(PageCursor("2".to_owned()));
                Page { items: vec![entity("1"), entity("2")], odd: 0, next }
            }
            Some(_) => Page { items: vec![entity("2"), entity("3")], odd: 1, next: None },
        })
    }
}

#[async_trait]
impl Reports for World {
    async fn page(
        &self,
        cx: &CallContext<'_>,
        question: &ReportQuestion<'_>,
        cursor: Option<&PageCursor>,
    ) -> Result<RowPage> {
        self.asked.lock().unwrap().push((question.level, question.window));
        self.answer(cx).await?;
        if self.refused.lock().unwrap().contains(&question.account) {
            return Err(Error::new(Kind::NotPermitted, *self.refusal.lock().unwrap(), "not this one"));
        }
        if question.window.days() > *self.most_days.lock().unwrap() {
            return Err(Error::new(Kind::TooLarge, "too_large", "less, please"));
        }
        if *self.no_level.lock().unwrap() == Some(question.level) {
            return Err(Error::new(Kind::Invalid, LEVEL_NOT_OFFERED, "no such level"));
        }
        if question.window.iter().any(|day| Some(day) == *self.no_day.lock().unwrap()) {
            return Err(Error::new(Kind::UpstreamChanged, "answer_changed", "no"));
        }
        if *self.endless.lock().unwrap() {
            return Ok(RowPage { next: Some(further(cursor)), ..RowPage::default() });
        }
        let parts: &[&str] = if question.level == Level::Account { &["77"] } else { &["1", "2"] };
        let spend = *self.spend.lock().unwrap() / i64::try_from(parts.len()).unwrap();
        let row = |day, entity: &str| Row {
            entity: entity.into(),
            day,
            values: values(spend, 2 / i64::try_from(parts.len()).unwrap()),
        };
        let mut rows: Vec<Row> =
            question.window.iter().flat_map(|day| parts.iter().map(move |entity| row(day, entity))).collect();
        if question.level == Level::Ad {
            rows.extend(self.extra.lock().unwrap().clone());
        }
        if question.level == Level::Account {
            let missing = *self.without_account.lock().unwrap();
            rows.retain(|row| Some(row.day) != missing);
            let foreign = *self.foreign_account.lock().unwrap();
            rows.iter_mut().filter(|row| Some(row.day) == foreign).for_each(|row| row.entity = "78".into());
            self.move_totals(&mut rows, cursor.is_none());
        }
        let not_offered = *self.no_metrics.lock().unwrap();
        for row in &mut rows {
            not_offered.iter().for_each(|metric| row.values.set(metric, None));
        }
        let first = rows.len() / 2;
        Ok(if cursor.is_none() {
            let next = Some(PageCursor("2".to_owned()));
            RowPage { rows: rows[..first].to_vec(), odd: Vec::new(), not_offered, next }
        } else {
            let odd = self.odd_rows(question.level);
            RowPage { rows: rows[first..].to_vec(), odd, not_offered, next: None }
        })
    }
}

/// The cursor of one more page.
fn further(cursor: Option<&PageCursor>) -> PageCursor {
    let page: u32 = cursor.map_or(1, |cursor| cursor.0.parse().unwrap());
    PageCursor((page + 1).to_string())
}

impl World {
    fn move_totals(&self, rows: &mut [Row], is_new_question: bool) {
        let mut unattributed = self.unattributed.lock().unwrap();
        if is_new_question {
            let moving = *self.moving.lock().unwrap();
            unattributed.values_mut().for_each(|spend| *spend += moving);
        }
        for row in rows {
            let more = unattributed.get(&row.day).copied().unwrap_or_default();
            let spend = row.values.get(Metric::Spend).unwrap_or_default();
            row.values.set(Metric::Spend, Some(spend + more));
        }
    }

    fn odd_rows(&self, level: Level) -> Vec<Option<Date>> {
        let (days, times) = &mut *self.odd.lock().unwrap();
        if level != Level::Ad || *times == 0 {
            return Vec::new();
        }
        *times -= 1;
        days.clone()
    }
}

#[async_trait]
impl CompletenessRead for World {
    async fn days(&self, _: &AccountRef, from: Date, to: Date) -> Result<Days> {
        let days = self.days.lock().unwrap();
        Ok(days
            .iter()
            .filter(|((_, day), _)| (from..=to).contains(day))
            .map(|(at, day)| (*at, *day))
            .collect())
    }
}

impl World {
    fn remember(&self, change: &SyncChange) {
        let mut state = self.sync.lock().unwrap();
        state.last_success = change.last_success.or(state.last_success);
        state.newest_at = change.newest_at.or(state.newest_at);
        state.structure_at = change.structure_at.or(state.structure_at);
        state.names_due = change.names_due.unwrap_or(state.names_due);
        state.entities = change.entities.unwrap_or(state.entities);
    }
}

#[async_trait]
impl SyncProgress for World {
    async fn sync_state(&self, _: &AccountRef) -> Result<SyncState> {
        Ok(self.sync.lock().unwrap().clone())
    }

    async fn change_sync_state(&self, _: &AccountRef, change: &SyncChange) -> Result<()> {
        self.write()?;
        if let Some(other) = self.meanwhile.lock().unwrap().take() {
            self.remember(&other);
        }
        self.remember(change);
        Ok(())
    }

    async fn checkpoint(&self, _: &AccountRef, job: &str) -> Result<Checkpoint> {
        Ok(self.checkpoints.lock().unwrap().get(job).cloned().unwrap_or_default())
    }

    async fn put_checkpoint(
        &self,
        _: &AccountRef,
        job: &str,
        checkpoint: &Checkpoint,
        _: Timestamp,
    ) -> Result<()> {
        self.write()?;
        self.checkpoints.lock().unwrap().insert(job.to_owned(), checkpoint.clone());
        Ok(())
    }

    async fn put_days(&self, _: &AccountRef, days: &Days) -> Result<()> {
        self.write()?;
        self.step(Step::Days);
        self.days.lock().unwrap().extend(days);
        Ok(())
    }
}

#[async_trait]
impl SheetRead for World {
    async fn sheets(
        &self,
        _: &AccountRef,
        first: &str,
        last: &str,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<StoredSheet>> {
        let mut found = BTreeMap::new();
        let history = self.history.lock().unwrap();
        for sheet in history.iter().filter(|sheet| as_of.is_none_or(|as_of| sheet.version <= as_of)) {
            found.insert(sheet.name.clone(), sheet.clone());
        }
        Ok(found.range(first.to_owned()..=last.to_owned()).map(|(_, sheet)| sheet.clone()).collect())
    }
}

#[async_trait]
impl SheetWrite for World {
    async fn put_sheets(&self, _: &AccountRef, sheets: &[NewSheet]) -> Result<Vec<Result<bool>>> {
        Ok(sheets.iter().map(|new| Ok(self.put(new))).collect())
    }
}

impl World {
    fn put(&self, NewSheet { sheet, expires_at, .. }: &NewSheet) -> bool {
        assert!(expires_at.is_none_or(|end| end > *self.now.lock().unwrap()));
        self.kept.lock().unwrap().push(*expires_at);
        let mut sheets = self.sheets.lock().unwrap();
        if sheets.get(&sheet.name).is_some_and(|stored| stored.version >= sheet.version) {
            return false;
        }
        self.step(Step::Put(sheet.name.clone()));
        self.history.lock().unwrap().push(sheet.clone());
        sheets.insert(sheet.name.clone(), sheet.clone());
        true
    }
}

#[async_trait]
impl Breakers for World {
    async fn breaker(&self, _: &Circuit) -> Result<Option<Breaker>> {
        Ok(self.breaker.lock().unwrap().clone())
    }

    async fn put_breaker(
        &self,
        _: &Circuit,
        seen: Option<&Breaker>,
        next: &Breaker,
        _: Timestamp,
    ) -> Result<bool> {
        let mut breaker = self.breaker.lock().unwrap();
        let fits = breaker.as_ref() == seen;
        if fits {
            *breaker = Some(next.clone());
        }
        Ok(fits)
    }
}

#[async_trait]
impl SyncQueue for World {
    async fn send_sync(&self, jobs: &[SyncJob], delay_seconds: u32) -> Result<()> {
        self.sent.lock().unwrap().extend(jobs.iter().map(|job| (job.clone(), delay_seconds)));
        Ok(())
    }

    async fn send_probes(&self, _: &[ProbeJob]) -> Result<()> {
        Err(Error::not_found("a job that sends probes"))
    }
}

#[async_trait]
impl ActivityWrite for World {
    async fn record(&self, _: &Activity) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl DeletionBegin for World {
    async fn places(&self, _: &TenantId, _: &Subject, _: &[AccountId]) -> Result<Vec<Place>> {
        Ok(Vec::new())
    }

    async fn held_keys(&self, _: &TenantId, _: &Subject) -> Result<Vec<DataKeyId>> {
        Ok(Vec::new())
    }

    async fn begin(&self, deletion: &Deletion, _: Option<&EndUser>) -> Result<Cut> {
        if std::mem::take(&mut *self.comes_back.lock().unwrap()) {
            self.authorise_again();
        }
        if !self.stands(deletion) {
            return Ok(Cut::Nothing);
        }
        self.begun.lock().unwrap().push(deletion.clone());
        *self.now.lock().unwrap() += *self.cut_takes.lock().unwrap();
        match &deletion.subject {
            Subject::Account(_, account) => {
                let mut accounts = self.accounts.lock().unwrap();
                accounts.iter_mut().filter(|(id, ..)| id == account).for_each(|row| row.2 = State::Purging);
            }
            _ => *self.state.lock().unwrap() = State::Purging,
        }
        Ok(Cut::Made)
    }
}

impl World {
    fn authorise_again(&self) {
        let mut life = self.life.lock().unwrap();
        *life = Life { version: life.version + 1, ..Life::begin(self.now()) };
        *self.state.lock().unwrap() = State::Active;
    }

    /// Tells whether what a deletion rests on is still there.
    fn stands(&self, deletion: &Deletion) -> bool {
        match deletion.reason {
            Reason::AccountLost => {
                self.life.lock().unwrap().lost.iter().any(|(_, since)| *since == deletion.t0)
            }
            _ => *self.state.lock().unwrap() != State::Active,
        }
    }
}

#[async_trait]
impl LedgerRead for World {
    async fn deletion(&self, _: &TenantId, _: &DeletionId) -> Result<Option<Deletion>> {
        Ok(None)
    }

    async fn deletions(&self, _: &TenantId, _: Option<&DeletionId>, _: u32) -> Result<Vec<Deletion>> {
        Ok(Vec::new())
    }

    async fn by_code(&self, _: &Digest) -> Result<Option<Deletion>> {
        Ok(None)
    }

    async fn due(&self, _: Timestamp, _: u32) -> Result<Vec<Deletion>> {
        Ok(Vec::new())
    }
}
