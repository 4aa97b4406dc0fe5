//! Ablations: each guard is taken away by a port that lies, and the check that watches over it has to notice. With the
//! true port the same check is quiet. No guard can be switched off in the product itself.

#![expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a JSON value answers null for what is not there; a fake has to be named as its port"
)]

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::account::Account;
use mooring_domain::caller::{Caller, CredentialKind, Scope};
use mooring_domain::connect::{ActivationCode, AuthTransaction, DeletionLink};
use mooring_domain::connection::{Connection, Fence, State};
use mooring_domain::deletion::Place;
use mooring_domain::deletion_plan::PlanPorts;
use mooring_domain::grant;
use mooring_domain::idempotency::Attempt;
use mooring_domain::ids::{AccountId, ConnectionId, CredentialId, DeletionId, EndUser, TenantId};
use mooring_domain::keys::SealedBox;
use mooring_domain::ops::complete_callback::Arrival;
use mooring_domain::ops::{activate_connection, complete_callback, query_report, run_deletion, run_sync};
use mooring_domain::ports::{
    AccountRef, ConnectionRead, Entropy, FenceRead, Purge, TransientPut as _, TransientTake,
};
use mooring_domain::report::Level;
use mooring_domain::secret::{Confidential, Digest};
use mooring_domain::sheet::StoredSheet;
use mooring_domain::sync::{JobKind, SyncJob, Window};
use mooring_local::{Adapters, Connected};
use mooring_store::Store;
use mooring_tests_contract::values::put_sheet;
use mooring_tests_journeys::connecting::{arrive, parameter};
use mooring_tests_journeys::{Arrived, Size, World, checks, say, tables};

type Told<T> = mooring_domain::Result<T>;

/// Says that everything is active, whatever the store says.
struct Open(Arc<Store>);

#[async_trait]
impl FenceRead for Open {
    async fn fence(&self, _: &TenantId, _: &ConnectionId, account: Option<&AccountId>) -> Told<Fence> {
        Ok(Fence { connection: Some(State::Active), account: account.map(|_| State::Active) })
    }
}

#[async_trait]
impl ConnectionRead for Open {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Told<Option<Connection>> {
        let row = self.0.connection(tenant, id).await?;
        Ok(row.map(|row| Connection { state: State::Active, ..row }))
    }

    async fn connections(
        &self,
        tenant: &TenantId,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Told<Vec<Connection>> {
        self.0.connections(tenant, after, limit).await
    }

    async fn accounts(&self, tenant: &TenantId, id: &ConnectionId) -> Told<Vec<Account>> {
        let rows = self.0.accounts(tenant, id).await?;
        Ok(rows.into_iter().map(|row| Account { state: State::Active, ..row }).collect())
    }

    async fn candidates(&self, tenant: &TenantId, id: &ConnectionId) -> Told<Vec<SealedBox>> {
        self.0.candidates(tenant, id).await
    }
}

/// Deletes nothing and counts nothing.
struct Idle;

#[async_trait]
impl Purge for Idle {
    async fn purge(&self, _: &Place) -> Told<u64> {
        Ok(0)
    }

    async fn count(&self, _: &Place) -> Told<u64> {
        Ok(0)
    }
}

/// Reads transactions and codes without using them up, and gives codes to whoever asks.
struct Generous {
    store: Arc<Store>,
    keep: bool,
    end_user: Option<EndUser>,
}

#[async_trait]
impl TransientTake for Generous {
    async fn depart(&self, session: &Digest, to: (&Digest, &AuthTransaction)) -> Told<bool> {
        self.store.depart(session, to).await
    }

    async fn take_transaction(&self, key: &Digest, now: Timestamp) -> Told<Option<AuthTransaction>> {
        let taken = self.store.take_transaction(key, now).await?;
        if let Some(transaction) = taken.as_ref().filter(|_| self.keep) {
            // A session only to put the transaction back with.
            let link = Digest([9; 32]);
            self.store.put_session(&link, &transaction.session).await?;
            self.store.depart(&link, (key, transaction)).await?;
        }
        Ok(taken)
    }

    async fn decide(&self, key: &Digest, choice: &Digest, done: bool) -> Told<bool> {
        self.store.decide(key, choice, done).await
    }

    async fn take_code(&self, key: &Digest, now: Timestamp) -> Told<Option<ActivationCode>> {
        let taken = self.store.take_code(key, now).await?;
        Ok(taken.map(|code| match &self.end_user {
            Some(end_user) => ActivationCode { end_user: end_user.clone(), ..code },
            None => code,
        }))
    }

    async fn take_link(&self, key: &Digest, now: Timestamp) -> Told<Option<DeletionLink>> {
        self.store.take_link(key, now).await
    }
}

/// Finds everything equal.
struct Blind(Arc<dyn Entropy>);

impl Entropy for Blind {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill(buffer);
    }

    fn digest(&self, bytes: &[u8]) -> Digest {
        self.0.digest(bytes)
    }

    fn same(&self, _: &[u8], _: &[u8]) -> bool {
        true
    }

    fn derive(&self, secret: &[u8], label: &str) -> [u8; 32] {
        self.0.derive(secret, label)
    }
}

/// The product's server.
fn server(world: &World) -> Result<Caller> {
    Ok(Caller {
        tenant: world.stack.seeded().tenant.clone(),
        credential: "key_00000000000000000000000001".parse::<CredentialId>()?,
        kind: CredentialKind::ApiKey,
        scopes: Scope::ALL.to_vec(),
    })
}

fn place(world: &World, connected: &Connected) -> Result<AccountRef> {
    Ok(AccountRef {
        tenant: world.stack.seeded().tenant.clone(),
        connection: connected.id.parse()?,
        account: connected.accounts.first().context("no account")?.parse()?,
    })
}

async fn synced(world: &World) -> Result<Connected> {
    let connected = world.connect("fence").await?;
    world.stack.drain().await?;
    Ok(connected)
}

/// Everything that a reader gets of a connection, as violations once it is cut (S20).
async fn read(
    world: &World,
    connected: &Connected,
    fences: &dyn FenceRead,
    connections: &dyn ConnectionRead,
) -> Result<Vec<String>> {
    let Adapters { store, vault, .. } = world.stack.adapters();
    let ports = query_report::Ports {
        fences,
        connections,
        completeness: store.as_ref(),
        sheets: store.as_ref(),
        vault: store.as_ref(),
        keys: vault.as_ref(),
    };
    let at = place(world, connected)?;
    let mut violations = Vec::new();
    for level in Level::ALL {
        let query = query_report::Query {
            connection: at.connection.clone(),
            account: at.account.clone(),
            level,
            window: Window::new(date(2026, 11, 20), date(2026, 11, 22)).context("no window")?,
            columns: query_report::Column::all(),
            group_by: query_report::GroupBy { day: true, entity: false },
            sort: query_report::Sort { key: query_report::SortKey::Day, descending: false },
            limit: 10,
            as_of: None,
            after: None,
        };
        if let Ok(report) = query_report::run(&ports, &server(world)?, &query).await {
            violations.push(format!("{} rows of {}", report.rows.len(), level.as_str()));
        }
    }
    Ok(violations)
}

/// S20: without the state-aware read, what was cut is readable until its keys are gone.
#[tokio::test]
async fn s20_reads_look_at_the_state() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let connected = synced(&world).await?;
    let store = world.stack.adapters().store.clone();
    ensure!(
        read(&world, &connected, store.as_ref(), store.as_ref()).await?.len() == 4,
        "it is not readable at all"
    );
    world.disconnect(&connected.id).await?;
    let guarded = read(&world, &connected, store.as_ref(), store.as_ref()).await?;
    ensure!(guarded.is_empty(), "{guarded:?}");
    let open = Open(store);
    let ablated = read(&world, &connected, &open, &open).await?;
    ensure!(ablated.len() == 4, "nothing would notice readers that do not look at the state: {ablated:?}");
    say(&format!("state-aware read: {} violations without it", ablated.len()));
    Ok(())
}

/// One delivery of a sync job to a worker with the given fence.
async fn sync(world: &World, connected: &Connected, fences: &dyn FenceRead, slot: i64) -> Result<()> {
    let Adapters { store, vault, queues, registry, profile, clock, entropy, .. } = world.stack.adapters();
    let at = place(world, connected)?;
    let open = Open(store.clone());
    let grant = grant::Ports {
        clock: clock.as_ref(),
        entropy: entropy.as_ref(),
        fences,
        connections: &open,
        states: store.as_ref(),
        vault: store.as_ref(),
        keys: vault.as_ref(),
        connectors: registry.as_ref(),
        breakers: store.as_ref(),
        begin: store.as_ref(),
        ledger: store.as_ref(),
        profile: profile.as_ref(),
    };
    let ports = run_sync::Ports {
        grant,
        progress: store.as_ref(),
        completeness: store.as_ref(),
        stored: store.as_ref(),
        sheets: store.as_ref(),
        queue: queues.as_ref(),
        activity: store.as_ref(),
    };
    let job = SyncJob {
        tenant: at.tenant,
        connection: at.connection,
        account: at.account,
        kind: JobKind::First,
        // A first job reads names first, before any write that is conditional on the account.
        window: None,
        slot: Timestamp::from_second(slot)?,
        deferred: 0,
        not_before: None,
    };
    let deadline = world.now() + SignedDuration::from_mins(5);
    // How it ends is not the point: what it called and wrote is.
    drop(run_sync::run(&ports, &run_sync::Input { job, deadline }).await);
    Ok(())
}

/// Calls and writes after T0.
async fn after_cut(
    world: &World,
    connected: &Connected,
    fences: &dyn FenceRead,
    slot: i64,
) -> Result<Vec<String>> {
    let calls = world.stack.sandbox().counters().total;
    let before = tables::held(&world.stack, &connected.id).await?;
    sync(world, connected, fences, slot).await?;
    let mut violations = Vec::new();
    let called = world.stack.sandbox().counters().total - calls;
    if called > 0 {
        violations.push(format!("{called} platform calls"));
    }
    let after = tables::held(&world.stack, &connected.id).await?;
    if after != before {
        violations.push(format!("{before:?} became {after:?}"));
    }
    Ok(violations)
}

/// S20: without the fence a job that comes after the cut calls the platform. What it would write of its own progress is
/// held by a second guard, the condition on the account's fence.
#[tokio::test]
async fn s20_jobs_look_at_the_fence() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let connected = synced(&world).await?;
    world.disconnect(&connected.id).await?;
    let store = world.stack.adapters().store.clone();
    let guarded = after_cut(&world, &connected, store.as_ref(), 1).await?;
    ensure!(guarded.is_empty(), "{guarded:?}");
    let ablated = after_cut(&world, &connected, &Open(store), 2).await?;
    ensure!(!ablated.is_empty(), "nothing would notice jobs that do not look at the fence: {ablated:?}");
    say(&format!("fence: {ablated:?} without it"));
    Ok(())
}

/// One delivery to the deletion worker with the given purge.
async fn step(world: &World, id: &DeletionId, purge: &dyn Purge) -> Result<()> {
    let Adapters { store, vault, queues, registry, profile, clock, entropy, .. } = world.stack.adapters();
    let plan = PlanPorts {
        connections: store.as_ref(),
        begin: store.as_ref(),
        ledger: store.as_ref(),
        clock: clock.as_ref(),
        entropy: entropy.as_ref(),
    };
    let ports = run_deletion::Ports {
        plan,
        advance: store.as_ref(),
        queue: queues.as_ref(),
        purge,
        vault: store.as_ref(),
        keys: vault.as_ref(),
        connectors: registry.as_ref(),
        profile: profile.as_ref(),
    };
    run_deletion::run(&ports, &world.stack.seeded().tenant, id).await?;
    Ok(())
}

/// Disconnects, lets the first pass end, and plays a worker that was alive at the cut and writes after that pass.
async fn with_a_late_writer(world: &World) -> Result<(Connected, DeletionId)> {
    let connected = synced(world).await?;
    let id: DeletionId = world.disconnect(&connected.id).await?["id"].as_str().context("no id")?.parse()?;
    let store = world.stack.adapters().store.clone();
    step(world, &id, store.as_ref()).await?;
    let sheet = StoredSheet {
        name: "ad/2026-11-22".to_owned(),
        version: Timestamp::from_millisecond(world.now().as_millisecond())?,
        rows: 1,
        parts: vec![SealedBox(vec![0; 64])],
    };
    let expires_at = world.now() + SignedDuration::from_hours(24 * 700);
    put_sheet(store.as_ref(), &place(world, &connected)?, &sheet, expires_at).await?;
    Ok((connected, id))
}

/// Without the second pass, what a late worker wrote lies there for a day.
#[tokio::test]
async fn the_second_pass_takes_what_came_late() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let store = world.stack.adapters().store.clone();
    let (guarded, first) = with_a_late_writer(&world).await?;
    let (ablated, second) = with_a_late_writer(&world).await?;
    world.skip(SignedDuration::from_mins(21));
    step(&world, &first, store.as_ref()).await?;
    step(&world, &second, &Idle).await?;
    let left = checks::remains(&world.stack, &guarded.id).await?;
    ensure!(left.is_empty(), "{left:?}");
    let left = checks::remains(&world.stack, &ablated.id).await?;
    ensure!(!left.is_empty(), "nothing would notice a second pass that does nothing");
    say(&format!("second pass: {left:?} without it"));
    Ok(())
}

/// Without counting for real, a receipt is issued over rows that are there.
#[tokio::test]
async fn receipts_count_for_real() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let (connected, id) = with_a_late_writer(&world).await?;
    for minutes in [21, 24 * 60] {
        world.skip(SignedDuration::from_mins(minutes));
        step(&world, &id, &Idle).await?;
    }
    let receipt = world.status(&format!("/v1/deletions/{id}/receipt")).await?;
    let left = checks::remains(&world.stack, &connected.id).await?;
    ensure!(receipt == 200 && !left.is_empty(), "nothing would notice a false receipt: {receipt} {left:?}");
    Ok(())
}

/// Opens a callback with the given ports; answers whether it let the browser in.
async fn lets_in(
    world: &World,
    flow: &Arrived,
    (code, cookie): (&str, Option<&str>),
    (take, entropy): (&dyn TransientTake, &dyn Entropy),
) -> Result<bool> {
    let Adapters { store, vault, registry, profile, clock, .. } = world.stack.adapters();
    let ports = complete_callback::Ports {
        callers: store.as_ref(),
        take,
        read: store.as_ref(),
        put: store.as_ref(),
        connections: store.as_ref(),
        create: store.as_ref(),
        deletions: store.as_ref(),
        vault: store.as_ref(),
        open: vault.as_ref(),
        mint: vault.as_ref(),
        connectors: registry.as_ref(),
        profile: profile.as_ref(),
        clock: clock.as_ref(),
        entropy,
    };
    let input = complete_callback::Input {
        platform: "tiktok_ads".to_owned(),
        context: "statasphere".to_owned(),
        state: Confidential::new(parameter(&flow.callback, "state")?),
        code: Some(code.to_owned().into()),
        issuer: None,
        cookie: cookie.map(Confidential::new),
    };
    let before = redeemed(world);
    let arrived = complete_callback::run(&ports, &input).await;
    // A browser that comes again is led where it was led before; let in is only whose code was redeemed.
    Ok(matches!(arrived, Ok(Arrival::Onward(_))) && redeemed(world) > before)
}

/// How many codes the platform has redeemed.
fn redeemed(world: &World) -> u64 {
    world.stack.sandbox().counters().endpoints.get("oauth2/access_token/").copied().unwrap_or(0)
}

/// A code of the attacker's own, for everything.
fn attackers_code(world: &World) -> String {
    let sandbox = world.stack.sandbox();
    sandbox.consent(sandbox.advertiser_ids(), vec![100, 200, 210, 220, 44])
}

/// Without consume-first, a state that was seen once lets a second code in.
#[tokio::test]
async fn a_state_is_consumed_first() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let Adapters { store, entropy, .. } = world.stack.adapters();
    let generous = Generous { store: store.clone(), keep: true, end_user: None };
    let mut entered = Vec::new();
    for take in [store.as_ref() as &dyn TransientTake, &generous] {
        let flow = arrive(&world, &world.product, "consume").await?;
        let cookie = Some(flow.cookie.1.as_str());
        let mut count = 0;
        for _ in 0..3 {
            let code = attackers_code(&world);
            count += usize::from(lets_in(&world, &flow, (&code, cookie), (take, entropy.as_ref())).await?);
        }
        entered.push(count);
    }
    ensure!(entered == [1, 3], "with and without consuming first: {entered:?}");
    Ok(())
}

/// Without the cookie check, another browser finishes what this one began.
#[tokio::test]
async fn a_callback_wants_its_cookie() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let Adapters { store, entropy, .. } = world.stack.adapters();
    let blind = Blind(entropy.clone());
    let mut entered = Vec::new();
    for entropy in [entropy.as_ref(), &blind as &dyn Entropy] {
        for cookie in [None, Some("planted")] {
            let flow = arrive(&world, &world.product, "cookie").await?;
            let code = attackers_code(&world);
            entered.push(lets_in(&world, &flow, (&code, cookie), (store.as_ref(), entropy)).await?);
        }
    }
    ensure!(entered == [false, false, true, true], "with and without the check: {entered:?}");
    Ok(())
}

/// Without the same end user, the attacker's account lands in the victim's workspace.
#[tokio::test]
async fn an_activation_wants_the_same_end_user() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let Adapters { store, queues, profile, clock, entropy, .. } = world.stack.adapters();
    let victim: EndUser = "victim".parse()?;
    let generous = Generous { store: store.clone(), keep: false, end_user: Some(victim.clone()) };
    let mut taken_up = Vec::new();
    for take in [store.as_ref() as &dyn TransientTake, &generous] {
        let mut person = mooring_local::Person::new()?;
        let back = world.product.connect_until_return(&mut person, "attacker", None).await?;
        let attempt = Attempt::once(world.now(), entropy.clone());
        let ports = activate_connection::Ports {
            attempt: &attempt,
            take,
            connections: store.as_ref(),
            held: store.as_ref(),
            activate: store.as_ref(),
            queue: queues.as_ref(),
            profile: profile.as_ref(),
            clock: clock.as_ref(),
            entropy: entropy.as_ref(),
        };
        let input = activate_connection::Input {
            connection: parameter(&back, "connection_id")?.parse()?,
            code: parameter(&back, "code")?,
            end_user: victim.clone(),
        };
        taken_up.push(activate_connection::run(&ports, &server(&world)?, &input).await.is_ok());
    }
    ensure!(taken_up == [false, true], "with and without the same end user: {taken_up:?}");
    Ok(())
}
