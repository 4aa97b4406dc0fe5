//! The webhook worker: whatever breaks at whatever call, no delivery is lost.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_aws_local::FaultProxy;
use mooring_domain::base::ids::EventId;
use mooring_domain::base::random;
use mooring_domain::webhook::event::{About, Event, EventType};
use mooring_domain::webhook::ports::DeliveryWrite as _;
use mooring_tests_journeys::rig::{At, Batch, Functions, Queue, Trial};
use mooring_tests_journeys::{Receiver, say};
use serde_json::json;

use super::{SINGLES, Scene, every_call};

/// A scene with one endpoint behind a proxy of the rig.
struct Subscribed {
    scene: Scene,
    receiver: Receiver,
    endpoint: String,
    _proxy: FaultProxy,
}

impl Subscribed {
    async fn open() -> Result<Self> {
        let scene = Scene::open(1).await?;
        let receiver = Receiver::start().await?;
        let proxy = scene.rig.receiver(receiver.origin()).await?;
        let body = json!({ "url": proxy.url() });
        let made = scene.world.product.call(Method::POST, "/v1/webhook-endpoints", Some(&body)).await?;
        let endpoint = made["id"].as_str().context("no id")?.to_owned();
        Ok(Self { scene, receiver, endpoint, _proxy: proxy })
    }

    /// Stores an event as a change of state does.
    async fn happens(&self) -> Result<String> {
        let adapters = self.scene.world.stack.adapters();
        let now = self.scene.world.now();
        let event = Event {
            id: EventId::from_uuid(random::uuid(adapters.entropy.as_ref(), now)),
            tenant: self.scene.world.stack.seeded().tenant.clone(),
            kind: EventType::ConnectionActivated,
            at: now,
            about: About::default(),
            written_at: now,
            is_waiting: true,
        };
        adapters.store.put_event(&event).await?;
        Ok(event.id.to_string())
    }

    /// Asks for a test delivery; returns the status and the delivery's id.
    async fn test(&self, functions: &Functions) -> Result<(u16, String)> {
        let bearer = format!("Bearer {}", self.scene.world.stack.seeded().api_key);
        let path = format!("/v1/webhook-endpoints/{}/test", self.endpoint);
        let answer = functions.http(&Method::POST, &path, &[("authorization", &bearer)], None).await?;
        let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
        Ok((answer.status.as_u16(), id))
    }

    /// Makes one delivery to the worker with one call broken.
    async fn worked(&self, at: At, about: &str) -> Result<Trial<Vec<String>>> {
        let Scene { world, rig } = &self.scene;
        let batch = Batch::about(world, Queue::Webhook, about).await?;
        let trial = rig.broken(at, async |functions| functions.work(Queue::Webhook, &batch).await).await?;
        if let Some(failed) = &trial.answered {
            batch.delete(world, failed).await?;
        }
        Ok(trial)
    }

    /// Passes time with functions that nothing breaks: everything in the log was delivered, and the receiver got it.
    async fn recover(&self, what: &str, wanted: &BTreeSet<String>) -> Result<()> {
        for _ in 0..6 {
            self.scene.world.skip(SignedDuration::from_mins(7));
            self.scene.calm().sweep_webhooks(&self.scene.world).await?;
            self.scene.drain(Queue::Webhook).await?;
        }
        let heard: Vec<String> =
            self.receiver.heard().iter().map(|heard| heard.header("webhook-id").to_owned()).collect();
        let distinct: BTreeSet<String> = heard.iter().cloned().collect();
        let lost: Vec<_> = wanted.difference(&distinct).collect();
        ensure!(lost.is_empty(), "{what}: {} of {} were lost: {lost:?}", lost.len(), wanted.len());
        let path = format!("/v1/webhook-endpoints/{}/deliveries", self.endpoint);
        let deliveries = self.scene.world.list(&path, "deliveries").await?;
        let waiting = deliveries.iter().find(|delivery| delivery["state"] != "delivered");
        ensure!(waiting.is_none(), "{what}: {waiting:?}");
        let count = deliveries.len();
        ensure!(count >= wanted.len(), "{what}: {count} in the log");
        say(&format!("{what}: {count} deliveries, none lost, {} heard twice", heard.len() - distinct.len()));
        Ok(())
    }
}

/// The worker makes the deliveries of an event.
pub(crate) async fn fan_out() -> Result<()> {
    let subscribed = Subscribed::open().await?;
    let mut wanted = BTreeSet::new();
    every_call("webhook fan-out", &SINGLES, async |at: At| {
        let event = subscribed.happens().await?;
        subscribed.scene.calm().sweep_webhooks(&subscribed.scene.world).await?;
        let trial = subscribed.worked(at, &event).await?;
        wanted.insert(event);
        Ok(trial)
    })
    .await?;
    subscribed.recover("webhook fan-out", &wanted).await
}

/// The worker makes a try.
pub(crate) async fn attempt() -> Result<()> {
    let subscribed = Subscribed::open().await?;
    let mut wanted = BTreeSet::new();
    every_call("webhook try", &SINGLES, async |at: At| {
        let (status, delivery) = subscribed.test(&subscribed.scene.calm()).await?;
        ensure!(status == 202, "{status}");
        let path = format!("/v1/webhook-endpoints/{}/deliveries/{delivery}", subscribed.endpoint);
        let view = subscribed.scene.world.product.get(&path).await?;
        wanted.insert(view["event_id"].as_str().context("no event")?.to_owned());
        subscribed.worked(at, &delivery).await
    })
    .await?;
    subscribed.recover("webhook try", &wanted).await
}

/// A caller that got a 202 gets the test.
pub(crate) async fn test_send() -> Result<()> {
    let subscribed = Subscribed::open().await?;
    let mut wanted = BTreeSet::new();
    every_call("webhook test send", &SINGLES, async |at: At| {
        let trial =
            subscribed.scene.rig.broken(at, async |functions| subscribed.test(functions).await).await?;
        if let Some((202, delivery)) = &trial.answered {
            let path = format!("/v1/webhook-endpoints/{}/deliveries/{delivery}", subscribed.endpoint);
            let view = subscribed.scene.world.product.get(&path).await?;
            wanted.insert(view["event_id"].as_str().context("no event")?.to_owned());
        }
        Ok(trial)
    })
    .await?;
    subscribed.recover("webhook test send", &wanted).await
}
