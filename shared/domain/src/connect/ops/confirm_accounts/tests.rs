//! The choice: what belongs together, what is used up, and what a repetition meets.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::base::ids::TenantId;
use crate::testing::{World, a_connection, account_of, connection_of, described, key, ports, ready};

const FIRST: &str = "first-ticket";

const SECOND: &str = "second-ticket";

fn tenant_of(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

/// Two flows of one browser, each with a list of its own. The first account of each list is connected already.
fn world() -> Arc<World> {
    let world = World::at(Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1));
    for (text, number, ids) in [(FIRST, 1, ["a", "b"]), (SECOND, 2, ["c", "d"])] {
        let (tenant, id) = (tenant_of(number), connection_of(number));
        let ticket = ConfirmTicket {
            tenant: tenant.clone(),
            connection: id.clone(),
            end_user: "u-1".parse().unwrap(),
            return_url: format!("https://shop-{number}.example/back"),
            locale: None,
            choice: None,
            done: false,
            expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(15),
        };
        world.flow.tickets.lock().unwrap().push((world.entropy.digest(text.as_bytes()), ticket));
        let list = Candidates { usable: ids.map(candidate).to_vec(), unusable: vec![] };
        let key = key(&KeyContext::connection(&tenant, &id, Use::Data));
        let parts = candidates::seal(&key, &list).unwrap();
        world.connect.candidates.lock().unwrap().insert(id.clone(), parts);
        world.people.add_tenant(tenant.clone());
        let row = Connection { tenant, ..a_connection(id) };
        let holder = Connection { id: connection_of(number + HOLDERS), ..row.clone() };
        world.put_connection(Connection { state: State::Pending, ..row });
        world.put_connection(holder.clone());
        world.put_account(&holder.id, account_of(number), ids[0]);
    }
    world
}

/// What the numbers of connections that hold accounts already begin behind.
const HOLDERS: u128 = 8;

fn candidate(id: &str) -> Candidate {
    Candidate { account: described(id), fingerprint: Fingerprint(id.repeat(32)) }
}

fn wired(world: &Arc<World>) -> Ports {
    ports!(world, Ports { keys, new_keys, profile, clock, entropy, rows })
}

fn show(world: &Arc<World>, presented: Presented<'_>) -> Result<Shown> {
    ready(super::show(&wired(world), presented))
}

fn run(world: &Arc<World>, presented: Presented<'_>, decision: &Decision) -> Result<Url> {
    ready(super::run(&wired(world), presented, decision))
}

fn handle(world: &World, ticket: &str) -> String {
    ticket_handle(&world.entropy.digest(ticket.as_bytes()))
}

/// The ids on the page of a ticket.
fn ids(world: &Arc<World>, ticket: &str) -> Vec<String> {
    let handle = handle(world, ticket);
    let Ok(Shown::Offer(offer)) = show(world, Presented { ticket, handle: &handle }) else {
        panic!("no list")
    };
    offer.accounts.into_iter().map(|one| one.id).collect()
}

fn choose(world: &Arc<World>, ticket: &str, ids: &[String]) -> Result<Url> {
    let handle = handle(world, ticket);
    run(world, Presented { ticket, handle: &handle }, &Decision::Connect(ids.to_vec()))
}

fn cancel(world: &Arc<World>, ticket: &str) -> Result<Url> {
    let handle = handle(world, ticket);
    run(world, Presented { ticket, handle: &handle }, &Decision::Cancel)
}

/// The fingerprints of the accounts that a connection holds.
fn held(world: &World, number: u128) -> Vec<String> {
    let accounts = world.connect.accounts.lock().unwrap();
    let held = accounts.get(&connection_of(number)).into_iter().flatten();
    held.map(|account| account.fingerprint.0.clone()).collect()
}

/// Two flows in one browser: the page of one and the ticket of the other decide nothing, and both stay good.
#[test]
fn a_page_and_a_ticket_of_two_flows_do_not_meet() {
    let world = world();
    let (first, second) = (ids(&world, FIRST), ids(&world, SECOND));
    let handle = handle(&world, FIRST);
    let crossed = Presented { ticket: SECOND, handle: &handle };
    for decision in [Decision::Connect(first.clone()), Decision::Connect(second.clone()), Decision::Cancel] {
        assert_eq!(run(&world, crossed, &decision).unwrap_err().code, "list_unusable", "{decision:?}");
    }
    assert!(show(&world, crossed).is_err());
    assert!(held(&world, 1).is_empty() && held(&world, 2).is_empty());
    let url = choose(&world, SECOND, &second[..1]).unwrap();
    assert!(url.as_str().starts_with("https://shop-2.example/back?connection_id="), "{url}");
    assert!(choose(&world, FIRST, &first).is_ok());
    assert_eq!((held(&world, 1).len(), held(&world, 2).len()), (2, 1));
}

/// S2: what a person did not choose is not kept, so that no job can ever be for it.
#[test]
fn s2_only_what_was_chosen_is_connected() {
    let world = world();
    let ids = ids(&world, FIRST);
    choose(&world, FIRST, &ids[1..]).unwrap();
    assert_eq!(held(&world, 1), ["b".repeat(32)]);
    assert!(held(&world, 2).is_empty());
}

/// Accounts go by ids of one list: those of another list, and places, choose nothing.
#[test]
fn an_impossible_choice_uses_nothing_up() {
    let world = world();
    let (first, foreign) = (ids(&world, FIRST), ids(&world, SECOND));
    for (ids, code) in [
        (vec![foreign[0].clone()], "unknown_choice"),
        (vec![first[0].clone(), "0".to_owned()], "unknown_choice"),
        (vec![String::new()], "unknown_choice"),
        (vec![], "nothing_chosen"),
        (vec![first[0].clone(); 501], "too_many_chosen"),
    ] {
        assert_eq!(choose(&world, FIRST, &ids).unwrap_err().code, code);
    }
    assert!(held(&world, 1).is_empty());
    assert!(choose(&world, FIRST, &first[..1]).is_ok(), "the ticket was burnt");
}

#[test]
fn the_same_choice_again_leads_to_the_same_end_and_writes_nothing_new() {
    let world = world();
    let ids = ids(&world, FIRST);
    let url = choose(&world, FIRST, &ids).unwrap();
    let backwards: Vec<String> = ids.iter().rev().cloned().collect();
    assert_eq!(choose(&world, FIRST, &backwards).unwrap(), url);
    assert_eq!((held(&world, 1).len(), world.flow.codes.lock().unwrap().len()), (2, 1));
    let handle = handle(&world, FIRST);
    let shown = show(&world, Presented { ticket: FIRST, handle: &handle }).unwrap();
    assert!(matches!(shown, Shown::Decided(to) if to == url));
    assert_eq!(choose(&world, FIRST, &ids[..1]).unwrap_err().code, "already_decided");
    assert_eq!(cancel(&world, FIRST).unwrap_err().code, "already_decided");
}

#[test]
fn a_cancelled_list_stays_cancelled() {
    let world = world();
    let ids = ids(&world, FIRST);
    let url = cancel(&world, FIRST).unwrap();
    assert!(url.as_str().ends_with("&error=cancelled"), "{url}");
    assert_eq!(cancel(&world, FIRST).unwrap(), url);
    assert_eq!(choose(&world, FIRST, &ids).unwrap_err().code, "already_decided");
    assert!(held(&world, 1).is_empty());
}

#[test]
fn whoever_chooses_too_late_goes_back_with_a_word() {
    let world = world();
    let ids = ids(&world, FIRST);
    world.flow.tickets.lock().unwrap().iter_mut().for_each(|(_, ticket)| ticket.expires_at = world.now());
    for url in [choose(&world, FIRST, &ids).unwrap(), cancel(&world, FIRST).unwrap()] {
        assert_eq!(url.as_str(), "https://shop-1.example/back?error=expired");
    }
    assert!(held(&world, 1).is_empty());
}

/// The choice is there though nobody knows what is connected already.
#[test]
fn the_list_is_shown_though_nobody_knows_what_is_connected_already() {
    let world = world();
    let handle = handle(&world, FIRST);
    let presented = Presented { ticket: FIRST, handle: &handle };
    for (blind, already, unseen) in [(false, 1, None), (true, 0, Some("away"))] {
        *world.connect.is_blind.lock().unwrap() = blind;
        let Ok(Shown::Offer(offer)) = show(&world, presented) else { panic!("no list") };
        let found = offer.accounts.iter().filter(|one| one.already).count();
        assert_eq!((offer.accounts.len(), found), (2, already));
        assert_eq!(offer.unseen.map(|error| error.code), unseen);
    }
}

#[test]
fn what_is_connected_already_is_shown_as_such() {
    let world = world();
    let handle = handle(&world, FIRST);
    let Ok(Shown::Offer(offer)) = show(&world, Presented { ticket: FIRST, handle: &handle }) else {
        panic!("no list")
    };
    assert_eq!(offer.accounts.iter().map(|one| one.already).collect::<Vec<_>>(), [true, false]);
}

/// A crash between the first account and the code loses nothing: the same choice comes to its end later.
#[test]
fn a_choice_that_was_broken_off_comes_to_its_end_later() {
    let world = world();
    let ids = ids(&world, FIRST);
    *world.connect.is_broken.lock().unwrap() = true;
    assert!(choose(&world, FIRST, &ids).is_err());
    *world.connect.is_broken.lock().unwrap() = false;
    assert_eq!(choose(&world, FIRST, &ids[..1]).unwrap_err().code, "already_decided");
    assert!(choose(&world, FIRST, &ids).is_ok());
    assert_eq!((held(&world, 1).len(), world.flow.codes.lock().unwrap().len()), (2, 1));
}
