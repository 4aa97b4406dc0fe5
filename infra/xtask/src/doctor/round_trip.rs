//! A round trip: what the public address answers, by DNS, certificate, custom domain, API and function.

use anyhow::Result;
use reqwest::StatusCode;
use reqwest::redirect::Policy;

use super::Point;
use crate::aws::patient;
use crate::aws::stack::Stack;

/// Asks the API by its public name, or at another address.
pub(super) async fn check(stack: &Stack, at: Option<&str>) -> Vec<Point> {
    let part = |name| stack.parameter(name).unwrap_or_default();
    let origin = at.unwrap_or_else(|| part("ApiOrigin"));
    let callback = format!("{origin}/oauth/callback/doctor/{}", part("Profile"));
    // The description, because a cloud or a front can have a `/health` of its own.
    let (description, back) = (ask(&format!("{origin}/openapi.json")).await, ask(&callback).await);
    vec![judge_description(origin, description), judge_callback(back)]
}

/// An answer: its status, and its body.
type Answer = Result<(StatusCode, String)>;

async fn ask(url: &str) -> Answer {
    let client = patient().redirect(Policy::none()).build()?;
    let answer = client.get(url).header("accept", "application/json").send().await?;
    Ok((answer.status(), answer.text().await?))
}

fn judge_description(origin: &str, answer: Answer) -> Point {
    const NAME: &str = "round trip";
    match answer {
        Ok((StatusCode::OK, body)) if body.contains("\"x-problems\"") => {
            Point::ok(NAME, format!("{origin}/openapi.json is the description"))
        }
        Ok((status, _)) if status == StatusCode::FORBIDDEN => {
            let todo = "map the custom domain to the API's $default stage without a path (HostedZoneId or CertificateArn \
                        does it); with a front, look at its secret";
            Point::wrong(
                NAME,
                format!("{origin}/openapi.json answers {status}: the name reaches AWS and not this API"),
                todo,
            )
        }
        Ok((status, _)) => {
            let todo = "look at *Errors by function* of the dashboard for the function openapi";
            Point::wrong(NAME, format!("{origin}/openapi.json answers {status}"), todo)
        }
        Err(error) => {
            let todo = "look at the name's DNS record and its certificate: the record points to ApiDomainTarget, an output \
                        of the stack, or to the front";
            Point::wrong(NAME, format!("{origin} does not answer: {error:#}"), todo)
        }
    }
}

/// The callback of a platform that does not exist: Mooring itself has to be the one that refuses it.
fn judge_callback(answer: Answer) -> Point {
    const NAME: &str = "callback";
    match answer {
        Ok((status, _)) if status.is_client_error() && status != StatusCode::FORBIDDEN => {
            Point::ok(NAME, "Mooring's own callback answers, and refuses a callback that nobody waits for")
        }
        Ok((status, _)) => {
            let found = format!("a callback that nobody waits for is answered with {status}");
            Point::wrong(NAME, found, "look at *Errors by function* for the function connection-callback")
        }
        Err(error) => Point::unasked(NAME, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_where_the_way_ends() {
        let of = |status: u16, body: &str| {
            judge_description("https://a", Ok((StatusCode::from_u16(status).unwrap(), body.to_owned())))
                .line()
        };
        assert!(of(200, "{\"x-problems\":{}}").starts_with("ok"));
        assert!(of(200, "<h1>parked</h1>").starts_with("WRONG"));
        assert!(of(403, "{\"message\":\"Forbidden\"}").contains("custom domain"));
        assert!(of(500, "").contains("openapi"));
        assert!(judge_description("https://a", Err(anyhow::anyhow!("dns"))).line().contains("DNS record"));
        let back = |status: u16| judge_callback(Ok((StatusCode::from_u16(status).unwrap(), String::new())));
        assert_eq!(back(404).todo, None);
        assert!(back(500).todo.is_some() && back(403).todo.is_some() && back(200).todo.is_some());
    }
}
