//! Describes the parameters, headers and answers that rate limits and idempotency keys add to every operation
//! with a credential, and puts the headers of all answers.

use mooring_domain::guard::idempotency::KEPT;
use serde_json::{Map, Value, json};

use super::headers;

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
        "example": "4f1c3a52-2b0e-4c55-9b1c-0f5d7a1e7f10",
    } })
}

/// Returns a reference to the parameter of the idempotency key.
pub(super) fn key() -> Value {
    json!({ "$ref": "#/components/parameters/IdempotencyKey" })
}

/// Adds the answer to too many calls.
pub(super) fn limit(answers: &mut Map<String, Value>, content: &Value) {
    let description = "Too many calls (`quota_exceeded`); `violated-policies` names the limits.";
    answers.insert("429".into(), json!({ "description": description, "content": content }));
}

/// Adds the headers to all answers. `guarded` says that the operation wants a credential, `repeatable` that it reads an
/// idempotency key.
pub(super) fn stamp(answers: &mut Map<String, Value>, guarded: bool, repeatable: bool) {
    for (status, answer) in answers {
        headers::put(answer, "RequestId");
        let refused = status.starts_with('4');
        if refused || status.starts_with('5') {
            headers::put(answer, "RetryAfter");
        }
        if guarded && !status.starts_with('5') {
            headers::put(answer, "RateLimitPolicy");
            headers::put(answer, "RateLimit");
        }
        if guarded && status == "4XX" {
            headers::put(answer, "Authenticate");
        }
        if repeatable && status.starts_with('2') {
            headers::put(answer, "IdempotentReplayed");
        }
    }
}
