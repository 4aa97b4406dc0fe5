//! The identity that sends deletion links, and whether SES lets it write to people who never wrote to us.

use serde_json::Value;

use super::Point;
use crate::aws::stack::Stack;
use crate::aws::{SES, refused};
use crate::reach::InCloud;

const IDENTITY: &str = "mail identity";
const SANDBOX: &str = "mail sandbox";

/// Checks the identity and the account.
pub(super) async fn check(cloud: &InCloud) -> Vec<Point> {
    let identity = sends(&cloud.stack).to_owned();
    let escaped: String = url::form_urlencoded::byte_serialize(identity.as_bytes()).collect();
    let asked = cloud.aws.get(SES, &format!("/v2/email/identities/{escaped}")).await;
    let verified = match asked {
        Ok(answer) => judge_identity(&identity, &answer),
        Err(error) if refused(&error).is_some_and(|refused| refused.status == 404) => absent(&identity),
        Err(error) => Point::unasked(IDENTITY, &error),
    };
    let account = cloud.aws.get(SES, "/v2/email/account").await;
    vec![
        verified,
        account.map_or_else(|error| Point::unasked(SANDBOX, &error), |found| judge_account(&found)),
    ]
}

/// Returns the identity that the mail worker may use.
fn sends(stack: &Stack) -> &str {
    stack.parameter("MailIdentity").or_else(|| stack.parameter("MailFrom")).unwrap_or_default()
}

fn absent(identity: &str) -> Point {
    let todo = "verify it in SES, in the stack's region; for a domain whose zone is HostedZoneId deploy with \
                MailIdentity and MakeMailIdentity=true";
    Point::wrong(IDENTITY, format!("SES does not know `{identity}`"), todo)
}

fn judge_identity(identity: &str, answer: &Value) -> Point {
    if answer.get("VerifiedForSendingStatus").and_then(Value::as_bool) == Some(true) {
        return Point::ok(IDENTITY, format!("{identity} is verified"));
    }
    let todo = if identity.contains('@') {
        "open the link in the mail that SES sent to it"
    } else {
        "put the three CNAME records that SES shows for it into the domain's zone, and wait for them"
    };
    Point::wrong(IDENTITY, format!("{identity} is not verified: no deletion link can be sent"), todo)
}

fn judge_account(answer: &Value) -> Point {
    let is = |name: &str| answer.get(name).and_then(Value::as_bool) == Some(true);
    if !is("ProductionAccessEnabled") {
        let todo = "ask SES for production access, in the stack's region; say that these are transactional mails that \
                    people ask for";
        return Point::wrong(SANDBOX, "the account is in SES's sandbox: only verified people get mail", todo);
    }
    if !is("SendingEnabled") {
        let todo = "read SES's notice about the account's reputation, and ask for sending to be enabled";
        return Point::wrong(SANDBOX, "SES has switched sending off for the account", todo);
    }
    Point::ok(SANDBOX, "the account is out of it")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_verified_identity_out_of_the_sandbox_is_in_order() {
        let verified = json!({ "VerifiedForSendingStatus": true });
        assert_eq!(judge_identity("harbour.coffee", &verified).todo, None);
        let waits = json!({ "VerifiedForSendingStatus": false });
        assert!(judge_identity("harbour.coffee", &waits).line().contains("CNAME"));
        assert!(judge_identity("a@harbour.coffee", &waits).line().contains("open the link"));
        let account = |production, sending| {
            judge_account(&json!({ "ProductionAccessEnabled": production, "SendingEnabled": sending })).line()
        };
        assert!(account(true, true).starts_with("ok"));
        assert!(
            account(false, true).contains("sandbox") && account(true, false).contains("switched sending off")
        );
        assert!(judge_account(&json!({})).todo.is_some(), "an answer without the word is no permission");
    }
}
