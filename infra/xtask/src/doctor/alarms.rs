//! Whether an alarm reaches somebody.

use anyhow::Result;

use super::Point;
use crate::aws::SNS;
use crate::reach::InCloud;

const NAME: &str = "alarms";
/// The version of the protocol.
const VERSION: &str = "2010-03-31";

/// Checks the subscriptions of the topic.
pub(super) async fn check(cloud: &InCloud) -> Point {
    let own = cloud.stack.resources.get("AlarmTopic").map(String::as_str);
    let Some(topic) = own.or_else(|| cloud.stack.parameter("AlarmTopicArn")) else {
        let todo = "deploy with AlarmEmail, or with AlarmTopicArn";
        return Point::wrong(
            NAME,
            "the stack has no topic: an alarm changes a colour and wakes nobody",
            todo,
        );
    };
    subscriptions(cloud, topic).await.map_or_else(|error| Point::unasked(NAME, &error), |found| judge(&found))
}

/// Lists the ARNs of a topic's subscriptions. One that waits for its address has a word in its place.
async fn subscriptions(cloud: &InCloud, topic: &str) -> Result<Vec<String>> {
    let (mut found, mut token) = (Vec::new(), None::<String>);
    loop {
        let mut fields = vec![("TopicArn", topic)];
        fields.extend(token.as_deref().map(|token| ("NextToken", token)));
        let page = cloud.aws.form(SNS, VERSION, "ListSubscriptionsByTopic", &fields).await?;
        found.extend(page.members("Subscriptions").iter().filter_map(|one| one.first("SubscriptionArn")));
        token = page.first("NextToken");
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn judge(subscriptions: &[String]) -> Point {
    let live = subscriptions.iter().filter(|arn| arn.starts_with("arn:")).count();
    match (live, subscriptions.len()) {
        (0, 0) => {
            Point::wrong(NAME, "nobody has subscribed to the topic", "subscribe an address or a pager to it")
        }
        (0, waiting) => {
            let todo = "open the link in the mail that SNS sent; after three days it is dead, and the address has to be \
                        subscribed again";
            Point::wrong(NAME, format!("{waiting} subscriptions wait for their confirmation"), todo)
        }
        (live, _) => Point::ok(NAME, format!("{live} subscriptions are confirmed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_reaches_somebody_once_an_address_has_confirmed() {
        let of = |arns: &[&str]| judge(&arns.iter().map(|arn| (*arn).to_owned()).collect::<Vec<_>>()).line();
        assert!(of(&[]).contains("nobody has subscribed"));
        assert!(of(&["PendingConfirmation"]).contains("open the link"));
        assert!(of(&["PendingConfirmation", "arn:aws:sns:eu:1:t:2"]).starts_with("ok"));
    }
}
