//! The tables of functions: the `App` of each, as its `main.rs` builds it. A further function is one line here.

use std::sync::Arc;

use jiff::SignedDuration;
use mooring_domain::webhook::target::Reach;
use mooring_edge::openapi::Api;

use super::{HttpFunctions, QueueFunction, ScheduleFunction, mount};
use crate::adapters::Adapters;

// Behind API Gateway. On the local runner webhook endpoints may be on this machine, without TLS.
endpoints! { a:
    "frontend-token-create" => mooring_frontend_token_create { rows, mode };
    "connect-session-create" => mooring_connect_session_create { rows, keys, profile };
    "connect-page" => mooring_connect_page { keys, connectors, profile, clock, entropy, rows };
    "connection-callback" => mooring_connection_callback { keys, new_keys, connectors, profile, clock, entropy, rows };
    "connection-confirm" => mooring_connection_confirm { keys, new_keys, profile, clock, entropy, rows };
    "connection-activate" => mooring_connection_activate { queue, profile, clock, entropy, rows };
    "connections-read" => mooring_connections_read { rows, keys, clock, profile }, profile: a.profile.clone();
    "connection-disconnect" => mooring_connection_disconnect { clock, entropy, rows, queue };
    "sync-request" => mooring_sync_request { rows, queue, profile, clock };
    "reports-query" => mooring_reports_query { rows, keys };
    "deletion-request" => mooring_deletion_request (deletion_request(a));
    "deletion-status" => mooring_deletion_status (deletion_status(a));
    "deletions-read" => mooring_deletions_read { clock, rows }, connectors: a.registry.clone();
    "webhook-endpoint-create" => mooring_webhook_endpoint_create { rows, new_keys }, reach: Reach::WithLoopback;
    "webhook-endpoints-read" => mooring_webhook_endpoints_read (webhook_endpoints_read(a));
    "webhook-endpoint-change" => mooring_webhook_endpoint_change { new_keys, clock, rows }, reach: Reach::WithLoopback;
    "webhook-deliveries-read" => mooring_webhook_deliveries_read { rows };
    "webhook-send" => mooring_webhook_send { rows, queue };
    "calls-read" => mooring_calls_read (calls_read(a));
    "openapi" => mooring_openapi (mooring_openapi::App);
}

fn calls_read(a: &Adapters) -> mooring_calls_read::App {
    mooring_calls_read::App {
        edge: a.edge.clone(),
        credential: ports!(a, mooring_calls_read::read_credential::Ports { rows }),
        log: ports!(a, mooring_calls_read::read_access_log::Ports { rows }),
        usage: ports!(a, mooring_calls_read::read_usage::Ports { rows }),
    }
}

fn deletion_request(a: &Adapters) -> mooring_deletion_request::App {
    mooring_deletion_request::App {
        edge: a.edge.clone(),
        ports: ports!(a, mooring_deletion_request::Ports { clock, entropy, rows, queue }),
        mail: ports!(a, mooring_deletion_request::by_mail::Ports { clock, entropy, rows, keys, queue }),
        link: ports!(a, mooring_deletion_request::by_link::Ports { clock, entropy, rows, queue }),
        profile: a.profile.clone(),
    }
}

fn deletion_status(a: &Adapters) -> mooring_deletion_status::App {
    mooring_deletion_status::App { edge: a.edge.clone(), ledger: a.store.clone(), profile: a.profile.clone() }
}

fn webhook_endpoints_read(a: &Adapters) -> mooring_webhook_endpoints_read::App {
    mooring_webhook_endpoints_read::App { edge: a.edge.clone(), endpoints: a.store.clone() }
}

/// Mounts the one function that no description has: the API's description does not list preflights.
pub(super) fn preflight(a: &Adapters, functions: &mut HttpFunctions) {
    let app = mooring_preflight::App { edge: a.edge.clone() };
    mount(functions, "preflight", app, |app, request| Box::pin(mooring_preflight::handle(app, request)));
}

/// Mounts one function behind a queue.
type MountWorker = fn(&Adapters) -> QueueFunction;

/// The functions behind queues, by their folder.
pub(super) const WORKERS: &[(&str, MountWorker)] = &[
    ("sync-worker", sync_worker),
    ("deletion-worker", |a| {
        worker!(a, mooring_deletion_worker { clock, entropy, rows, queue, keys, connectors, profile })
    }),
    ("mail-worker", |a| {
        worker!(
            a,
            mooring_mail_worker { clock, entropy, rows, keys, queue, mailer, writer, profile, api_origin }
        )
    }),
    ("webhook-worker", |a| worker!(a, mooring_webhook_worker { clock, entropy, rows, keys, queue, post })),
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

/// Mounts one function behind a schedule.
type MountSchedule = fn(&Adapters) -> ScheduleFunction;

/// The functions behind schedules of five minutes, by their folder.
pub(super) const SCHEDULES: &[(&str, MountSchedule)] = &[
    (
        "sync-planner",
        |a| worker!(a, mooring_sync_planner { rows, queue, probes }, clock: a.clock.clone(), profile: a.profile.clone()),
    ),
    ("deletion-sweeper", |a| worker!(a, mooring_deletion_sweeper { clock, rows, queue })),
];

/// The sweeper of webhooks, behind the schedule of a minute.
pub(super) fn webhook_sweeper(a: &Adapters) -> ScheduleFunction {
    worker!(a, mooring_webhook_sweeper { clock, rows, queue })
}
