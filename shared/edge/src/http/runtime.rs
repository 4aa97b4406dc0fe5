//! Runs a function's handler on the Lambda runtime.

use std::convert::Infallible;
use std::sync::Arc;

use lambda_http::{LambdaEvent, Request, lambda_runtime, service_fn};
use serde_json::Value;

use super::event::{Handling, invoke};

/// Runs a handler until the process ends: `run(app, |app, request| Box::pin(handle(app, request)))`.
pub async fn run<A, F>(app: A, handle: F) -> Result<(), lambda_http::Error>
where
    A: Send + Sync + 'static,
    F: for<'a> Fn(&'a A, Request) -> Handling<'a> + Send + Sync + 'static,
{
    let shared = Arc::new((app, handle));
    let serve = service_fn(move |event: LambdaEvent<Value>| {
        let shared = Arc::clone(&shared);
        async move {
            let (app, handle) = shared.as_ref();
            let LambdaEvent { payload, context } = event;
            Ok::<_, Infallible>(invoke(payload, context, |request| handle(app, request)).await)
        }
    });
    lambda_runtime::run(serve).await
}
