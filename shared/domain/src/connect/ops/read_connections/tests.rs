//! Lists of connections with many accounts.

use super::*;
use crate::people::caller::CredentialKind;
use crate::testing::{World, a_connection, account_of, caller, connection_of, ports, ready};

/// Reads the whole list of `connections` connections, each with `accounts` accounts whose keys are gone, and returns for
/// each page how many connections and accounts it holds.
fn pages(connections: u128, accounts: u128, limit: u32) -> Vec<(usize, usize)> {
    let world = World::new();
    for id in (1..=connections).map(connection_of) {
        world.put_connection(a_connection(id.clone()));
        (0..accounts).for_each(|number| world.put_account(&id, account_of(number), "7"));
    }
    world.deletion.rows.lock().unwrap().clear();
    let ports = ports!(world, Ports { rows, keys });
    let caller = Caller { scopes: vec![Scope::ConnectionsRead], ..caller(CredentialKind::ApiKey) };
    let (mut after, mut pages, mut seen) = (None, Vec::new(), Vec::new());
    loop {
        let page = ready(list(&ports, &caller, after, limit)).unwrap();
        let accounts = page.connections.iter().map(|view| view.accounts.len()).sum();
        pages.push((page.connections.len(), accounts));
        seen.extend(page.connections.into_iter().map(|view| view.connection.id));
        after = page.next;
        if after.is_none() {
            let want: Vec<_> = (1..=connections).map(connection_of).collect();
            assert_eq!(seen, want, "every connection once, in order");
            return pages;
        }
    }
}

/// An answer has at most 6 MB: a page ends early, after the connection that brings it to 500 accounts.
#[test]
fn a_page_ends_early_when_its_connections_have_many_accounts() {
    assert_eq!(pages(7, 200, 100), [(3, 600), (3, 600), (1, 200)]);
    assert_eq!(pages(3, 500, 100), [(1, 500), (1, 500), (1, 500)]);
    assert_eq!(pages(5, 2, 100), [(5, 10)]);
    assert_eq!(pages(5, 2, 2), [(2, 4), (2, 4), (1, 2)]);
}
