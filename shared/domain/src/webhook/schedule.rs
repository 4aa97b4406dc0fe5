//! Computes when a delivery is tried again: the schedule that Svix publishes, with jitter, and never earlier than the
//! endpoint asked.

use std::time::Duration;

use jiff::SignedDuration;

use crate::base::backoff::jitter;

/// The waits before each try, in seconds: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
pub const WAITS: [u32; 8] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// The longest pause that an endpoint may ask for.
pub const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// Returns how long to wait after a number of tries; `None` when there were enough.
///
/// The random number makes the wait up to a tenth longer, so that deliveries that failed together do not come again
/// together.
pub fn wait_after(tries: u8, asked: Option<Duration>, random: u32) -> Option<SignedDuration> {
    let wait = WAITS.get(usize::from(tries)).copied()?;
    let wait = Duration::from_secs(wait.into());
    let own = wait + jitter(wait / 10, random);
    // Rows keep whole milliseconds.
    let own = Duration::from_secs(own.as_secs()) + Duration::from_millis(own.subsec_millis().into());
    SignedDuration::try_from(own.max(asked.unwrap_or_default().min(LONGEST_ASKED))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_are_those_of_the_schedule_and_at_most_a_tenth_longer() {
        let base = |tries, random| wait_after(tries, None, random).map(|wait| wait.as_secs());
        let plain: Vec<_> = (1..=8).map(|tries| base(tries, 0)).collect();
        let published = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map(Some);
        assert_eq!(plain, published.into_iter().chain([None]).collect::<Vec<_>>());
        for tries in 1..8 {
            let (least, most) =
                (wait_after(tries, None, 0).unwrap(), wait_after(tries, None, u32::MAX).unwrap());
            assert_eq!(most.as_millis() * 10, least.as_millis() * 11, "after {tries}");
        }
    }

    #[test]
    fn an_endpoint_is_left_alone_as_long_as_it_asks_up_to_a_day() {
        let asked =
            |tries, seconds| wait_after(tries, Some(Duration::from_secs(seconds)), 0).unwrap().as_secs();
        assert_eq!(asked(1, 60), 60);
        assert_eq!(asked(2, 60), 300);
        assert_eq!(asked(1, 9_999_999), 86_400);
        assert_eq!(wait_after(8, Some(Duration::from_secs(1)), 0), None);
    }
}
