//! Pages of lists while rows come and go: a row that is there all the time is listed once, in order, whatever happens
//! between two pages.

use std::collections::BTreeSet;

use mooring_domain::base::ids::{ConnectionId, DeletionId, TenantId};
use mooring_domain::base::place::Subject;
use mooring_domain::connect::ports::{ConnectionCreate as _, ConnectionRead as _};
use mooring_domain::deletion::ledger::Reason;
use mooring_domain::deletion::ports::{DeletionBegin as _, LedgerRead as _};
use mooring_tests_contract::World;
use mooring_tests_contract::values::{deletion, new_connection, tenant_id};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// The change before the next page is read.
#[derive(Debug, Clone, Copy)]
enum Between {
    Nothing,
    Add,
    /// Removes one of the rows, counted from the first.
    Remove(usize),
}

fn between() -> impl Strategy<Value = Vec<Between>> {
    let one =
        prop_oneof![Just(Between::Nothing), Just(Between::Add), (0_usize..12).prop_map(Between::Remove)];
    prop::collection::vec(one, 1..10)
}

/// Rows of one kind in one tenant.
trait Rows {
    type Id: Ord + Clone + std::fmt::Debug;
    async fn add(&self) -> Self::Id;
    async fn remove(&self, id: &Self::Id);
    async fn page(&self, after: Option<&Self::Id>, limit: u32) -> Vec<Self::Id>;
}

struct Connections<'a>(&'a World, TenantId);

impl Rows for Connections<'_> {
    type Id = ConnectionId;

    async fn add(&self) -> ConnectionId {
        let new = new_connection(&self.1, self.0.now());
        self.0.store.create(&new).await.unwrap();
        new.connection.id
    }

    async fn remove(&self, id: &ConnectionId) {
        self.0
            .remove(mooring_domain::base::table::Table::Connections, self.1.as_str(), id.as_str())
            .await
            .unwrap();
    }

    async fn page(&self, after: Option<&ConnectionId>, limit: u32) -> Vec<ConnectionId> {
        let page = self.0.store.connections(&self.1, after, limit).await.unwrap();
        page.into_iter().map(|connection| connection.id).collect()
    }
}

struct Deletions<'a>(&'a World, TenantId);

impl Rows for Deletions<'_> {
    type Id = DeletionId;

    async fn add(&self) -> DeletionId {
        let new = new_connection(&self.1, self.0.now());
        self.0.store.create(&new).await.unwrap();
        let subject = Subject::Connection(new.connection.id.clone());
        let begun = mooring_domain::deletion::ledger::Deletion {
            id: new.abandoned.id.clone(),
            ..deletion(&self.1, subject, Reason::Disconnected, self.0.now())
        };
        self.0.store.begin(&begun, None).await.unwrap();
        begun.id
    }

    async fn remove(&self, id: &DeletionId) {
        self.0
            .remove(mooring_domain::base::table::Table::Ledger, self.1.as_str(), id.as_str())
            .await
            .unwrap();
    }

    async fn page(&self, after: Option<&DeletionId>, limit: u32) -> Vec<DeletionId> {
        let page = self.0.store.deletions(&self.1, after, limit).await.unwrap();
        page.into_iter().map(|deletion| deletion.id).collect()
    }
}

/// Reads all pages while rows come and go; fails if a row that stayed is missing, doubled or out of order.
async fn walk<R: Rows>(rows: &R, limit: u32, happens: &[Between]) {
    let mut there = BTreeSet::new();
    for _ in 0..5 {
        there.insert(rows.add().await);
    }
    let (mut stayed, mut listed) = (there.clone(), Vec::new());
    let (mut after, mut happens) = (None, happens.iter());
    loop {
        let page = rows.page(after.as_ref(), limit).await;
        assert!(page.len() <= usize::try_from(limit).unwrap());
        let Some(last) = page.last().cloned() else { break };
        listed.extend(page);
        after = Some(last);
        match happens.next() {
            Some(Between::Add) => {
                there.insert(rows.add().await);
            }
            Some(Between::Remove(number)) => {
                if let Some(id) = there.iter().nth(number % there.len().max(1)).cloned() {
                    rows.remove(&id).await;
                    there.remove(&id);
                    stayed.remove(&id);
                }
            }
            Some(Between::Nothing) | None => {}
        }
    }
    assert!(listed.is_sorted_by(|a, b| a < b), "{listed:?} is not in order, or has one twice");
    let listed: BTreeSet<_> = listed.into_iter().collect();
    assert!(stayed.is_subset(&listed), "{:?} stayed and was not listed", stayed.difference(&listed));
}

#[test]
fn pages_go_on_while_rows_come_and_go() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::start()).unwrap();
    let mut runner = TestRunner::new(Config { cases: 12, ..Config::default() });
    let outcome = runner.run(&((1_u32..5), between()), |(limit, happens)| {
        runtime.block_on(walk(&Connections(&world, tenant_id()), limit, &happens));
        runtime.block_on(walk(&Deletions(&world, tenant_id()), limit, &happens));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
