//! Writes rate limits as the fields of draft-ietf-httpapi-ratelimit-headers-11, and logs the calls that could
//! not be counted.
//!
//! Calls without a valid credential are not counted, so that nobody can use up the calls of another caller.
//! API Gateway's own throttle covers them.

use lambda_http::http::header::{HeaderName, HeaderValue};
use mooring_domain::Result;
use mooring_domain::guard::limits::{self, Bucket, Gauge, Limits, WINDOW_SECONDS};
use mooring_domain::people::caller::text::Presented;

use super::call::CallRecord;
use super::edge::Edge;
use crate::http::reply::Reply;
use crate::http::trace;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The buckets of a call, as they were read beside its credential.
pub(super) struct Peeked {
    buckets: [Bucket; 2],
    full_at: [Option<i64>; 2],
}

impl Edge {
    /// Reads the buckets of the credential that a request names. Reading takes nothing from them.
    pub(super) async fn peek(&self, presented: &Presented) -> Peeked {
        let buckets = Bucket::of(&presented.tenant, &presented.id);
        let full_at = self.buckets.peek(&buckets).await.unwrap_or_else(|error| {
            trace::log_suppressed(&error, "the limits were not read");
            [None, None]
        });
        Peeked { buckets, full_at }
    }

    /// Returns whether [`Edge::count`] refuses a call without a write.
    pub(super) fn is_spent(&self, peeked: &Peeked) -> bool {
        limits::is_spent(self.limits, peeked.full_at, self.clock.now().as_microsecond())
    }

    /// Counts a call, keeps what is left for its answer, and refuses it if a limit does. A call that cannot be
    /// counted is let through. The access log has no entry of a call that is refused here.
    pub(super) async fn count(&self, peeked: &Peeked, record: &mut CallRecord) -> Result<()> {
        let now = self.clock.now().as_microsecond();
        let Peeked { buckets, full_at } = peeked;
        let reading = limits::count(self.buckets.as_ref(), self.limits, buckets, *full_at, now).await;
        for error in &reading.blind {
            trace::log_suppressed(error, "a limit was not counted, and refused nothing");
        }
        let refusal = reading.refusal();
        record.gauges = Some(reading.gauges);
        match refusal {
            Some(error) => {
                record.actor = None;
                Err(error)
            }
            None => Ok(()),
        }
    }
}

/// Writes the limits and the calls that are left into a reply.
pub(super) fn show(reply: &mut Reply, limits: Limits, gauges: &[Gauge]) {
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
