//! Compares the stored accounts with those that the platform lists.
//!
//! A list alone proves no loss: it may be empty, cut short, or lack one batch. So the probe asks for an account that
//! the list does not describe by itself; only the platform's refusal of that question is evidence. Where the list
//! still names the account, the refusal has to say that the account is lost: any other refusal may be about a right
//! that the grant, or the whole app, lacks.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Probe;
use crate::base::error::{ACCOUNT_LOST, Error, Kind, Result};
use crate::base::ids::{AccountId, AccountRef, DeletionId};
use crate::base::window::Window;
use crate::connect::account::{Account, profile_slot};
use crate::connect::connection::{Connection, State};
use crate::connect::token_life::{CONFIRM, Life, STALE};
use crate::deletion::ledger::{Deletion, Reason};
use crate::deletion::steps::begin_deletion::end_account;
use crate::platform::account::{AccountList, PlatformAccount, Unusable, decode_accounts, encode_accounts};
use crate::platform::capabilities::{CallContext, ReportQuestion};
use crate::platform::figures::Level;
use crate::sync::job::{JobKind, SyncJob};
use crate::vault::keys::DataKey;

/// How far the starting account moves in an hour, in 65,536ths of the accounts. It is the golden section, whose steps
/// fall far from each other whatever the number of accounts.
const STEP: usize = 40_503;

/// How long the question about one account may take: a question that hangs must not take the time of the others.
const QUESTION: Duration = Duration::from_secs(10);

/// The result of a comparison.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Accounts whose loss was confirmed, and which were let go.
    pub(super) lost: usize,
    /// The deletion of the connection, when its last account was let go.
    pub(super) ended: Option<DeletionId>,
    pub(super) missed: usize,
    pub(super) renewed: usize,
    pub(super) odd: usize,
    /// True when this invocation had no time for every account.
    pub(super) is_unfinished: bool,
}

/// The entry of the platform's list for a stored account.
enum Listed<'a> {
    /// The grant reaches the account.
    Described(&'a PlatformAccount),
    /// The grant reaches the account, and the platform's description leaves open what its figures mean now.
    Odd,
    /// The list names the account, and says nothing of it.
    Named,
    /// The list does not name the account.
    Absent,
}

impl<'a> Listed<'a> {
    fn of(list: &'a AccountList, id: &str) -> Self {
        if let Some(described) = list.usable.iter().find(|listed| listed.external_id == id) {
            return Self::Described(described);
        }
        match list.unusable.iter().find(|listed| listed.external_id == id).map(|listed| listed.reason) {
            // An entry whose id cannot be read may be this account.
            None if list.unusable.iter().any(|listed| listed.reason == Unusable::NoId) => Self::Named,
            None => Self::Absent,
            Some(
                Unusable::NoCurrency | Unusable::UnknownCurrency | Unusable::NoZone | Unusable::UnknownZone,
            ) => Self::Odd,
            Some(Unusable::NoId | Unusable::Refused | Unusable::NotDescribed | Unusable::NotRead) => {
                Self::Named
            }
        }
    }

    /// Returns whether a refusal of the account by itself is evidence that the account is lost.
    fn is_borne_out(&self, refusal: &Error) -> bool {
        match self {
            Self::Absent => refusal.kind == Kind::NotPermitted,
            _ => refusal.code == ACCOUNT_LOST,
        }
    }
}

/// Compares each live account with the platform's list.
pub(super) async fn compare(probe: &Probe<'_>, life: &mut Life, list: &AccountList) -> Result<Seen> {
    let mut seen = Seen::default();
    let accounts = probe.ports.rows.accounts(&probe.row.tenant, &probe.row.id).await?;
    let mut accounts: Vec<_> =
        accounts.into_iter().filter(|account| account.state != State::Purging).collect();
    life.lost.retain(|(lost, _)| accounts.iter().any(|account| account.id == *lost));
    in_turn(&mut accounts, life, probe.ports.clock.now());
    for account in &accounts {
        if probe.has_less_than(super::ENOUGH) {
            seen.is_unfinished = true;
            break;
        }
        let at = reference(probe, account);
        let Some(key) = probe.ports.grant().data_key(&at).await? else { continue };
        let known = described(account, key.as_ref())?;
        match Listed::of(list, &known.external_id) {
            Listed::Described(listed) => {
                life.find(&account.id);
                let now = named(listed, &known);
                if now != known {
                    renew(probe, account, key.as_ref(), &known, &now).await?;
                    seen.renewed += 1;
                }
            }
            Listed::Odd => {
                life.find(&account.id);
                seen.odd += 1;
            }
            listed => {
                if let Some(since) = miss(probe, life, (account, &known, &listed), &mut seen).await? {
                    let ended = let_go(probe, &account.id, since).await?;
                    life.find(&account.id);
                    seen.lost += usize::from(ended.is_some());
                    // Only a whole connection has a grant to revoke.
                    seen.ended = ended.filter(Deletion::revokes).map(|ended| ended.id);
                }
            }
        }
        if seen.ended.is_some() {
            break;
        }
    }
    Ok(seen)
}

/// Puts accounts whose loss can be confirmed first, and begins the others at another account each hour: an account
/// that one invocation has no time for gets its turn in a later one.
fn in_turn(accounts: &mut [Account], life: &Life, now: Timestamp) {
    let hour = usize::try_from(now.as_second() / 3_600).unwrap_or_default();
    let turn = (hour.wrapping_mul(STEP) % 65_536).saturating_mul(accounts.len()) / 65_536;
    accounts.rotate_left(turn);
    let can_be_confirmed = |since: Timestamp| (since + CONFIRM..=since + CONFIRM + STALE).contains(&now);
    accounts.sort_by_key(|account| !life.missed_since(&account.id).is_some_and(can_be_confirmed));
}

/// Returns the account as the platform lists it. A list that leaves the name out says nothing of the name, so the
/// known name stays.
fn named(listed: &PlatformAccount, known: &PlatformAccount) -> PlatformAccount {
    let name = if listed.name.is_empty() { &known.name } else { &listed.name };
    PlatformAccount { name: name.clone(), ..listed.clone() }
}

/// Asks for a missing account by itself. Returns the instant of the first evidence where the loss is confirmed.
async fn miss(
    probe: &Probe<'_>,
    life: &mut Life,
    (account, known, listed): (&Account, &PlatformAccount, &Listed<'_>),
    seen: &mut Seen,
) -> Result<Option<Timestamp>> {
    let now = probe.ports.clock.now();
    // A refusal before that would say nothing new.
    if life.missed_since(&account.id).is_some_and(|since| now < since + CONFIRM) {
        seen.missed += 1;
        return Ok(None);
    }
    let Some(reports) = probe.connector.reports() else { return Ok(None) };
    // A day that is over, or has begun, in every time zone.
    let day = (now - SignedDuration::from_hours(24)).to_zoned_datetime(TimeZone::UTC).date();
    let window = Window { from: day, to: day };
    let question = ReportQuestion { account: &known.external_id, level: Level::Account, window };
    let cx = probe.cx();
    let cx = CallContext { patience: cx.patience.min(QUESTION), ..cx };
    match reports.page(&cx, &question, None).await {
        Ok(_) => life.find(&account.id),
        Err(error) if listed.is_borne_out(&error) => {
            let confirmed = life.lose(&account.id, probe.ports.clock.now());
            seen.missed += usize::from(confirmed.is_none());
            return Ok(confirmed);
        }
        // A missing right says nothing of the account, and asking again soon changes nothing.
        Err(error) if error.kind == Kind::NotPermitted => {}
        // The state of the account is unknown: this is neither evidence nor the end of evidence.
        Err(_) => seen.is_unfinished = true,
    }
    Ok(None)
}

/// Lets an account go; `None` when its person came back meanwhile. With the last account the connection ends.
async fn let_go(probe: &Probe<'_>, account: &AccountId, since: Timestamp) -> Result<Option<Deletion>> {
    end_account(&probe.ports.grant().plan(), &probe.row, account, Reason::AccountLost, since).await
}

/// Stores the account's present description. Figures of another currency or of other days are read again from the
/// oldest day that has any: the first job finds that day.
async fn renew(
    probe: &Probe<'_>,
    account: &Account,
    key: &dyn DataKey,
    known: &PlatformAccount,
    now: &PlatformAccount,
) -> Result<()> {
    let at = reference(probe, account);
    let renewed = Account {
        currency: now.currency,
        zone: now.zone.clone(),
        profile: key.seal(&profile_slot(&account.id), &encode_accounts(std::slice::from_ref(now)))?,
        ..account.clone()
    };
    let means_the_same = known.currency == now.currency && known.zone == now.zone;
    let again = (!means_the_same).then(|| SyncJob {
        tenant: at.tenant.clone(),
        connection: at.connection.clone(),
        account: at.account.clone(),
        kind: JobKind::First,
        window: None,
        slot: probe.ports.clock.now(),
        deferred: 0,
        not_before: None,
    });
    probe.ports.rows.renew_account(&at, &renewed, again.as_ref()).await
}

fn reference(probe: &Probe<'_>, account: &Account) -> AccountRef {
    let Connection { tenant, id, .. } = &probe.row;
    AccountRef { tenant: tenant.clone(), connection: id.clone(), account: account.id.clone() }
}

fn described(account: &Account, key: &dyn DataKey) -> Result<PlatformAccount> {
    let plain = key.open(&profile_slot(&account.id), &account.profile)?;
    let described = decode_accounts(plain.bytes()).and_then(|all| all.into_iter().next());
    described.ok_or_else(|| {
        Error::new(Kind::Sealed, "broken_value", "A sealed value opens to something else than it should be.")
    })
}
