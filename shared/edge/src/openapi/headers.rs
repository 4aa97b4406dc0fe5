//! Describes the headers of answers; each is a component of the description.

use serde_json::{Value, json};

/// A header of answers.
struct Header {
    component: &'static str,
    name: &'static str,
    about: &'static str,
    form: Form,
    example: &'static str,
}

/// The form of a header's value.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Reference,
    Seconds,
    OneOf(&'static [&'static str]),
}

const HEADERS: &[Header] = &[
    Header {
        component: "RequestId",
        name: "X-Request-Id",
        about: "The request's id. Send it with a question to the operator.",
        form: Form::Text,
        example: "Kx3cTgBvFiAEMRg=",
    },
    Header {
        component: "RateLimitPolicy",
        name: "RateLimit-Policy",
        about: "The limits, of this credential (`key`) and of the tenant: `q` calls in `w` seconds, in the long run. Fewer \
            may be sent at once; `RateLimit` says how many.",
        form: Form::Text,
        example: "\"key\";q=600;w=60, \"tenant\";q=3000;w=60",
    },
    Header {
        component: "RateLimit",
        name: "RateLimit",
        about: "Of each limit: `r`, how many calls there is room for now, and `t`, the seconds until that is the full \
            burst again, or if it is 0, until there is room for one.",
        form: Form::Text,
        example: "\"key\";r=119;t=1, \"tenant\";r=599;t=1",
    },
    Header {
        component: "RetryAfter",
        name: "Retry-After",
        about: "Seconds to wait before the call is sent again.",
        form: Form::Seconds,
        example: "2",
    },
    Header {
        component: "IdempotentReplayed",
        name: "Idempotent-Replayed",
        about: "`true` on the answer to a call that was carried out before.",
        form: Form::OneOf(&["true"]),
        example: "true",
    },
    Header {
        component: "Location",
        name: "Location",
        about: "The address of the new resource, of the one to watch, or of the page to go on to.",
        form: Form::Reference,
        example: "https://api.example.com/v1/deletions/del_01M84BE57HGM2KX7ZQW3V5T9R4",
    },
    Header {
        component: "Link",
        name: "Link",
        about: "The address of the next page with `rel=\"next\"` (RFC 8288); missing on the last.",
        form: Form::Text,
        example: "<https://api.example.com/v1/reports.csv?cursor=MTIz>; rel=\"next\"",
    },
    Header {
        component: "Completeness",
        name: "Mooring-Completeness",
        about: "One word for all days together: `incomplete` as soon as one of them is neither complete nor provisional.",
        form: Form::OneOf(&["complete", "provisional", "incomplete"]),
        example: "provisional",
    },
    Header {
        component: "Authenticate",
        name: "WWW-Authenticate",
        about: "On 401: how to send a credential.",
        form: Form::Text,
        example: "Bearer realm=\"mooring\"",
    },
];

impl Header {
    fn describe(&self) -> Value {
        let (schema, example) = match self.form {
            Form::Text => (json!({ "type": "string" }), json!(self.example)),
            Form::Reference => (json!({ "type": "string", "format": "uri-reference" }), json!(self.example)),
            Form::Seconds => {
                (json!({ "type": "integer", "minimum": 1 }), json!(self.example.parse::<u64>().unwrap_or(1)))
            }
            Form::OneOf(words) => (json!({ "type": "string", "enum": words }), json!(self.example)),
        };
        json!({ "description": self.about, "schema": schema, "example": example })
    }
}

/// Returns the components of all headers.
pub(super) fn components() -> Value {
    HEADERS.iter().map(|header| (header.component.to_owned(), header.describe())).collect()
}

/// Adds a header to an answer, by the name of its component.
pub(super) fn put(answer: &mut Value, component: &str) {
    let Some(header) = HEADERS.iter().find(|known| known.component == component) else { return };
    let Some(answer) = answer.as_object_mut() else { return };
    let headers = answer.entry("headers").or_insert_with(|| json!({}));
    if let Some(headers) = headers.as_object_mut() {
        headers
            .insert(header.name.to_owned(), json!({ "$ref": format!("#/components/headers/{component}") }));
    }
}
