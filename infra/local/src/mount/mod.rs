//! Mounts every function: the same `App` and `handle` that each `main.rs` runs, over the stack's adapters.

/// Fills the ports of an operation from the adapters, by the names of the ports.
macro_rules! ports {
    (@ $a:ident clock) => { $a.clock.clone() };
    (@ $a:ident entropy) => { $a.entropy.clone() };
    (@ $a:ident rows) => { $a.store.clone() };
    (@ $a:ident keys) => { $a.vault.clone() };
    (@ $a:ident new_keys) => { $a.vault.clone() };
    (@ $a:ident connectors) => { $a.registry.clone() };
    (@ $a:ident profile) => { $a.profile.clone() };
    (@ $a:ident queue) => { $a.queues.clone() };
    (@ $a:ident probes) => { $a.queues.clone() };
    (@ $a:ident mailer) => { $a.mail.clone() };
    (@ $a:ident writer) => { Arc::new(mooring_texts::Letters) };
    (@ $a:ident post) => { $a.webhooks.clone() };
    (@ $a:ident api_origin) => { $a.edge.site.origin().to_owned() };
    (@ $a:ident mode) => { $a.edge.mode };
    ($a:ident, $($ports:ident)::+ { $($port:ident),+ }) => { $($ports)::+ { $($port: ports!(@ $a $port)),+ } };
}

/// Makes the `App` of a function behind API Gateway: the edge, the ports of its operation and perhaps more, or what the
/// table says in parentheses.
macro_rules! app {
    ($a:ident, $function:ident { $($port:ident),+ } $(, $more:ident: $value:expr)*) => {
        $function::App {
            edge: $a.edge.clone(),
            ports: ports!($a, $function::Ports { $($port),+ }),
            $($more: $value,)*
        }
    };
    ($a:ident, $function:ident ($app:expr)) => { $app };
}

/// Mounts and describes the functions behind API Gateway, one line each.
macro_rules! endpoints {
    ($a:ident: $($name:literal => $function:ident $app:tt $(, $more:ident: $value:expr)*;)+) => {
        /// Mounts each function.
        pub(super) fn endpoints($a: &Adapters, functions: &mut HttpFunctions) {
            $(
                let app = app!($a, $function $app $(, $more: $value)*);
                mount(functions, $name, app, |app, request| Box::pin($function::handle(app, request)));
            )+
        }

        /// Describes the operations of each function.
        pub(super) fn describe(api: &mut Api) {
            $($function::describe(api);)+
        }
    };
}

/// Mounts a function behind a queue or a schedule.
macro_rules! worker {
    ($a:ident, $function:ident { $($port:ident),+ } $(, $more:ident: $value:expr)*) => {{
        let app = Arc::new($function::App {
            ports: ports!($a, $function::Ports { $($port),+ }),
            $($more: $value,)*
        });
        Arc::new(move |event| {
            let app = Arc::clone(&app);
            Box::pin(async move { $function::handle(&app, event).await })
        })
    }};
}

mod apps;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_http::Request;
use mooring_domain::Error;
use mooring_edge::openapi::Api;
use mooring_edge::{Handling, Reply};
use serde_json::Value;

use crate::adapters::Adapters;

/// A future of a mounted function.
pub type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// A function behind API Gateway.
pub type HttpFunction = Arc<dyn Fn(Request) -> Running<Reply> + Send + Sync>;
/// The functions behind API Gateway, by their folder.
pub type HttpFunctions = BTreeMap<&'static str, HttpFunction>;
/// A function behind a queue.
pub type QueueFunction = Arc<dyn Fn(SqsEvent) -> Running<SqsBatchResponse> + Send + Sync>;
/// A function behind a schedule.
pub type ScheduleFunction = Arc<dyn Fn(Value) -> Running<Result<(), Error>> + Send + Sync>;

/// All functions.
#[derive(Clone)]
pub struct Mounted {
    /// Behind API Gateway.
    pub http: HttpFunctions,
    /// Behind queues, by their folder.
    pub workers: BTreeMap<&'static str, QueueFunction>,
    /// Behind schedules of five minutes.
    pub schedules: Vec<ScheduleFunction>,
    /// Behind the schedule of a minute.
    pub webhook_sweeper: ScheduleFunction,
}

/// Mounts all functions.
pub fn all(adapters: &Adapters) -> Mounted {
    let mut functions = HttpFunctions::new();
    apps::endpoints(adapters, &mut functions);
    apps::preflight(adapters, &mut functions);
    Mounted {
        http: functions,
        workers: apps::WORKERS.iter().map(|(name, mount)| (*name, mount(adapters))).collect(),
        schedules: apps::SCHEDULES.iter().map(|(_, mount)| mount(adapters)).collect(),
        webhook_sweeper: apps::webhook_sweeper(adapters),
    }
}

/// Mounts each function over adapters of its own, by its folder's name.
pub fn each<E>(adapters: &dyn Fn(&str) -> Result<Adapters, E>) -> Result<Mounted, E> {
    let mut mounted = all(&adapters("sync-worker")?);
    for (name, mount) in apps::WORKERS {
        mounted.workers.insert(name, mount(&adapters(name)?));
    }
    let schedules = apps::SCHEDULES.iter().map(|(name, mount)| Ok(mount(&adapters(name)?)));
    mounted.schedules = schedules.collect::<Result<_, E>>()?;
    mounted.webhook_sweeper = apps::webhook_sweeper(&adapters("webhook-sweeper")?);
    for (name, function) in &mut mounted.http {
        if let Some(own) = all(&adapters(name)?).http.remove(name) {
            *function = own;
        }
    }
    Ok(mounted)
}

/// Describes every operation of every function; an error names what is missing.
pub fn describe() -> Result<Value, String> {
    let mut api = Api::default();
    apps::describe(&mut api);
    api.build()
}

/// Mounts one HTTP function.
fn mount<A, F>(functions: &mut HttpFunctions, name: &'static str, app: A, handle: F)
where
    A: Send + Sync + 'static,
    F: for<'a> Fn(&'a A, Request) -> Handling<'a> + Send + Sync + 'static,
{
    let shared = Arc::new((app, handle));
    let function: HttpFunction = Arc::new(move |request| {
        let shared = Arc::clone(&shared);
        Box::pin(async move { (shared.1)(&shared.0, request).await })
    });
    functions.insert(name, function);
}
