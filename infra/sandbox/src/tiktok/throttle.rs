//! Token buckets in real time: one for the app, one for each advertiser.
//!
//! A refusal is HTTP 200 with a code and has neither rate headers nor `Retry-After`, as TikTok's.

use std::collections::HashMap;
use std::time::Instant;

use super::envelope::ApiError;

const WHOLE: u64 = 1000;

/// The buckets of one developer app.
pub(crate) struct Throttle {
    app: Bucket,
    advertiser_qps: u32,
    advertisers: HashMap<String, Bucket>,
}

impl Throttle {
    pub(crate) fn new(app_qps: u32, advertiser_qps: u32) -> Self {
        Self { app: Bucket::full(app_qps), advertiser_qps, advertisers: HashMap::new() }
    }

    /// Takes one call out of the app's bucket, then out of the advertiser's.
    pub(crate) fn admit(&mut self, advertiser: Option<&str>, now: Instant) -> Result<(), ApiError> {
        if !self.app.take(now) {
            return Err(too_many());
        }
        let qps = self.advertiser_qps;
        let Some(id) = advertiser else { return Ok(()) };
        let bucket = self.advertisers.entry(id.to_owned()).or_insert_with(|| Bucket::full(qps));
        if bucket.take(now) {
            return Ok(());
        }
        Err(ApiError::new(40133, format!("Too many requests for this advertiser: QPS limit is {qps}.")))
    }
}

/// Makes the app-level refusal.
pub(crate) fn too_many() -> ApiError {
    ApiError::new(40100, "Too many requests. The app is temporarily restricted, please retry later.")
}

struct Bucket {
    qps: u64,
    level: u64,
    filled: Option<Instant>,
}

impl Bucket {
    fn full(qps: u32) -> Self {
        let qps = u64::from(qps);
        Self { qps, level: qps * WHOLE, filled: None }
    }

    fn take(&mut self, now: Instant) -> bool {
        if self.qps == 0 {
            return true;
        }
        let since = now.duration_since(*self.filled.get_or_insert(now));
        let gained = u64::try_from(since.as_millis()).unwrap_or(u64::MAX).saturating_mul(self.qps);
        if gained > 0 {
            self.filled = Some(now);
        }
        self.level = self.level.saturating_add(gained).min(self.qps * WHOLE);
        let admitted = self.level >= WHOLE;
        self.level -= if admitted { WHOLE } else { 0 };
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_admits_more_than_a_full_bucket_and_its_refill(qps in 1u32..40, gaps in prop::collection::vec(0u64..200, 1..200)) {
            let (mut throttle, mut now) = (Throttle::new(qps, 0), Instant::now());
            let (mut admitted, mut elapsed) = (0u64, 0u64);
            for gap in gaps {
                now += Duration::from_millis(gap);
                elapsed += gap;
                admitted += u64::from(throttle.admit(None, now).is_ok());
            }
            prop_assert!(admitted * WHOLE <= u64::from(qps) * (WHOLE + elapsed));
        }
    }

    #[test]
    fn recovers_within_a_second() {
        let (mut throttle, now) = (Throttle::new(2, 0), Instant::now());
        let codes: Vec<_> = (0..3).map(|_| throttle.admit(None, now).map_err(|e| e.code)).collect();
        assert_eq!(codes, [Ok(()), Ok(()), Err(40100)]);
        assert!(throttle.admit(None, now + Duration::from_secs(1)).is_ok());
    }
}
