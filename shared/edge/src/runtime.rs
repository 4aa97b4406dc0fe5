//! Runs a function's handler on the Lambda runtime.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use lambda_http::{IntoResponse, Request, service_fn};

use crate::Reply;

/// A handler at work.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// A reply whose body is text or bytes already. `lambda_http`'s own way decodes it again by its charset, for which it
/// brings the tables of all the world's encodings.
struct Ready(Reply);

impl IntoResponse for Ready {
    fn into_response(self) -> Handling<'static> {
        Box::pin(ready(self.0))
    }
}

/// Runs a handler until the process ends: `run(app, |app, request| Box::pin(handle(app, request)))`.
pub async fn run<A, F>(app: A, handle: F) -> Result<(), lambda_http::Error>
where
    A: Send + Sync + 'static,
    F: for<'a> Fn(&'a A, Request) -> Handling<'a> + Send + Sync + 'static,
{
    let shared = Arc::new((app, handle));
    let serve = service_fn(move |request: Request| {
        let shared = Arc::clone(&shared);
        async move {
            let (app, handle) = shared.as_ref();
            Ok::<_, Infallible>(Ready(handle(app, request).await))
        }
    });
    lambda_http::run(serve).await
}
