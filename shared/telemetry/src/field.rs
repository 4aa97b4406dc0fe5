//! The names of log fields. Only these are logged; each holds an opaque id, a word of ours, or a number.

/// The id of the request or message.
pub const REQUEST_ID: &str = "request.id";
/// The id of the Lambda invocation, which the runtime's own lines carry.
pub const INVOCATION: &str = "invocation.id";
/// Method and route pattern, never the path itself: paths hold tokens.
pub const ROUTE: &str = "request.route";
/// The HTTP status of the answer.
pub const STATUS: &str = "response.status";
/// Milliseconds from the request to the answer.
pub const DURATION: &str = "duration.ms";
/// The tenant's id.
pub const TENANT: &str = "tenant.id";
/// The credential's public id.
pub const CREDENTIAL: &str = "credential.id";
/// The connection's id.
pub const CONNECTION: &str = "connection.id";
/// The account's id, ours.
pub const ACCOUNT: &str = "account.id";
/// The deletion's id.
pub const DELETION: &str = "deletion.id";
/// The platform's word.
pub const PLATFORM: &str = "platform";
/// The id of a sync job.
pub const JOB: &str = "job.id";
/// How many rows or items something was about.
pub const COUNT: &str = "count";
/// The stable code of an error.
pub const ERROR_CODE: &str = "error.code";
/// The text of an error with its causes.
pub const ERROR: &str = "error.chain";
