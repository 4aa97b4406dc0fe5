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
    let ports = ports!(world, Ports { rows, keys, clock, profile });
    let caller = Caller { scopes: vec![Scope::ConnectionsRead], ..caller(CredentialKind::ApiKey) };
    let (mut after, mut pages, mut seen) = (None, Vec::new(), Vec::new());
    loop {
        let page = ready(list(&ports, &caller, &Filter::default(), after, limit)).unwrap();
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

/// A filter walks the whole list: every connection that it takes comes once, however many others lie between.
#[test]
fn a_filter_takes_what_it_says_from_the_whole_list() {
    let world = World::new();
    for number in 1..=260 {
        let row = a_connection(connection_of(number));
        let end_user = if number % 100 == 0 { "rare".parse().unwrap() } else { row.end_user.clone() };
        let state = if number % 130 == 0 { State::NeedsReauth } else { row.state };
        world.put_connection(Connection { end_user, state, ..row });
    }
    let ports = ports!(world, Ports { rows, keys, clock, profile });
    let caller = Caller { scopes: vec![Scope::ConnectionsRead], ..caller(CredentialKind::ApiKey) };
    let all = |filter: &Filter, limit| {
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page = ready(list(&ports, &caller, filter, after, limit)).unwrap();
            found.extend(page.connections.into_iter().map(|view| view.connection.id));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    let of = |numbers: &[u128]| numbers.iter().copied().map(connection_of).collect::<Vec<_>>();
    let rare = Filter { end_user: Some("rare".parse().unwrap()), ..Filter::default() };
    let broken = Filter { state: Some(State::NeedsReauth), ..Filter::default() };
    let other = Filter { platform: Some("other".to_owned()), ..Filter::default() };
    for limit in [1, 2, 100] {
        assert_eq!(all(&rare, limit), of(&[100, 200]), "{limit}");
        assert_eq!(all(&broken, limit), of(&[130, 260]), "{limit}");
        assert_eq!(all(&other, limit), of(&[]), "{limit}");
        let both = Filter { state: broken.state, ..rare.clone() };
        assert_eq!(all(&both, limit), of(&[]), "{limit}");
    }
}
