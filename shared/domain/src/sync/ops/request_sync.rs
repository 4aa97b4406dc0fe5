//! Asks for a sync of one account now: at most one each quarter of an hour, and none beside one that runs.
//!
//! Syncs come by themselves each period. Somebody who asks does not want to wait for the next one, so the job reads the
//! days that the next one would read.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::host::Clock;
use crate::base::ids::{AccountId, AccountRef, ConnectionId};
use crate::base::queue::JobQueue;
use crate::base::together::both;
use crate::connect::connection::Connection;
use crate::connect::ports::ConnectionRead;
use crate::guard::idempotency::{Attempt, KEPT, Standing};
use crate::people::caller::{Caller, Scope};
use crate::platform::profile::Profile;
use crate::sync::job::{JobKind, SyncJob, latest_slot, next_slot};
use crate::sync::ports::{SyncAsk, SyncProgress};
use crate::sync::state::SyncState;

/// How long an account's next sync may not be asked for.
pub const ASK_EVERY: SignedDuration = SignedDuration::from_mins(15);

/// How long a job that was sent counts as running, if no try of it has ended.
const RUNS: SignedDuration = SignedDuration::from_mins(15);

rows!(ConnectionRead, SyncProgress, SyncAsk);

/// What the record of a call keeps when the call sent a job, so that a repetition answers the same.
pub const SENT: &str = "sent";

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Queues the job.
    pub queue: Arc<dyn JobQueue<SyncJob>>,
    /// The product.
    pub profile: Arc<Profile>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// True when a job was sent; false when one was under way already.
    pub is_sent: bool,
    /// When the next sync comes by itself.
    pub next_at: Timestamp,
    /// From when on the next sync may be asked for.
    pub again_at: Timestamp,
}

/// Sends a job for an account, unless one is under way.
pub async fn run(
    ports: &Ports,
    attempt: &Attempt,
    caller: &Caller,
    connection: &ConnectionId,
    account: &AccountId,
) -> Result<Output> {
    caller.require(Scope::Sync)?;
    let (connection, at, state) = find(ports, caller, connection, account).await?;
    let period = ports.profile.period_minutes(&connection.platform);
    let now = ports.clock.now();
    let output = |is_sent, asked: Timestamp| Output {
        is_sent,
        next_at: next_slot(&connection.id, period, now),
        again_at: asked + ASK_EVERY,
    };
    if let Standing::Done(kept) = &attempt.standing {
        let asked = state.asked_at.filter(|asked| now.duration_since(*asked) < KEPT);
        return Ok(output(kept.as_deref() == Some(SENT), asked.unwrap_or(now - ASK_EVERY)));
    }
    if attempt.standing == Standing::First && is_under_way(&state, &connection, period, now) {
        return Ok(output(false, state.asked_at.unwrap_or(now - ASK_EVERY)));
    }
    let asked = ask(ports, attempt, &at, now).await?;
    ports.queue.send(&[job(at, asked)], 0).await?;
    Ok(output(true, asked))
}

/// Reads the connection, the account and how its syncs go, all of them named by the caller.
async fn find(
    ports: &Ports,
    caller: &Caller,
    id: &ConnectionId,
    account: &AccountId,
) -> Result<(Connection, AccountRef, SyncState)> {
    let at = AccountRef { tenant: caller.tenant.clone(), connection: id.clone(), account: account.clone() };
    let rows = &ports.rows;
    let (found, (accounts, state)) =
        both(rows.connection(&at.tenant, id), both(rows.accounts(&at.tenant, id), rows.sync_state(&at)))
            .await;
    let connection = found?.filter(|row| caller.may_see(&row.end_user));
    let connection = connection.ok_or_else(|| Error::not_found("connection"))?;
    let row = accounts?.into_iter().find(|row| row.id == *account);
    let row = row.ok_or_else(|| Error::not_found("account"))?;
    if !connection.state.is_syncable() || !row.state.is_syncable() {
        let message = if connection.state.is_syncable() {
            format!("An account that is `{}` does not sync.", row.state.as_str())
        } else {
            format!("A connection that is `{}` does not sync.", connection.state.as_str())
        };
        return Err(Error::conflict("not_syncable", message));
    }
    Ok((connection, at, state?))
}

/// Returns whether a job runs, waits in the queue, or waits for its next try. A message that was lost ends this after a
/// quarter of an hour.
fn is_under_way(state: &SyncState, connection: &Connection, period: u16, now: Timestamp) -> bool {
    let planned = latest_slot(&connection.id, period, now);
    let first = state.backfill.as_ref().map(|backfill| backfill.slot);
    let begun = first.unwrap_or(connection.created_at).max(planned);
    let is_open = now.duration_since(begun) < RUNS && state.last_attempt.is_none_or(|ended| ended < begun);
    let tried_lately = || state.last_attempt.is_some_and(|ended| now.duration_since(ended) < RUNS);
    is_open || (state.failure.is_some_and(|failure| !failure.gave_up) && tried_lately())
}

/// Takes the account's turn. An attempt that broke off after it took the turn uses it.
async fn ask(ports: &Ports, attempt: &Attempt, at: &AccountRef, now: Timestamp) -> Result<Timestamp> {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    if ports.rows.ask_sync(at, now, now - ASK_EVERY).await? {
        return Ok(now);
    }
    let asked = ports.rows.sync_state(at).await?.asked_at.unwrap_or(now);
    if attempt.standing == Standing::Again { Ok(asked) } else { Err(too_soon(asked + ASK_EVERY, now)) }
}

fn too_soon(again_at: Timestamp, now: Timestamp) -> Error {
    let wait =
        Duration::try_from(again_at.duration_since(now)).unwrap_or_default().max(Duration::from_secs(1));
    let message = format!("A sync of this account was asked for lately; ask again at {again_at:.3}.");
    Error::new(Kind::RateLimited, "sync_too_soon", message).retry(Retry::After(Some(wait)))
}

fn job(AccountRef { tenant, connection, account }: AccountRef, slot: Timestamp) -> SyncJob {
    let (kind, window, deferred, not_before) = (JobKind::Requested, None, 0, None);
    SyncJob { tenant, connection, account, kind, window, slot, deferred, not_before }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::connection::State;
    use crate::sync::ops::run_sync;
    use crate::testing::{World, a_connection, account, attempt, browser, connection, ports, ready, server};

    fn ask(world: &Arc<World>, standing: Standing) -> Result<Output> {
        let ports = ports!(world, Ports { rows, queue, profile, clock });
        ready(run(&ports, &attempt(standing), &server(), &connection(), &account()))
    }

    /// Makes a world whose account was synced in its last slot, twenty minutes ago.
    fn synced() -> Arc<World> {
        let world = World::connected();
        let slot = next_slot(&connection(), 60, world.now());
        world.set_now(slot);
        world.run(&world.job(JobKind::First)).unwrap();
        world.sync.sent.lock().unwrap().clear();
        world.advance(20);
        world
    }

    fn sent(world: &World) -> Vec<SyncJob> {
        world.sync.sent.lock().unwrap().iter().map(|(job, _)| job.clone()).collect()
    }

    #[test]
    fn a_sync_is_sent_once_in_a_quarter_of_an_hour() {
        let world = synced();
        let output = ask(&world, Standing::First).unwrap();
        assert!(output.is_sent && output.again_at == world.now() + ASK_EVERY && output.next_at > world.now());
        let [job] = <[_; 1]>::try_from(sent(&world)).unwrap();
        assert_eq!((job.kind, job.slot), (JobKind::Requested, world.now()));
        assert!(matches!(world.run(&job).unwrap(), run_sync::Outcome::Done { rows: 21, .. }), "three days");
        world.advance(14);
        let error = ask(&world, Standing::First).unwrap_err();
        assert_eq!((error.code, error.retry), ("sync_too_soon", Retry::After(Some(Duration::from_mins(1)))));
        world.advance(1);
        assert!(ask(&world, Standing::First).unwrap().is_sent);
        assert_eq!(sent(&world).len(), 2);
    }

    #[test]
    fn a_repeated_request_sends_nothing_and_one_that_broke_off_sends_the_same_job() {
        let world = synced();
        ask(&world, Standing::First).unwrap();
        assert!(ask(&world, Standing::Done(Some(SENT.to_owned()))).unwrap().is_sent);
        assert!(!ask(&world, Standing::Done(None)).unwrap().is_sent, "a call that found one under way");
        assert_eq!(sent(&world).len(), 1);
        world.advance(1);
        ask(&world, Standing::Again).unwrap();
        let [first, again] = <[_; 2]>::try_from(sent(&world)).unwrap();
        assert_eq!(first, again);
    }

    #[test]
    fn a_job_that_is_under_way_is_not_doubled() {
        let fresh = World::connected();
        let mut row = a_connection(connection());
        row.created_at = fresh.now();
        fresh.put_connection(row);
        assert!(!ask(&fresh, Standing::First).unwrap().is_sent, "the first job waits in the queue");

        let planned = synced();
        planned.advance(41);
        assert!(!ask(&planned, Standing::First).unwrap().is_sent, "the planner's job was just sent");
        planned.advance(15);
        assert!(ask(&planned, Standing::First).unwrap().is_sent, "its message was lost");

        let retrying = synced();
        *retrying.platform.refuse.lock().unwrap() = Some((Kind::Upstream, "upstream", true));
        retrying.run(&retrying.job(JobKind::Restate)).unwrap();
        assert!(!ask(&retrying, Standing::First).unwrap().is_sent, "a job waits for its next try");
    }

    #[test]
    fn only_an_account_that_syncs_and_belongs_to_the_caller_can_be_asked_for() {
        let world = synced();
        for state in [State::Pending, State::NeedsReauth, State::Purging] {
            world.put_connection(Connection { state, ..a_connection(connection()) });
            assert_eq!(ask(&world, Standing::First).unwrap_err().code, "not_syncable", "{state:?}");
        }
        let ports = ports!(world, Ports { rows, queue, profile, clock });
        let stranger = async {
            run(&ports, &attempt(Standing::First), &browser("u-2"), &connection(), &account()).await
        };
        assert_eq!(ready(stranger).unwrap_err().code, "not_found");
        assert!(sent(&world).is_empty());
    }
}
