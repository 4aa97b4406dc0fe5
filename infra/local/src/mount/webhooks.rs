//! The `App` of each function of webhooks. Here endpoints may be on this machine, without TLS.

use std::sync::Arc;

use mooring_domain::webhook::target::Reach;

use super::{HttpFunctions, QueueFunction, ScheduleFunction, mount};
use crate::adapters::Adapters;

/// Endpoints, deliveries, tests and replays.
pub(super) fn http(a: &Adapters, functions: &mut HttpFunctions) {
    let app = mooring_webhook_endpoint_create::App {
        edge: a.edge.clone(),
        endpoints: a.store.clone(),
        write: a.store.clone(),
        keys: a.vault.clone(),
        reach: Reach::WithLoopback,
    };
    mount(functions, "webhook-endpoint-create", app, |app, request| {
        Box::pin(mooring_webhook_endpoint_create::handle(app, request))
    });
    let app = mooring_webhook_endpoints_read::App { edge: a.edge.clone(), endpoints: a.store.clone() };
    mount(functions, "webhook-endpoints-read", app, |app, request| {
        Box::pin(mooring_webhook_endpoints_read::handle(app, request))
    });
    let app = mooring_webhook_endpoint_change::App {
        edge: a.edge.clone(),
        endpoints: a.store.clone(),
        secrets: a.store.clone(),
        write: a.store.clone(),
        keys: a.vault.clone(),
        reach: Reach::WithLoopback,
    };
    mount(functions, "webhook-endpoint-change", app, |app, request| {
        Box::pin(mooring_webhook_endpoint_change::handle(app, request))
    });
    let app = mooring_webhook_deliveries_read::App {
        edge: a.edge.clone(),
        endpoints: a.store.clone(),
        deliveries: a.store.clone(),
    };
    mount(functions, "webhook-deliveries-read", app, |app, request| {
        Box::pin(mooring_webhook_deliveries_read::handle(app, request))
    });
    let app = mooring_webhook_send::App {
        edge: a.edge.clone(),
        endpoints: a.store.clone(),
        deliveries: a.store.clone(),
        write: a.store.clone(),
        queue: a.queues.clone(),
    };
    mount(functions, "webhook-send", app, |app, request| {
        Box::pin(mooring_webhook_send::handle(app, request))
    });
}

/// The worker.
pub(super) fn worker(a: &Adapters) -> QueueFunction {
    let app = Arc::new(mooring_webhook_worker::App {
        clock: a.clock.clone(),
        entropy: a.entropy.clone(),
        endpoints: a.store.clone(),
        health: a.store.clone(),
        secrets: a.store.clone(),
        keys: a.vault.clone(),
        deliveries: a.store.clone(),
        write: a.store.clone(),
        queue: a.queues.clone(),
        post: a.webhooks.clone(),
    });
    Arc::new(move |event| {
        let app = Arc::clone(&app);
        Box::pin(async move { mooring_webhook_worker::handle(&app, event).await })
    })
}

/// The sweeper.
pub(super) fn sweeper(a: &Adapters) -> ScheduleFunction {
    let app = Arc::new(mooring_webhook_sweeper::App {
        clock: a.clock.clone(),
        due: a.store.clone(),
        queue: a.queues.clone(),
    });
    Arc::new(move |event| {
        let app = Arc::clone(&app);
        Box::pin(async move { mooring_webhook_sweeper::handle(&app, event).await })
    })
}
