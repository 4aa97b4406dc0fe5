//! Rate limits on the wire: the fields of draft-ietf-httpapi-ratelimit-headers-11, and what is logged.
//!
//! Calls without a valid credential are not counted, so that nobody can use up another's calls; API Gateway's own
//! throttle covers them.

use lambda_http::http::header::{HeaderName, HeaderValue};
use mooring_domain::caller::text::Presented;
use mooring_domain::limits::{self, Bucket, Gauge, Limits, Reading, WINDOW_SECONDS};

use crate::{Edge, Reply, api};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The buckets of a call as they were seen beside its credential.
pub(crate) struct Seen {
    buckets: [Bucket; 2],
    whole_at: [Option<i64>; 2],
}

impl Edge {
    /// Looks at the buckets of whoever a credential names. Looking costs them nothing.
    pub(crate) async fn look(&self, presented: &Presented) -> Seen {
        let buckets = Bucket::of(&presented.tenant, &presented.id);
        let whole_at = self.buckets.look(&buckets).await.unwrap_or_else(|error| {
            api::note(&error, "the limits were not looked at");
            [None, None]
        });
        Seen { buckets, whole_at }
    }

    /// Counts a call; what cannot be counted is let through.
    pub(crate) async fn count(&self, seen: Seen) -> Reading {
        let now = self.clock.now().as_microsecond();
        let reading =
            limits::count(self.buckets.as_ref(), self.limits, &seen.buckets, seen.whole_at, now).await;
        for error in &reading.blind {
            api::note(error, "a call was let through uncounted");
        }
        reading
    }
}

/// Says on a reply what the limits are and what is left of them.
pub(crate) fn show(reply: &mut Reply, limits: Limits, gauges: &[Gauge]) {
    let policies =
        limits.named().map(|(name, rate)| format!("\"{name}\";q={};w={WINDOW_SECONDS}", rate.calls()));
    set(reply, POLICY, &policies.join(", "));
    let left: Vec<String> = gauges.iter().map(|gauge| item(*gauge)).collect();
    if !left.is_empty() {
        set(reply, LIMIT, &left.join(", "));
    }
}

fn item(gauge: Gauge) -> String {
    format!("\"{}\";r={};t={}", gauge.name, gauge.left, gauge.window)
}

fn set(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}
