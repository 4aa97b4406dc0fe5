//! The outbox of webhooks in Activity: events, written beside the change that they report, and deliveries
//! with their tries.
//!
//! These rows hold only ids and states, and expire as the log does: no data of a connection outlives it
//! through them.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::{AccountRef, ConnectionId, DeliveryId, EndpointId, EventId, TenantId};
use mooring_domain::base::retention::ACTIVITY_KEPT;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ledger::Deletion;
use mooring_domain::sync::ending::SyncNews;
use mooring_domain::webhook::delivery::{Delivery, DeliveryRef, Job};
use mooring_domain::webhook::event::{About, Event, EventType, of_cut, of_end, of_sync};
use mooring_domain::webhook::ports::{DeliveryRead, DeliveryWrite, WebhookDue};

use crate::client::Store;
use crate::client::item::{DUE_AT, DUE_SHARD, Fields, Item, SK, number};
use crate::client::key::{EARLIEST, instant};
use crate::client::{Check, Write};
use crate::people::items::event_id;
use crate::webhook::items::{VERSION, read_delivery, read_event, write_delivery, write_event};
use crate::webhook::keys::{self, DUE_EVENTS, DUE_TRIES};

/// Makes the write of an event that is due now. Its id follows from the fact that it reports, so that
/// reporting the fact twice gives one event.
pub(crate) fn event_row(
    tenant: &TenantId,
    at: Timestamp,
    kind: EventType,
    about: About,
    now: Timestamp,
) -> Write {
    let id = event_id(at, &format!("webhook {} {about:?}", kind.as_str()));
    let event = Event { id, tenant: tenant.clone(), kind, at, about, written_at: now, is_waiting: true };
    Write::put(keys::hook_event(tenant, &event.id), write_event(&event).expiring(now + ACTIVITY_KEPT))
}

/// Makes the write of a cutoff's event; the cutoff of a tenant itself has none.
pub(crate) fn cut_row(deletion: &Deletion, now: Timestamp) -> Option<Write> {
    let (kind, about) = of_cut(deletion)?;
    Some(event_row(&deletion.tenant, deletion.t0, kind, about, now))
}

/// Makes the write of the event of a deletion's end.
pub(crate) fn end_row(deletion: &Deletion, now: Timestamp) -> Write {
    let (kind, about) = of_end(deletion);
    event_row(&deletion.tenant, deletion.verified_at.unwrap_or(now), kind, about, now)
}

/// Makes the write of an event about a connection alone.
pub(crate) fn connection_row(tenant: &TenantId, id: &ConnectionId, kind: EventType, now: Timestamp) -> Write {
    event_row(tenant, now, kind, About { connection: Some(id.clone()), ..About::default() }, now)
}

/// Makes the write of the event of an account's syncs.
pub(crate) fn sync_row(account: &AccountRef, news: &SyncNews, now: Timestamp) -> Write {
    let (kind, about) = of_sync(account, news);
    event_row(&account.tenant, now, kind, about, now)
}

#[async_trait]
impl DeliveryRead for Store {
    async fn event(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>> {
        let row = self.get(&keys::hook_event(tenant, id)).await?;
        row.map(|row| read_event(tenant, &row)).transpose()
    }

    async fn delivery(&self, at: &DeliveryRef) -> Result<Option<Delivery>> {
        self.get(&keys::delivery(at)).await?.as_ref().map(read_delivery).transpose()
    }

    async fn deliveries(
        &self,
        tenant: &TenantId,
        endpoint: &EndpointId,
        before: Option<&DeliveryId>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        let ends = |row: &Item| {
            let sk = Fields::of("webhook delivery", row).text(SK)?;
            Ok(before.is_none_or(|before| !sk.ends_with(before.as_str())))
        };
        let rows = self.newest(&keys::deliveries_before(tenant, endpoint, before), limit, ends).await?;
        rows.iter().map(read_delivery).collect()
    }
}

#[async_trait]
impl DeliveryWrite for Store {
    async fn put_event(&self, event: &Event) -> Result<()> {
        let now = self.clock.now();
        self.put(
            &keys::hook_event(&event.tenant, &event.id),
            write_event(event).expiring(now + ACTIVITY_KEPT),
        )
        .await
    }

    async fn add(&self, delivery: &Delivery) -> Result<()> {
        let draft = write_delivery(delivery).expiring(delivery.created_at + ACTIVITY_KEPT);
        self.put_if(&keys::delivery(&delivery.at()), draft, &[Check::Absent]).await.map(|_| ())
    }

    async fn fanned_out(&self, tenant: &TenantId, id: &EventId) -> Result<()> {
        let write = Write::update(keys::hook_event(tenant, id)).without(&[DUE_SHARD, DUE_AT]);
        self.transact(&[write.only_if(Check::Exists)]).await.map(|_| ())
    }

    async fn advance_delivery(&self, delivery: &Delivery) -> Result<bool> {
        let before = Check::Is(VERSION, number(delivery.version.saturating_sub(1)));
        let draft = write_delivery(delivery).expiring(delivery.created_at + ACTIVITY_KEPT);
        if self.put_if(&keys::delivery(&delivery.at()), draft, &[before]).await? {
            return Ok(true);
        }
        // The SDK sends a put again when the answer is lost; the second put then finds the row that the first
        // wrote.
        Ok(self.delivery(&delivery.at()).await?.as_ref() == Some(delivery))
    }
}

#[async_trait]
impl WebhookDue for Store {
    async fn due_webhooks(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        let until = instant(now);
        let most = usize::try_from(limit).ok();
        let mut jobs = Vec::new();
        for shard in [DUE_EVENTS, DUE_TRIES] {
            let due = self.due_keys(Table::Activity, shard, (EARLIEST, &until), most).await?;
            jobs.extend(due.iter().filter_map(keys::parse_job));
        }
        Ok(jobs)
    }
}
