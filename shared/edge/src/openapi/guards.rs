//! Describes the parameters, headers and answers that rate limits and idempotency keys add to every operation
//! with a credential.

use mooring_domain::guard::idempotency::KEPT;
use serde_json::{Map, Value, json};

/// Returns the parameters that several operations share.
pub(super) fn parameters() -> Value {
    json!({ "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": format!("Makes the call safe to send again: for {} hours, the same key with the same credential, path \
            and body is carried out once and answered the same, with `Idempotent-Replayed: true`; a resource is shown \
            as it is now. With another body the answer is 422 (`idempotency_key_reused`), while the first call runs \
            409 (`idempotency_in_progress`). A refused call (4xx) is forgotten: mend it and use the key again. Use a \
            random key such as a UUID for every new request.", KEPT.as_hours()),
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^([!#-~]+|\"[!#-\\[\\]-~]+\")$" },
    } })
}

/// Returns the headers that several answers share.
pub(super) fn headers() -> Value {
    json!({
        "RateLimitPolicy": header(
            "The limits, of this credential (`key`) and of the tenant: `q` calls in `w` seconds, in the long run. Fewer \
             may be sent at once; `RateLimit` says how many.",
            "string",
        ),
        "RateLimit": header(
            "Of each limit: `r`, how many calls there is room for now, and `t`, the seconds until that is the full \
             burst again, or if it is 0, until there is room for one.",
            "string",
        ),
        "RetryAfter": header("Seconds to wait before the call is sent again.", "integer"),
        "IdempotentReplayed": header("`true` on the answer to a call that was carried out before.", "string"),
    })
}

fn header(description: &str, kind: &str) -> Value {
    json!({ "description": description, "schema": { "type": kind } })
}

/// Returns a reference to the parameter of the idempotency key.
pub(super) fn key() -> Value {
    json!({ "$ref": "#/components/parameters/IdempotencyKey" })
}

/// Adds the headers to all answers, and the answer to too many calls.
pub(super) fn limit(answers: &mut Map<String, Value>, refusal: &Value, repeatable: bool) {
    let content = json!({ "application/problem+json": { "schema": refusal } });
    let description = "Too many calls (`quota_exceeded`); `violated-policies` names the limits.";
    answers.insert("429".into(), json!({ "description": description, "content": content }));
    for (status, answer) in answers {
        let Some(headers) = answer.as_object_mut() else { continue };
        let headers = headers.entry("headers").or_insert_with(|| json!({}));
        let Some(headers) = headers.as_object_mut() else { continue };
        headers.insert("RateLimit-Policy".into(), reference("RateLimitPolicy"));
        headers.insert("RateLimit".into(), reference("RateLimit"));
        if status.starts_with('4') {
            headers.insert("Retry-After".into(), reference("RetryAfter"));
        } else if repeatable {
            headers.insert("Idempotent-Replayed".into(), reference("IdempotentReplayed"));
        }
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}
