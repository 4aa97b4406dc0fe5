//! Ablations: a port that lies takes each guard away, and the check of that guard has to notice. With the true port the
//! same check is quiet. Nothing can switch off a guard in the product itself.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::host::Entropy;
use mooring_domain::base::ids::AccountRef;
use mooring_domain::base::ids::{CredentialId, DeletionId, EndUser};
use mooring_domain::base::secret::{Confidential, Digest};
use mooring_domain::base::window::Window;
use mooring_domain::connect::ops::complete_callback::CallbackOutcome;
use mooring_domain::connect::ops::{activate_connection, complete_callback};
use mooring_domain::deletion::ops::run_deletion;
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::{Caller, CredentialKind, Scope};
use mooring_domain::platform::figures::Level;
use mooring_domain::report::ops::query_report;
use mooring_domain::sync::chunk::StoredChunk;
use mooring_domain::sync::job::{JobKind, SyncJob};
use mooring_domain::sync::ops::run_sync;
use mooring_domain::vault::keys::SealedBox;
use mooring_local::Connected;
use mooring_tests_contract::values::put_chunk;
use mooring_tests_journeys::altered::{Altered, Lies};
use mooring_tests_journeys::connecting::{arrive, parameter};
use mooring_tests_journeys::{Arrived, Size, World, checks, say, tables};

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

/// Returns the product's server as a caller.
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

/// Lists everything that a reader gets of a connection, as violations after its cutoff (S20).
async fn read(
    world: &World,
    connected: &Connected,
    rows: Arc<dyn query_report::Rows>,
) -> Result<Vec<String>> {
    let ports = query_report::Ports { rows, keys: world.stack.adapters().vault.clone() };
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

/// S20: without the read of the state, a connection is readable after its cutoff until its keys are gone.
#[tokio::test]
async fn s20_reads_check_the_state() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let connected = synced(&world).await?;
    let store = world.stack.adapters().store.clone();
    ensure!(read(&world, &connected, store.clone()).await?.len() == 4, "it is not readable at all");
    world.disconnect(&connected.id).await?;
    let guarded = read(&world, &connected, store.clone()).await?;
    ensure!(guarded.is_empty(), "{guarded:?}");
    let open = Altered::new(&store, Lies { open_fence: true, all_active: true, ..Lies::default() });
    let ablated = read(&world, &connected, open).await?;
    ensure!(ablated.len() == 4, "nothing would notice readers that do not look at the state: {ablated:?}");
    say(&format!("state-aware read: {} violations without it", ablated.len()));
    Ok(())
}

/// Makes one delivery of a sync job to a worker whose fence is closed as it should be, or always open. Connections
/// always say that they are active.
async fn sync(world: &World, connected: &Connected, open_fence: bool, slot: i64) -> Result<()> {
    let adapters = world.stack.adapters();
    let at = place(world, connected)?;
    let ports = run_sync::Ports {
        clock: adapters.clock.clone(),
        entropy: adapters.entropy.clone(),
        rows: Altered::new(&adapters.store, Lies { open_fence, all_active: true, ..Lies::default() }),
        keys: adapters.vault.clone(),
        connectors: adapters.registry.clone(),
        profile: adapters.profile.clone(),
        queue: adapters.queues.clone(),
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
    // The end of the job does not matter: its calls and writes do.
    drop(run_sync::run(&ports, &run_sync::Input { job, deadline }).await);
    Ok(())
}

/// Lists the calls and writes after T0.
async fn after_cut(world: &World, connected: &Connected, open_fence: bool, slot: i64) -> Result<Vec<String>> {
    let calls = world.stack.sandbox().counters().total;
    let before = tables::held(&world.stack, &connected.id).await?;
    sync(world, connected, open_fence, slot).await?;
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

/// S20: without the fence a job that comes after the cutoff calls the platform. A second guard, the condition on the
/// account's fence, refuses the writes of its own progress.
#[tokio::test]
async fn s20_jobs_check_the_fence() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let connected = synced(&world).await?;
    world.disconnect(&connected.id).await?;
    let guarded = after_cut(&world, &connected, false, 1).await?;
    ensure!(guarded.is_empty(), "{guarded:?}");
    let ablated = after_cut(&world, &connected, true, 2).await?;
    ensure!(!ablated.is_empty(), "nothing would notice jobs that do not look at the fence: {ablated:?}");
    say(&format!("fence: {ablated:?} without it"));
    Ok(())
}

/// Makes one delivery to the deletion worker, which purges or only pretends to.
async fn step(world: &World, id: &DeletionId, idle_purge: bool) -> Result<()> {
    let adapters = world.stack.adapters();
    let ports = run_deletion::Ports {
        clock: adapters.clock.clone(),
        entropy: adapters.entropy.clone(),
        rows: Altered::new(&adapters.store, Lies { idle_purge, ..Lies::default() }),
        queue: adapters.queues.clone(),
        keys: adapters.vault.clone(),
        connectors: adapters.registry.clone(),
        profile: adapters.profile.clone(),
    };
    run_deletion::run(&ports, &world.stack.seeded().tenant, id).await?;
    Ok(())
}

/// Disconnects, lets the first pass end, and plays a worker that was alive at the cutoff and writes after that pass.
async fn with_a_late_writer(world: &World) -> Result<(Connected, DeletionId)> {
    let connected = synced(world).await?;
    let id: DeletionId = world.disconnect(&connected.id).await?["id"].as_str().context("no id")?.parse()?;
    let store = world.stack.adapters().store.clone();
    step(world, &id, false).await?;
    let chunk = StoredChunk {
        name: "ad/2026-11-22".to_owned(),
        version: Timestamp::from_millisecond(world.now().as_millisecond())?,
        rows: 1,
        parts: vec![SealedBox(vec![0; 64])],
    };
    let expires_at = world.now() + SignedDuration::from_hours(24 * 700);
    put_chunk(store.as_ref(), &place(world, &connected)?, &chunk, expires_at).await?;
    Ok((connected, id))
}

/// Without the second pass, the rows of a late worker stay for a day.
#[tokio::test]
async fn the_second_pass_takes_what_came_late() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let (guarded, first) = with_a_late_writer(&world).await?;
    let (ablated, second) = with_a_late_writer(&world).await?;
    world.skip(SignedDuration::from_mins(21));
    step(&world, &first, false).await?;
    step(&world, &second, true).await?;
    let left = checks::remains(&world.stack, &guarded.id).await?;
    ensure!(left.is_empty(), "{left:?}");
    let left = checks::remains(&world.stack, &ablated.id).await?;
    ensure!(!left.is_empty(), "nothing would notice a second pass that does nothing");
    say(&format!("second pass: {left:?} without it"));
    Ok(())
}

/// Without a real count, a receipt is issued although rows are there.
#[tokio::test]
async fn receipts_count_for_real() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let (connected, id) = with_a_late_writer(&world).await?;
    for minutes in [21, 24 * 60] {
        world.skip(SignedDuration::from_mins(minutes));
        step(&world, &id, true).await?;
    }
    let receipt = world.status(&format!("/v1/deletions/{id}/receipt")).await?;
    let left = checks::remains(&world.stack, &connected.id).await?;
    ensure!(receipt == 200 && !left.is_empty(), "nothing would notice a false receipt: {receipt} {left:?}");
    Ok(())
}

/// Opens a callback with the given ports; returns whether it let the browser in.
async fn lets_in(
    world: &World,
    flow: &Arrived,
    (code, cookie): (&str, Option<&str>),
    (lies, entropy): (Lies, &Arc<dyn Entropy>),
) -> Result<bool> {
    let adapters = world.stack.adapters();
    let ports = complete_callback::Ports {
        rows: Altered::new(&adapters.store, lies),
        keys: adapters.vault.clone(),
        new_keys: adapters.vault.clone(),
        connectors: adapters.registry.clone(),
        profile: adapters.profile.clone(),
        clock: adapters.clock.clone(),
        entropy: Arc::clone(entropy),
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
    // A browser that comes again is led where it was led before; only a redeemed code lets a browser in.
    Ok(matches!(arrived, Ok(CallbackOutcome::Onward(_))) && redeemed(world) > before)
}

/// Returns how many codes the platform has redeemed.
fn redeemed(world: &World) -> u64 {
    world.stack.sandbox().counters().endpoints.get("oauth2/access_token/").copied().unwrap_or(0)
}

/// Makes a code of the attacker's own, for everything.
fn attackers_code(world: &World) -> String {
    let sandbox = world.stack.sandbox();
    sandbox.consent(sandbox.advertiser_ids(), vec![100, 200, 210, 220, 44])
}

/// Without consume-first, a state that was seen once lets a second code in.
#[tokio::test]
async fn a_state_is_consumed_first() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let entropy = &world.stack.adapters().entropy;
    let mut entered = Vec::new();
    for keeps_transactions in [false, true] {
        let lies = Lies { keeps_transactions, ..Lies::default() };
        let flow = arrive(&world, &world.product, "consume").await?;
        let cookie = Some(flow.cookie.1.as_str());
        let mut count = 0;
        for _ in 0..3 {
            let code = attackers_code(&world);
            count += usize::from(lets_in(&world, &flow, (&code, cookie), (lies.clone(), entropy)).await?);
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
    let entropy = world.stack.adapters().entropy.clone();
    let blind: Arc<dyn Entropy> = Arc::new(Blind(entropy.clone()));
    let mut entered = Vec::new();
    for entropy in [entropy, blind] {
        for cookie in [None, Some("planted")] {
            let flow = arrive(&world, &world.product, "cookie").await?;
            let code = attackers_code(&world);
            entered.push(lets_in(&world, &flow, (&code, cookie), (Lies::default(), &entropy)).await?);
        }
    }
    ensure!(entered == [false, false, true, true], "with and without the check: {entered:?}");
    Ok(())
}

/// Without the same end user, the attacker's account lands in the victim's workspace.
#[tokio::test]
async fn an_activation_wants_the_same_end_user() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let adapters = world.stack.adapters();
    let victim: EndUser = "victim".parse()?;
    let mut taken_up = Vec::new();
    for codes_of in [None, Some(victim.clone())] {
        let mut person = mooring_local::Person::new()?;
        let back = world.product.connect_until_return(&mut person, "attacker", None).await?;
        let attempt = Attempt::once(world.now(), adapters.entropy.clone());
        let ports = activate_connection::Ports {
            rows: Altered::new(&adapters.store, Lies { codes_of, ..Lies::default() }),
            queue: adapters.queues.clone(),
            profile: adapters.profile.clone(),
            clock: adapters.clock.clone(),
            entropy: adapters.entropy.clone(),
        };
        let input = activate_connection::Input {
            connection: parameter(&back, "connection_id")?.parse()?,
            code: parameter(&back, "code")?,
            end_user: victim.clone(),
        };
        taken_up.push(activate_connection::run(&ports, &attempt, &server(&world)?, &input).await.is_ok());
    }
    ensure!(taken_up == [false, true], "with and without the same end user: {taken_up:?}");
    Ok(())
}
