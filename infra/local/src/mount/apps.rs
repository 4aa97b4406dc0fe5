//! The `App` of each function, as its `main.rs` builds it.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{HttpFunctions, QueueFunction, ScheduleFunction, mount};
use crate::adapters::Adapters;

/// Connect sessions, pages, callback, choice, activation.
pub(super) fn connecting(a: &Adapters, functions: &mut HttpFunctions) {
    let app = mooring_frontend_token_create::App { edge: a.edge.clone(), transient: a.store.clone() };
    mount(functions, "frontend-token-create", app, |app, request| {
        Box::pin(mooring_frontend_token_create::handle(app, request))
    });
    let app = mooring_connect_session_create::App {
        edge: a.edge.clone(),
        connections: a.store.clone(),
        transient: a.store.clone(),
        vault: a.store.clone(),
        keys: a.vault.clone(),
        profile: a.profile.clone(),
    };
    mount(functions, "connect-session-create", app, |app, request| {
        Box::pin(mooring_connect_session_create::handle(app, request))
    });
    let app = mooring_connect_page::App {
        edge: a.edge.clone(),
        read: a.store.clone(),
        take: a.store.clone(),
        vault: a.store.clone(),
        keys: a.vault.clone(),
        connectors: a.registry.clone(),
        profile: a.profile.clone(),
    };
    mount(functions, "connect-page", app, |app, request| {
        Box::pin(mooring_connect_page::handle(app, request))
    });
    coming_back(a, functions);
}

fn coming_back(a: &Adapters, functions: &mut HttpFunctions) {
    let app = mooring_connection_callback::App {
        edge: a.edge.clone(),
        take: a.store.clone(),
        read: a.store.clone(),
        put: a.store.clone(),
        connections: a.store.clone(),
        create: a.store.clone(),
        deletions: a.store.clone(),
        vault: a.store.clone(),
        open: a.vault.clone(),
        mint: a.vault.clone(),
        connectors: a.registry.clone(),
        profile: a.profile.clone(),
    };
    mount(functions, "connection-callback", app, |app, request| {
        Box::pin(mooring_connection_callback::handle(app, request))
    });
    let app = mooring_connection_confirm::App {
        edge: a.edge.clone(),
        read: a.store.clone(),
        take: a.store.clone(),
        connections: a.store.clone(),
        held: a.store.clone(),
        confirm: a.store.clone(),
        vault: a.store.clone(),
        open: a.vault.clone(),
        mint: a.vault.clone(),
        profile: a.profile.clone(),
    };
    mount(functions, "connection-confirm", app, |app, request| {
        Box::pin(mooring_connection_confirm::handle(app, request))
    });
    let app = mooring_connection_activate::App {
        edge: a.edge.clone(),
        take: a.store.clone(),
        connections: a.store.clone(),
        held: a.store.clone(),
        activate: a.store.clone(),
        queue: a.queues.clone(),
        profile: a.profile.clone(),
    };
    mount(functions, "connection-activate", app, |app, request| {
        Box::pin(mooring_connection_activate::handle(app, request))
    });
}

/// Connections, reports, deletions and the description of the API.
pub(super) fn reading(a: &Adapters, functions: &mut HttpFunctions) {
    let app = mooring_connections_read::App {
        edge: a.edge.clone(),
        connections: a.store.clone(),
        vault: a.store.clone(),
        keys: a.vault.clone(),
        progress: a.store.clone(),
        profile: a.profile.clone(),
    };
    mount(functions, "connections-read", app, |app, request| {
        Box::pin(mooring_connections_read::handle(app, request))
    });
    let app = mooring_reports_query::App {
        edge: a.edge.clone(),
        fences: a.store.clone(),
        connections: a.store.clone(),
        completeness: a.store.clone(),
        sheets: a.store.clone(),
        vault: a.store.clone(),
        keys: a.vault.clone(),
    };
    mount(functions, "reports-query", app, |app, request| {
        Box::pin(mooring_reports_query::handle(app, request))
    });
    let app = mooring_deletion_status::App { edge: a.edge.clone(), ledger: a.store.clone() };
    mount(functions, "deletion-status", app, |app, request| {
        Box::pin(mooring_deletion_status::handle(app, request))
    });
    let app = mooring_deletions_read::App {
        edge: a.edge.clone(),
        ledger: a.store.clone(),
        owners: a.store.clone(),
        connectors: a.registry.clone(),
    };
    mount(functions, "deletions-read", app, |app, request| {
        Box::pin(mooring_deletions_read::handle(app, request))
    });
    mount(functions, "openapi", mooring_openapi::App, |app, request| {
        Box::pin(mooring_openapi::handle(app, request))
    });
}

/// Disconnects and deletion requests.
pub(super) fn ending(a: &Adapters, functions: &mut HttpFunctions) {
    let app = mooring_connection_disconnect::App {
        edge: a.edge.clone(),
        connections: a.store.clone(),
        begin: a.store.clone(),
        ledger: a.store.clone(),
        queue: a.queues.clone(),
    };
    mount(functions, "connection-disconnect", app, |app, request| {
        Box::pin(mooring_connection_disconnect::handle(app, request))
    });
    let app = mooring_deletion_request::App {
        edge: a.edge.clone(),
        connections: a.store.clone(),
        begin: a.store.clone(),
        ledger: a.store.clone(),
        queue: a.queues.clone(),
        vault: a.store.clone(),
        keys: a.vault.clone(),
        requests: a.store.clone(),
        mails: a.queues.clone(),
        read: a.store.clone(),
        take: a.store.clone(),
        ends: a.store.clone(),
        profile: a.profile.clone(),
    };
    mount(functions, "deletion-request", app, |app, request| {
        Box::pin(mooring_deletion_request::handle(app, request))
    });
}

/// The sync worker; its invocations end after the template's 60 seconds.
pub(super) fn sync_worker(a: &Adapters) -> QueueFunction {
    let invocation = SignedDuration::from_secs(60) * i32::try_from(a.scale).unwrap_or(i32::MAX);
    let app = Arc::new(mooring_sync_worker::App {
        clock: a.clock.clone(),
        entropy: a.entropy.clone(),
        tables: a.store.clone(),
        keys: a.vault.clone(),
        connectors: a.registry.clone(),
        queue: a.queues.clone(),
        profile: a.profile.clone(),
    });
    Arc::new(move |event| {
        let app = Arc::clone(&app);
        let deadline = app.clock.now() + invocation;
        Box::pin(async move { mooring_sync_worker::handle(&app, event, deadline).await })
    })
}

/// The deletion worker.
pub(super) fn deletion_worker(a: &Adapters) -> QueueFunction {
    let app = Arc::new(mooring_deletion_worker::App {
        clock: a.clock.clone(),
        entropy: a.entropy.clone(),
        connections: a.store.clone(),
        begin: a.store.clone(),
        ledger: a.store.clone(),
        advance: a.store.clone(),
        queue: a.queues.clone(),
        purge: a.store.clone(),
        vault: a.store.clone(),
        keys: a.vault.clone(),
        connectors: a.registry.clone(),
        profile: a.profile.clone(),
    });
    Arc::new(move |event| {
        let app = Arc::clone(&app);
        Box::pin(async move { mooring_deletion_worker::handle(&app, event).await })
    })
}

/// The mail worker.
pub(super) fn mail_worker(a: &Adapters) -> QueueFunction {
    let app = Arc::new(mooring_mail_worker::App {
        clock: a.clock.clone(),
        entropy: a.entropy.clone(),
        vault: a.store.clone(),
        keys: a.vault.clone(),
        requests: a.store.clone(),
        paces: a.store.clone(),
        index: a.store.clone(),
        connections: a.store.clone(),
        links: a.store.clone(),
        queue: a.queues.clone(),
        mailer: a.mail.clone(),
        profile: a.profile.clone(),
        api_origin: a.edge.api_origin.clone(),
    });
    Arc::new(move |event| {
        let app = Arc::clone(&app);
        Box::pin(async move { mooring_mail_worker::handle(&app, event).await })
    })
}

/// The planner.
pub(super) fn sync_planner(a: &Adapters) -> ScheduleFunction {
    let app = Arc::new(mooring_sync_planner::App {
        clock: a.clock.clone(),
        due: a.store.clone(),
        queue: a.queues.clone(),
        profile: a.profile.clone(),
    });
    Arc::new(move |event| {
        let app = Arc::clone(&app);
        Box::pin(async move { mooring_sync_planner::handle(&app, event).await })
    })
}

/// The sweeper.
pub(super) fn deletion_sweeper(a: &Adapters) -> ScheduleFunction {
    let app = Arc::new(mooring_deletion_sweeper::App {
        clock: a.clock.clone(),
        ledger: a.store.clone(),
        queue: a.queues.clone(),
    });
    Arc::new(move |event| {
        let app = Arc::clone(&app);
        Box::pin(async move { mooring_deletion_sweeper::handle(&app, event).await })
    })
}
