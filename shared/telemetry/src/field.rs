//! The names of log fields that several places use. As every field of a log line, each holds an opaque id, a
//! fixed word, or a number.

/// The id of the request or message.
pub const REQUEST_ID: &str = "request.id";
/// The id of the Lambda invocation; the runtime's own lines carry it.
pub const INVOCATION: &str = "invocation.id";
/// The method and the pattern of the route, never the path itself: paths hold tokens.
pub const ROUTE: &str = "request.route";
/// The HTTP status of the answer.
pub const STATUS: &str = "response.status";
/// The tenant's id.
pub const TENANT: &str = "tenant.id";
/// The credential's public id.
pub const CREDENTIAL: &str = "credential.id";
/// The stable code of an error.
pub const ERROR_CODE: &str = "error.code";
/// The text of an error with its causes.
pub const ERROR: &str = "error.chain";
