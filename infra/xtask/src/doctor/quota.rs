//! How many functions the account may run at once.

use mooring_queue::QUEUES;
use serde_json::Value;

use super::Point;
use crate::aws::LAMBDA;
use crate::reach::InCloud;

const NAME: &str = "concurrency quota";
/// Runs that Lambda keeps unreserved for everything else of the account.
const UNRESERVED: u64 = 100;
/// Functions of the deletion path, each of which reserves its runs.
const RESERVING: u64 = 7;

/// Checks the account's quota against what the stack reserves and its workers may take.
pub(super) async fn check(cloud: &InCloud) -> Point {
    let reserved =
        cloud.stack.parameter("DeletionConcurrency").and_then(|text| text.parse().ok()).unwrap_or(0);
    let asked = cloud.aws.get(LAMBDA, "/2016-08-19/account-settings/").await;
    asked.map_or_else(|error| Point::unasked(NAME, &error), |answer| judge(&answer, reserved))
}

fn judge(answer: &Value, reserved: u64) -> Point {
    let Some(quota) = answer.pointer("/AccountLimit/ConcurrentExecutions").and_then(Value::as_u64) else {
        return Point::wrong(NAME, "Lambda did not say it", "ask again, or read it in Service Quotas");
    };
    let workers: u64 = QUEUES.iter().map(|queue| u64::from(queue.at_once)).sum();
    let least = UNRESERVED + RESERVING * reserved;
    if quota >= least {
        return Point::ok(NAME, format!("{quota} runs at once; {least} are needed"));
    }
    let found =
        format!("{quota} runs at once, of which workers alone may take {workers}; {least} are needed");
    let todo = format!(
        "ask in Service Quotas for `Concurrent executions` of Lambda of at least {least}, in the stack's region"
    );
    Point::wrong(NAME, found, todo)
}

#[cfg(test)]
mod tests {
    use mooring_tests_tidy::template::{Template, at};
    use serde_json::json;

    use super::*;

    fn of(quota: u64, reserved: u64) -> Option<String> {
        judge(&json!({ "AccountLimit": { "ConcurrentExecutions": quota } }), reserved).todo
    }

    #[test]
    fn a_new_account_is_told_to_ask_and_a_reservation_needs_more() {
        assert_eq!((of(100, 0), of(240, 20)), (None, None));
        assert!(of(10, 0).unwrap().contains("at least 100"));
        assert!(of(239, 20).unwrap().contains("at least 240"));
        assert!(judge(&json!({}), 0).todo.is_some());
    }

    #[test]
    fn the_template_reserves_for_as_many_functions() {
        let template = Template::read().unwrap();
        let reserving = template
            .functions()
            .filter(|(_, function)| !at(function, "Properties/ReservedConcurrentExecutions").is_null());
        assert_eq!(u64::try_from(reserving.count()).unwrap(), RESERVING);
    }
}
