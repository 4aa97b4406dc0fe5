//! Fakes of webhook endpoints and deliveries, and an endpoint whose answers a test orders.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{World, key};
use crate::base::error::Result;
use crate::base::ids::{DataKeyId, DeliveryId, EndpointId, EventId, TenantId};
use crate::base::queue::JobQueue;
use crate::base::secret::Plain;
use crate::vault::keys::{DataKey as _, KeyContext, WrappedKey};
use crate::webhook::delivery::{Delivery, DeliveryRef, Job, Posted};
use crate::webhook::endpoint::{
    DisableReason, Endpoint, EndpointSecrets, SealedSecret, SealedValue, URL_SLOT, secret_slot,
};
use crate::webhook::event::Event;
use crate::webhook::ports::{
    DeliveryRead, DeliveryWrite, EndpointHealth, EndpointRead, EndpointSecretsRead, WebhookPost,
};

#[derive(Default)]
pub(crate) struct WebhookRows {
    pub(crate) endpoints: Mutex<Vec<Endpoint>>,
    pub(crate) deliveries: Mutex<Vec<Delivery>>,
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) sent: Mutex<Vec<(Job, u32)>>,
    /// The endpoint's answer.
    pub(crate) answer: Mutex<Posted>,
    /// The address of each call and the secrets that signed it. A sealed secret names its own slot.
    pub(crate) posts: Mutex<Vec<(String, Vec<String>)>>,
    pub(crate) old_secret_until: Mutex<Option<Timestamp>>,
}

#[async_trait]
impl EndpointRead for World {
    async fn endpoint(&self, _: &TenantId, id: &EndpointId) -> Result<Option<Endpoint>> {
        Ok(self.webhook.endpoints.lock().unwrap().iter().find(|endpoint| endpoint.id == *id).cloned())
    }

    async fn endpoints(&self, _: &TenantId, after: Option<&EndpointId>, _: u32) -> Result<Vec<Endpoint>> {
        let all = self.webhook.endpoints.lock().unwrap().clone();
        Ok(all.into_iter().filter(|endpoint| after.is_none_or(|after| endpoint.id > *after)).collect())
    }
}

#[async_trait]
impl EndpointSecretsRead for World {
    async fn endpoint_secrets(&self, tenant: &TenantId, id: &EndpointId) -> Result<Option<EndpointSecrets>> {
        let data_key = key(&KeyContext::endpoint(tenant, id));
        let value = |id: u8, slot: &str| SealedValue {
            key: WrappedKey { id: DataKeyId([id; 16]), blob: Vec::new() },
            sealed: data_key.seal(slot, slot.as_bytes()).unwrap(),
        };
        let secret = |id, name: &str, until| SealedSecret {
            name: name.to_owned(),
            value: value(id, &secret_slot(name)),
            until,
        };
        let old = self.webhook.old_secret_until.lock().unwrap().map(|until| secret(1, "old", Some(until)));
        let secrets = [secret(2, "new", None)].into_iter().chain(old).collect();
        Ok(Some(EndpointSecrets { url: value(1, URL_SLOT), secrets, version: 1 }))
    }
}

impl World {
    fn change_endpoint(&self, id: &EndpointId, change: impl FnMut(&mut Endpoint)) {
        let mut all = self.webhook.endpoints.lock().unwrap();
        all.iter_mut().filter(|endpoint| endpoint.id == *id).for_each(change);
    }
}

#[async_trait]
impl EndpointHealth for World {
    async fn failing(&self, _: &TenantId, id: &EndpointId, since: Timestamp) -> Result<()> {
        self.change_endpoint(id, |endpoint| _ = endpoint.failing_since.get_or_insert(since));
        Ok(())
    }

    async fn recovered(&self, _: &TenantId, id: &EndpointId) -> Result<()> {
        self.change_endpoint(id, |endpoint| endpoint.failing_since = None);
        Ok(())
    }

    async fn switch_off(
        &self,
        _: &TenantId,
        id: &EndpointId,
        off: DisableReason,
        _: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool> {
        self.change_endpoint(id, |endpoint| endpoint.off = Some((off, at)));
        Ok(true)
    }
}

#[async_trait]
impl DeliveryRead for World {
    async fn event(&self, _: &TenantId, id: &EventId) -> Result<Option<Event>> {
        Ok(self.webhook.events.lock().unwrap().iter().find(|event| event.id == *id).cloned())
    }

    async fn delivery(&self, at: &DeliveryRef) -> Result<Option<Delivery>> {
        Ok(self.webhook.deliveries.lock().unwrap().iter().find(|found| found.at() == *at).cloned())
    }

    async fn deliveries(
        &self,
        _: &TenantId,
        _: &EndpointId,
        _: Option<&DeliveryId>,
        _: u32,
    ) -> Result<Vec<Delivery>> {
        Ok(self.webhook.deliveries.lock().unwrap().clone())
    }
}

#[async_trait]
impl DeliveryWrite for World {
    async fn put_event(&self, event: &Event) -> Result<()> {
        self.webhook.events.lock().unwrap().push(event.clone());
        Ok(())
    }

    async fn add(&self, delivery: &Delivery) -> Result<()> {
        let mut all = self.webhook.deliveries.lock().unwrap();
        if !all.iter().any(|known| known.at() == delivery.at()) {
            all.push(delivery.clone());
        }
        Ok(())
    }

    async fn fanned_out(&self, _: &TenantId, id: &EventId) -> Result<()> {
        let mut all = self.webhook.events.lock().unwrap();
        all.iter_mut().filter(|event| event.id == *id).for_each(|event| event.is_waiting = false);
        Ok(())
    }

    async fn advance_delivery(&self, delivery: &Delivery) -> Result<bool> {
        let mut all = self.webhook.deliveries.lock().unwrap();
        let found =
            all.iter_mut().find(|known| known.at() == delivery.at() && known.version + 1 == delivery.version);
        Ok(found.map(|known| known.clone_from(delivery)).is_some())
    }
}

#[async_trait]
impl JobQueue<Job> for World {
    async fn send(&self, jobs: &[Job], delay_seconds: u32) -> Result<()> {
        self.webhook.sent.lock().unwrap().extend(jobs.iter().map(|job| (job.clone(), delay_seconds)));
        Ok(())
    }
}

#[async_trait]
impl WebhookPost for World {
    async fn post(&self, url: &Plain, _: &Event, secrets: &[Plain], _: Timestamp) -> Posted {
        let text = |plain: &Plain| plain.text().unwrap().to_owned();
        self.webhook.posts.lock().unwrap().push((text(url), secrets.iter().map(text).collect()));
        *self.webhook.answer.lock().unwrap()
    }
}
