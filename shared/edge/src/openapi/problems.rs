//! Lists every `code` of a problem document with its remedy: the table of errors in the description and in
//! docs/api.
//!
//! `tests/tidy` compares this table with the code.

use mooring_domain::Kind;
use serde_json::{Map, Value, json};

use crate::http::problem;

/// One code.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// The kind of error, which decides the status.
    pub kind: Kind,
    /// True when the same call can succeed later.
    pub retryable: bool,
    /// The remedy, for the caller.
    pub help: &'static str,
}

const fn code(code: &'static str, kind: Kind, help: &'static str) -> Code {
    Code { code, kind, retryable: false, help }
}

const fn later(code: &'static str, kind: Kind, help: &'static str) -> Code {
    Code { code, kind, retryable: true, help }
}

/// All codes that a caller can get, except those of Mooring's own faults: those are 500, with a code that
/// only helps its operator.
pub const CODES: &[Code] = &[
    code(
        "already_decided",
        Kind::Conflict,
        "A choice was made on this page before, and that one counts. Go back to the product.",
    ),
    code("bad_cursor", Kind::Invalid, "Use `next_cursor` of the page before, unchanged."),
    code("bad_days", Kind::Invalid, "`from` has to be before `to`, or the same day."),
    code("bad_limit", Kind::Invalid, "Ask for 1 to 1000 rows."),
    code("body_too_large", Kind::TooLarge, "Bodies are at most 64 KiB."),
    later(
        "changed_meanwhile",
        Kind::Conflict,
        "The endpoint was changed at the same moment. Send the call again.",
    ),
    code(
        "connection_ended",
        Kind::Conflict,
        "The connection ended meanwhile. Read it; connect again if it is gone.",
    ),
    code("content_encoding", Kind::MediaType, "Send the body as it is, without `Content-Encoding`."),
    code("content_type", Kind::MediaType, "Send the `Content-Type` that the detail names, in UTF-8."),
    code("cross_site", Kind::Forbidden, "Forms of our pages only work from our pages."),
    code(
        "declined",
        Kind::NotPermitted,
        "The person said no at the platform. Open a new session if they want to try again.",
    ),
    code(
        "delivery_pending",
        Kind::Conflict,
        "The delivery is still being tried. Replay it once it is `delivered` or `failed`.",
    ),
    code("front_required", Kind::Forbidden, "Call the API at its public address."),
    code("endpoint_disabled", Kind::Conflict, "Switch the endpoint on with `enabled: true` first."),
    code(
        "foreign_cursor",
        Kind::Invalid,
        "A cursor belongs to one question. Keep every other parameter as it was.",
    ),
    later(
        "idempotency_in_progress",
        Kind::Conflict,
        "The first call still runs. Wait for `Retry-After` and send it again.",
    ),
    code(
        "idempotency_key_reused",
        Kind::Mismatch,
        "This key was used for another request. Use a new key for a new request.",
    ),
    code(
        "invalid_body",
        Kind::Invalid,
        "The detail says where the body does not fit and what is expected there.",
    ),
    code(
        "invalid_code",
        Kind::Invalid,
        "The code is used up, expired or another connection's. Start again with a new session.",
    ),
    code(
        "invalid_cursor",
        Kind::Invalid,
        "Use `next_cursor` of the page before, unchanged, on the same list.",
    ),
    code(
        "invalid_description",
        Kind::Invalid,
        "1 to 200 visible ASCII characters or spaces, no space at either end.",
    ),
    code("invalid_email", Kind::Invalid, "Send one plain e-mail address."),
    code("invalid_form", Kind::Invalid, "Open the page again and use its own form."),
    code(
        "invalid_idempotency_key",
        Kind::Invalid,
        "Send one `Idempotency-Key` of 1 to 255 visible ASCII characters, in quotes or without.",
    ),
    code(
        "invalid_json",
        Kind::Invalid,
        "The detail says at which line and column the body stops being JSON.",
    ),
    code("invalid_parameter", Kind::Invalid, "The detail names the query parameter and what fits."),
    code(
        "invalid_target",
        Kind::Invalid,
        "Say what to delete: a connection, one account of it, or the tenant.",
    ),
    code(
        "invalid_query",
        Kind::Invalid,
        "Percent-encode spaces, quotes, `<`, `>` and `#` in the query string.",
    ),
    code(
        "invalid_request",
        Kind::Invalid,
        "Send plain HTTP: a known method, headers without control characters.",
    ),
    code(
        "invalid_url",
        Kind::Invalid,
        "Give an https address of the public Internet; the detail says what is wrong with this one.",
    ),
    later("kms_unavailable", Kind::Unavailable, "Send the call again after a moment."),
    later("limit_unsettled", Kind::Unavailable, "Send the call again."),
    code(
        "link_unusable",
        Kind::Gone,
        "The link is used, expired or belongs to another browser. Start again in the product.",
    ),
    code("link_used", Kind::Gone, "The mailed link works once. Ask for a new one."),
    code(
        "list_unusable",
        Kind::Gone,
        "The list of accounts belongs to another flow or browser, or is over. Start again in the product.",
    ),
    code("method_not_allowed", Kind::Method, "Use one of the methods in `Allow`."),
    code("missing_parameter", Kind::Invalid, "Add the query parameter that the detail names."),
    code("missing_scope", Kind::Forbidden, "Use a credential with the scope that the detail names."),
    code(
        "no_accounts",
        Kind::Conflict,
        "No account was there, or none was chosen. Connect again and choose one.",
    ),
    code(
        "no_event_types",
        Kind::Invalid,
        "Name at least one event type, or leave `event_types` out to hear all.",
    ),
    code("no_route", Kind::NotFound, "Look at `/openapi.json` for the paths that exist."),
    code("no_scopes", Kind::Invalid, "Ask for at least one scope, or leave `scopes` out."),
    code(
        "not_a_visit",
        Kind::Forbidden,
        "The page was asked for in advance or in the background. Open it as a page of its own.",
    ),
    code(
        "not_syncable",
        Kind::Conflict,
        "Only an account of a connection that is `active` or `suspect` syncs; the connection's state says what to do.",
    ),
    code("not_for_browsers", Kind::Forbidden, "Call with an API key, from a server."),
    code("not_acceptable", Kind::NotAcceptable, "Ask in `Accept` for a form that the detail names."),
    code(
        "not_found",
        Kind::NotFound,
        "There is no such thing for this credential. Another tenant's things do not exist either.",
    ),
    code(
        "not_live",
        Kind::Conflict,
        "Only a live connection can be authorised again. Open a session without `connection_id`.",
    ),
    code("not_pending", Kind::Conflict, "The connection is active already; go on."),
    later(
        "not_verified_yet",
        Kind::Conflict,
        "The receipt exists once everything was counted at zero. The detail says what comes next, and when.",
    ),
    code("nothing_chosen", Kind::Invalid, "Choose at least one account."),
    code("nothing_to_change", Kind::Invalid, "Name what is to change."),
    code("origin_not_allowed", Kind::Forbidden, "Register the browser's exact origin for the tenant."),
    code("other_connection", Kind::Invalid, "`connection_id` has to be of the same platform and end user."),
    code("other_end_user", Kind::Forbidden, "A frontend token only acts for its own end user."),
    code(
        "other_identity",
        Kind::NotPermitted,
        "The person signed in as somebody else. Sign in as the identity that was connected.",
    ),
    code("out_of_range", Kind::Invalid, "The sums are too large to add. Ask for fewer days."),
    code("oversized_parameter", Kind::Invalid, "Query parameters are at most 2048 characters."),
    code(
        "platform_setup",
        Kind::Setup,
        "The product's app at the platform is not set up as it should be. Its operator has been told; nobody else can act.",
    ),
    code("purging", Kind::Gone, "The connection is being deleted. Connect again for a new one."),
    later(
        "quota_exceeded",
        Kind::RateLimited,
        "Wait for `Retry-After`. `violated-policies` names the limits.",
    ),
    code("repeated_metric", Kind::Invalid, "Name each metric once."),
    code("repeated_parameter", Kind::Invalid, "Give each query parameter once."),
    code(
        "scope_missing",
        Kind::NotPermitted,
        "The person left out a permission that is needed. Ask them to connect again with it.",
    ),
    code(
        "scope_not_for_browsers",
        Kind::Invalid,
        "A frontend token cannot have this scope. Call from a server instead.",
    ),
    code(
        "scope_not_held",
        Kind::Forbidden,
        "A frontend token has at most the scopes of the key that mints it.",
    ),
    later("store_unavailable", Kind::Unavailable, "Send the call again after a moment."),
    code("tenant_closed", Kind::Conflict, "The tenant is being deleted; nothing new can be made for it."),
    code(
        "too_many_accounts",
        Kind::TooLarge,
        "The identity reaches more accounts than can be offered. Grant fewer at the platform.",
    ),
    code("too_many_chosen", Kind::Invalid, "Choose fewer accounts at once."),
    code("too_many_days", Kind::Invalid, "Ask for fewer days; the detail says how many."),
    code("too_many_endpoints", Kind::Conflict, "Delete an endpoint that is not needed any more."),
    code("too_many_rows", Kind::Invalid, "Ask for fewer days or a coarser level or grouping."),
    code(
        "too_many_secrets",
        Kind::Conflict,
        "Four secrets sign already. Replace this one when the oldest has ended, within a day.",
    ),
    code(
        "unauthenticated",
        Kind::Unauthenticated,
        "Send a valid API key or frontend token as `Authorization: Bearer …`.",
    ),
    later(
        "sync_too_soon",
        Kind::RateLimited,
        "A sync of the account was asked for lately. Wait for `Retry-After`; the next one also comes by itself.",
    ),
    code("unknown_choice", Kind::Invalid, "Open the page again and choose from its list."),
    code("unknown_event_type", Kind::Invalid, "Use the event types of docs/webhooks.md."),
    code(
        "unknown_field",
        Kind::Invalid,
        "Remove the field that the operation does not have; the detail lists those it has.",
    ),
    code("unknown_group_by", Kind::Invalid, "Group by `day`, `entity`, `day,entity` or `none`."),
    code("unknown_level", Kind::Invalid, "Use `account`, `campaign`, `ad_group` or `ad`."),
    code("unknown_metric", Kind::Invalid, "Use metrics that the detail lists."),
    code("unknown_parameter", Kind::Invalid, "Remove the query parameter that the operation does not have."),
    code("unknown_platform", Kind::Invalid, "The product does not connect to this platform."),
    code("unknown_return_url", Kind::Invalid, "Register the exact return URL for the tenant."),
    code("unknown_scope", Kind::Invalid, "Use scopes that the description lists."),
    code("unknown_sort", Kind::Invalid, "Sort by `day`, `entity` or a metric that the answer has."),
];

/// Returns the HTTP status of a code.
pub fn status(code: &Code) -> u16 {
    problem::status_of(code.kind)
}

/// Makes the table for the description; `doc` of a problem document points to it.
pub(super) fn table() -> Value {
    let row = |code: &Code| {
        let about = json!({ "status": status(code), "retryable": code.retryable, "help": code.help });
        (code.code.to_owned(), about)
    };
    Value::Object(CODES.iter().map(row).collect::<Map<_, _>>())
}
