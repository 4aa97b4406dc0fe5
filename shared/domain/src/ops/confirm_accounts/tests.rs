//! The choice against a store of a few lines: what belongs together, what is used up, and what a repetition meets.

use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::account::Account;
use crate::caller::{Credential, Tenant};
use crate::connect::way::WayBack;
use crate::connect::{ActivationCode, AuthTransaction, ConnectSession, DeletionLink};
use crate::connection::{Tier, TokenRow};
use crate::ids::{ConnectionId, CredentialId, DataKeyId, TenantId};
use crate::keys::{SealedBox, WrappedKey};
use crate::ports::{DataKey, Holders, NewAccount};
use crate::random::tests::Counting;
use crate::secret::{Fingerprint, Plain};

/// Two flows of one browser, each with a list of its own, and what was written.
struct World {
    entropy: Counting,
    tickets: Mutex<Vec<(Digest, ConfirmTicket)>>,
    lists: Mutex<Vec<(ConnectionId, Vec<SealedBox>)>>,
    accounts: Mutex<Vec<(ConnectionId, NewAccount)>>,
    codes: Mutex<Vec<ActivationCode>>,
    broken: Mutex<bool>,
    blind: Mutex<bool>,
}

const FIRST: &str = "first-ticket";
const SECOND: &str = "second-ticket";

impl World {
    fn new() -> Self {
        let entropy = Counting::default();
        let flows = [(FIRST, 1, ["a", "b"]), (SECOND, 2, ["c", "d"])];
        let ticket = |number| ConfirmTicket {
            tenant: TenantId::from_uuid(Uuid::from_u128(number)),
            connection: connection(number),
            end_user: "u-1".parse().unwrap(),
            return_url: format!("https://shop-{number}.example/back"),
            choice: None,
            done: false,
            expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(15),
        };
        let tickets = flows.map(|(text, number, _)| (entropy.digest(text.as_bytes()), ticket(number)));
        let lists = flows.map(|(_, number, ids)| {
            let list = Candidates { usable: ids.map(candidate).to_vec(), unusable: vec![] };
            (connection(number), candidates::seal(&Key, &list).unwrap())
        });
        Self {
            entropy,
            tickets: Mutex::new(tickets.to_vec()),
            lists: Mutex::new(lists.to_vec()),
            accounts: Mutex::default(),
            codes: Mutex::default(),
            broken: Mutex::new(false),
            blind: Mutex::new(false),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&Ports<'_>) -> T) -> T {
        let profile = Profile {
            name: "c".to_owned(),
            product: "Product".to_owned(),
            privacy_url: String::new(),
            contact_email: String::new(),
            retention_days: None,
            needs_reauth_days: None,
            platforms: vec![],
        };
        work(&Ports {
            callers: self,
            read: self,
            take: self,
            connections: self,
            held: self,
            confirm: self,
            vault: self,
            open: self,
            mint: self,
            profile: &profile,
            clock: self,
            entropy: &self.entropy,
        })
    }

    fn show(&self, presented: Presented<'_>) -> Result<Shown> {
        self.with(|ports| now(show(ports, presented)))
    }

    fn run(&self, presented: Presented<'_>, decision: &Decision) -> Result<Url> {
        self.with(|ports| now(run(ports, presented, decision)))
    }

    fn handle(&self, ticket: &str) -> String {
        ticket_handle(&self.entropy.digest(ticket.as_bytes()))
    }

    /// The ids on the page of a ticket.
    fn ids(&self, ticket: &str) -> Vec<String> {
        let handle = self.handle(ticket);
        let Ok(Shown::Offer(offer)) = self.show(Presented { ticket, handle: &handle }) else {
            panic!("no list")
        };
        offer.accounts.into_iter().map(|one| one.id).collect()
    }

    fn choose(&self, ticket: &str, ids: &[String]) -> Result<Url> {
        let handle = self.handle(ticket);
        self.run(Presented { ticket, handle: &handle }, &Decision::Connect(ids.to_vec()))
    }

    fn cancel(&self, ticket: &str) -> Result<Url> {
        let handle = self.handle(ticket);
        self.run(Presented { ticket, handle: &handle }, &Decision::Cancel)
    }

    /// The ids of the accounts that a connection holds, each once.
    fn held(&self, number: u128) -> Vec<String> {
        let accounts = self.accounts.lock().unwrap();
        let held = accounts.iter().filter(|(id, _)| *id == connection(number));
        let mut ids: Vec<String> = held.map(|(_, new)| new.account.id.to_string()).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

fn connection(number: u128) -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(number))
}

fn candidate(id: &str) -> Candidate {
    let account = PlatformAccount {
        external_id: id.to_owned(),
        name: id.to_owned(),
        currency: "EUR".parse().unwrap(),
        zone: "UTC".to_owned(),
    };
    Candidate { account, fingerprint: Fingerprint(id.repeat(32)) }
}

/// Two flows in one browser: the page of one and the ticket of the other decide nothing, and both stay good.
#[test]
fn a_page_and_a_ticket_of_two_flows_do_not_meet() {
    let world = World::new();
    let (first, second) = (world.ids(FIRST), world.ids(SECOND));
    let handle = world.handle(FIRST);
    let crossed = Presented { ticket: SECOND, handle: &handle };
    for decision in [Decision::Connect(first.clone()), Decision::Connect(second.clone()), Decision::Cancel] {
        assert_eq!(world.run(crossed, &decision).unwrap_err().code, "list_unusable", "{decision:?}");
    }
    assert!(world.show(crossed).is_err());
    assert!(world.held(1).is_empty() && world.held(2).is_empty());
    let url = world.choose(SECOND, &second[..1]).unwrap();
    assert!(url.as_str().starts_with("https://shop-2.example/back?connection_id="), "{url}");
    assert!(world.choose(FIRST, &first).is_ok());
    assert_eq!((world.held(1).len(), world.held(2).len()), (2, 1));
}

/// S2: what a person did not choose is not kept, so that no job can ever be for it.
#[test]
fn s2_only_what_was_chosen_is_connected() {
    let world = World::new();
    let ids = world.ids(FIRST);
    world.choose(FIRST, &ids[1..]).unwrap();
    let accounts = world.accounts.lock().unwrap();
    let kept: Vec<_> = accounts.iter().map(|(_, new)| new.account.fingerprint.0.clone()).collect();
    assert_eq!(kept, ["b".repeat(32)]);
}

/// Accounts go by ids of one list: those of another list, and places, choose nothing.
#[test]
fn an_impossible_choice_uses_nothing_up() {
    let world = World::new();
    let (first, foreign) = (world.ids(FIRST), world.ids(SECOND));
    for (ids, code) in [
        (vec![foreign[0].clone()], "unknown_choice"),
        (vec![first[0].clone(), "0".to_owned()], "unknown_choice"),
        (vec![String::new()], "unknown_choice"),
        (vec![], "nothing_chosen"),
        (vec![first[0].clone(); 501], "too_many_chosen"),
    ] {
        assert_eq!(world.choose(FIRST, &ids).unwrap_err().code, code);
    }
    assert!(world.held(1).is_empty());
    assert!(world.choose(FIRST, &first[..1]).is_ok(), "the ticket was burnt");
}

#[test]
fn the_same_choice_again_leads_to_the_same_end_and_writes_nothing_new() {
    let world = World::new();
    let ids = world.ids(FIRST);
    let url = world.choose(FIRST, &ids).unwrap();
    let backwards: Vec<String> = ids.iter().rev().cloned().collect();
    assert_eq!(world.choose(FIRST, &backwards).unwrap(), url);
    assert_eq!((world.held(1).len(), world.codes.lock().unwrap().len()), (2, 1));
    let handle = world.handle(FIRST);
    let shown = world.show(Presented { ticket: FIRST, handle: &handle }).unwrap();
    assert!(matches!(shown, Shown::Decided(to) if to == url));
    assert_eq!(world.choose(FIRST, &ids[..1]).unwrap_err().code, "already_decided");
    assert_eq!(world.cancel(FIRST).unwrap_err().code, "already_decided");
}

#[test]
fn a_cancelled_list_stays_cancelled() {
    let world = World::new();
    let ids = world.ids(FIRST);
    let url = world.cancel(FIRST).unwrap();
    assert!(url.as_str().ends_with("&error=cancelled"), "{url}");
    assert_eq!(world.cancel(FIRST).unwrap(), url);
    assert_eq!(world.choose(FIRST, &ids).unwrap_err().code, "already_decided");
    assert!(world.held(1).is_empty());
}

#[test]
fn whoever_chooses_too_late_goes_back_with_a_word() {
    let world = World::new();
    let ids = world.ids(FIRST);
    world.tickets.lock().unwrap().iter_mut().for_each(|(_, ticket)| ticket.expires_at = world.now());
    for url in [world.choose(FIRST, &ids).unwrap(), world.cancel(FIRST).unwrap()] {
        assert_eq!(url.as_str(), "https://shop-1.example/back?error=expired");
    }
    assert!(world.held(1).is_empty());
}

/// The choice is there though nobody knows what is connected already.
#[test]
fn the_list_is_shown_though_nobody_knows_what_is_connected_already() {
    let world = World::new();
    let handle = world.handle(FIRST);
    let presented = Presented { ticket: FIRST, handle: &handle };
    for (blind, already, unseen) in [(false, 1, None), (true, 0, Some("away"))] {
        *world.blind.lock().unwrap() = blind;
        let Ok(Shown::Offer(offer)) = world.show(presented) else { panic!("no list") };
        let found = offer.accounts.iter().filter(|one| one.already).count();
        assert_eq!((offer.accounts.len(), found), (2, already));
        assert_eq!(offer.unseen.map(|error| error.code), unseen);
    }
}

#[test]
fn what_is_connected_already_is_shown_as_such() {
    let world = World::new();
    let handle = world.handle(FIRST);
    let Ok(Shown::Offer(offer)) = world.show(Presented { ticket: FIRST, handle: &handle }) else {
        panic!("no list")
    };
    assert_eq!(offer.accounts.iter().map(|one| one.already).collect::<Vec<_>>(), [true, false]);
}

/// A crash between the first account and the code loses nothing: the same choice comes to its end later.
#[test]
fn a_choice_that_was_broken_off_comes_to_its_end_later() {
    let world = World::new();
    let ids = world.ids(FIRST);
    *world.broken.lock().unwrap() = true;
    assert!(world.choose(FIRST, &ids).is_err());
    *world.broken.lock().unwrap() = false;
    assert_eq!(world.choose(FIRST, &ids[..1]).unwrap_err().code, "already_decided");
    assert!(world.choose(FIRST, &ids).is_ok());
    assert_eq!((world.held(1).len(), world.codes.lock().unwrap().len()), (2, 1));
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
        Ok(Some(Tenant {
            id: id.clone(),
            name: "Shop".to_owned(),
            active: true,
            return_urls: vec![],
            origins: vec![],
            pseudonyms: None,
        }))
    }
    async fn origin_known(&self, _: &str) -> Result<bool> {
        Ok(false)
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
    async fn way(&self, _: &Digest, _: Timestamp) -> Result<Option<WayBack>> {
        Ok(None)
    }
    async fn ticket(&self, key: &Digest, _: Timestamp) -> Result<Option<ConfirmTicket>> {
        let tickets = self.tickets.lock().unwrap();
        Ok(tickets.iter().find(|(known, _)| known == key).map(|(_, ticket)| ticket.clone()))
    }
    async fn link(&self, _: &Digest, _: Timestamp) -> Result<Option<DeletionLink>> {
        Ok(None)
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
    async fn decide(&self, key: &Digest, choice: &Digest, done: bool) -> Result<bool> {
        let mut tickets = self.tickets.lock().unwrap();
        let Some((_, ticket)) = tickets.iter_mut().find(|(known, _)| known == key) else { return Ok(false) };
        if ticket.choice.is_some_and(|earlier| earlier != *choice) {
            return Ok(false);
        }
        ticket.choice = Some(*choice);
        ticket.done |= done;
        Ok(true)
    }
    async fn take_code(&self, _: &Digest, _: Timestamp) -> Result<Option<ActivationCode>> {
        Ok(None)
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
            end_user: "u-1".parse().unwrap(),
            state: State::Pending,
            tier: Tier::B,
            scopes: vec![],
            created_at: Timestamp::UNIX_EPOCH,
            identity: Fingerprint("i".repeat(32)),
            mail: None,
            deletion: None,
            delete_by: None,
        }))
    }
    async fn connections(&self, _: &TenantId, _: Option<&ConnectionId>, _: u32) -> Result<Vec<Connection>> {
        Ok(vec![])
    }
    async fn accounts(&self, _: &TenantId, _: &ConnectionId) -> Result<Vec<Account>> {
        Ok(vec![])
    }
    async fn candidates(&self, _: &TenantId, id: &ConnectionId) -> Result<Vec<SealedBox>> {
        let lists = self.lists.lock().unwrap();
        Ok(lists.iter().find(|(known, _)| known == id).map(|(_, parts)| parts.clone()).unwrap_or_default())
    }
}

#[async_trait]
impl HeldAccounts for World {
    /// The first account of each list is connected already.
    async fn held(&self, tenant: &TenantId, accounts: &[Fingerprint]) -> Result<Vec<Holders>> {
        if *self.blind.lock().unwrap() {
            return Err(Error::unavailable("away", "The store is away."));
        }
        let connections = vec![self.connection(tenant, &connection(9)).await?.unwrap()];
        let held = accounts.first().map(|one| Holders { account: one.clone(), connections, more: false });
        Ok(held.into_iter().collect())
    }
}

#[async_trait]
impl ConnectionConfirm for World {
    async fn add_accounts(
        &self,
        _: &TenantId,
        connection: &ConnectionId,
        accounts: &[NewAccount],
        _: Timestamp,
    ) -> Result<()> {
        self.accounts
            .lock()
            .unwrap()
            .extend(accounts.iter().map(|account| (connection.clone(), account.clone())));
        if *self.broken.lock().unwrap() {
            return Err(Error::unavailable("away", "The store is away."));
        }
        Ok(())
    }
    async fn confirm(&self, ticket: &Digest, _: usize, (_, code): (&Digest, &ActivationCode)) -> Result<()> {
        self.lists.lock().unwrap().retain(|(id, _)| *id != code.connection);
        self.codes.lock().unwrap().push(code.clone());
        let mut tickets = self.tickets.lock().unwrap();
        tickets.iter_mut().filter(|(key, _)| key == ticket).for_each(|(_, ticket)| ticket.done = true);
        Ok(())
    }
}

#[async_trait]
impl VaultRead for World {
    async fn key(&self, _: &KeyContext) -> Result<Option<WrappedKey>> {
        Ok(Some(WrappedKey { id: DataKeyId([0; 16]), blob: vec![] }))
    }
    async fn token(&self, _: &TenantId, _: &ConnectionId, _: &'static str) -> Result<Option<TokenRow>> {
        Ok(None)
    }
    async fn app_secret(&self, _: &'static str, _: &str) -> Result<Option<SealedBox>> {
        Ok(None)
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
        plain.map(|plain| Plain::new(plain.to_vec())).ok_or_else(foreign_list)
    }
    fn fingerprint(&self, _: &str, _: &[u8]) -> [u8; 16] {
        [0; 16]
    }
    fn id(&self) -> DataKeyId {
        DataKeyId([1; 16])
    }
}
