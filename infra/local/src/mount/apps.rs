//! The `App` of each function, as its `main.rs` builds it.

use std::sync::Arc;

use jiff::SignedDuration;

use mooring_domain::webhook::target::Reach;

use super::{HttpFunctions, QueueFunction, ScheduleFunction, mount};
use crate::adapters::Adapters;

/// Connect sessions, pages, callback, choice, activation.
pub(super) fn connecting(a: &Adapters, functions: &mut HttpFunctions) {
    http!(functions, a, "frontend-token-create", mooring_frontend_token_create { rows, mode });
    http!(functions, a, "connect-session-create", mooring_connect_session_create { rows, keys, profile });
    http!(
        functions,
        a,
        "connect-page",
        mooring_connect_page { keys, connectors, profile, clock, entropy, rows }
    );
    http!(
        functions,
        a,
        "connection-callback",
        mooring_connection_callback { keys, new_keys, connectors, profile, clock, entropy, rows }
    );
    http!(
        functions,
        a,
        "connection-confirm",
        mooring_connection_confirm { keys, new_keys, profile, clock, entropy, rows }
    );
    http!(
        functions,
        a,
        "connection-activate",
        mooring_connection_activate { queue, profile, clock, entropy, rows }
    );
}

/// Connections, reports, deletions, preflights and the description of the API.
pub(super) fn reading(a: &Adapters, functions: &mut HttpFunctions) {
    http!(functions, a, "connections-read", mooring_connections_read { rows, keys }, profile: a.profile.clone());
    http!(functions, a, "reports-query", mooring_reports_query { rows, keys });
    http!(functions, a, "deletions-read", mooring_deletions_read { clock, rows }, connectors: a.registry.clone());
    let app = mooring_deletion_status::App { edge: a.edge.clone(), ledger: a.store.clone() };
    mount(functions, "deletion-status", app, |app, request| {
        Box::pin(mooring_deletion_status::handle(app, request))
    });
    let app = mooring_preflight::App { edge: a.edge.clone() };
    mount(functions, "preflight", app, |app, request| Box::pin(mooring_preflight::handle(app, request)));
    mount(functions, "openapi", mooring_openapi::App, |app, request| {
        Box::pin(mooring_openapi::handle(app, request))
    });
}

/// Disconnects and deletion requests.
pub(super) fn ending(a: &Adapters, functions: &mut HttpFunctions) {
    http!(
        functions,
        a,
        "connection-disconnect",
        mooring_connection_disconnect { clock, entropy, rows, queue }
    );
    let app = mooring_deletion_request::App {
        edge: a.edge.clone(),
        ports: ports!(a, mooring_deletion_request::Ports { clock, entropy, rows, queue }),
        mail: ports!(a, mooring_deletion_request::by_mail::Ports { clock, entropy, rows, keys, queue }),
        link: ports!(a, mooring_deletion_request::by_link::Ports { clock, entropy, rows, queue }),
        profile: a.profile.clone(),
    };
    mount(functions, "deletion-request", app, |app, request| {
        Box::pin(mooring_deletion_request::handle(app, request))
    });
}

/// Mounts one function behind a queue.
type MountWorker = fn(&Adapters) -> QueueFunction;

/// How each function behind a queue is mounted, by its folder.
pub(super) const WORKERS: [(&str, MountWorker); 4] = [
    ("sync-worker", sync_worker),
    ("deletion-worker", deletion_worker),
    ("mail-worker", mail_worker),
    ("webhook-worker", webhook_worker),
];

/// The sync worker; its invocations end after the template's 60 seconds.
fn sync_worker(a: &Adapters) -> QueueFunction {
    use mooring_sync_worker::{App, probe_connection, run_sync};
    let invocation = SignedDuration::from_secs(60) * i32::try_from(a.scale).unwrap_or(i32::MAX);
    let clock = a.clock.clone();
    let app = Arc::new(App {
        sync: ports!(a, run_sync::Ports { clock, entropy, rows, keys, connectors, profile, queue }),
        probe: ports!(a, probe_connection::Ports { clock, entropy, rows, keys, connectors, profile }),
    });
    Arc::new(move |event| {
        let app = Arc::clone(&app);
        let deadline = clock.now() + invocation;
        Box::pin(async move { mooring_sync_worker::handle(&app, event, deadline).await })
    })
}

/// The deletion worker.
fn deletion_worker(a: &Adapters) -> QueueFunction {
    worker!(a, mooring_deletion_worker { clock, entropy, rows, queue, keys, connectors, profile })
}

/// The mail worker.
fn mail_worker(a: &Adapters) -> QueueFunction {
    worker!(a, mooring_mail_worker { clock, entropy, rows, keys, queue, mailer, profile, api_origin })
}

/// The webhook worker.
fn webhook_worker(a: &Adapters) -> QueueFunction {
    worker!(a, mooring_webhook_worker { clock, entropy, rows, keys, queue, post })
}

/// The planner.
pub(super) fn sync_planner(a: &Adapters) -> ScheduleFunction {
    worker!(a, mooring_sync_planner { rows, queue, probes }, clock: a.clock.clone(), profile: a.profile.clone())
}

/// The sweeper of deletions.
pub(super) fn deletion_sweeper(a: &Adapters) -> ScheduleFunction {
    worker!(a, mooring_deletion_sweeper { clock, rows, queue })
}

/// The sweeper of webhooks.
pub(super) fn webhook_sweeper(a: &Adapters) -> ScheduleFunction {
    worker!(a, mooring_webhook_sweeper { clock, rows, queue })
}

/// Webhook endpoints, deliveries, tests and replays. On the local runner endpoints may be on this machine, without TLS.
pub(super) fn webhooks(a: &Adapters, functions: &mut HttpFunctions) {
    http!(functions, a, "webhook-endpoint-create", mooring_webhook_endpoint_create { rows, new_keys }, reach: Reach::WithLoopback);
    let app = mooring_webhook_endpoints_read::App { edge: a.edge.clone(), endpoints: a.store.clone() };
    mount(functions, "webhook-endpoints-read", app, |app, request| {
        Box::pin(mooring_webhook_endpoints_read::handle(app, request))
    });
    http!(functions, a, "webhook-endpoint-change", mooring_webhook_endpoint_change { new_keys, clock, rows }, reach: Reach::WithLoopback);
    http!(functions, a, "webhook-deliveries-read", mooring_webhook_deliveries_read { rows });
    http!(functions, a, "webhook-send", mooring_webhook_send { rows, queue });
}
