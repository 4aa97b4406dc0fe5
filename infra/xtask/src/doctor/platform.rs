//! The redirect URI that a platform's app has to have registered, and a question that shows it where a platform answers
//! a program as it answers a person.

use anyhow::{Context as _, Result};
use mooring_domain::platform::capabilities::{AuthorizeRequest, Connectors as _};
use mooring_domain::platform::steps::app_secrets;
use mooring_registry::{Config, Registry};
use reqwest::StatusCode;
use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde_json::Value;

use super::Point;
use super::secrets::platforms;
use crate::aws::LAMBDA;
use crate::aws::patient;
use crate::reach::InCloud;

/// Checks the redirect URI of every platform of the profile.
pub(super) async fn check(cloud: &InCloud) -> Vec<Point> {
    let mut points = Vec::new();
    for platform in platforms(cloud) {
        let uri = redirect_uri(cloud, platform);
        let name = format!("redirect {platform}");
        points.push(match ask(cloud, platform, &uri).await {
            Ok(status) => judge(name, &uri, status),
            Err(error) => {
                let todo = format!(
                    "register exactly {uri} in the app at the platform, then mend what the error names"
                );
                Point::wrong(name, format!("not known: {error:#}"), todo)
            }
        });
    }
    points
}

/// Returns the address that the platform sends people back to.
fn redirect_uri(cloud: &InCloud, platform: &str) -> String {
    let part = |name| cloud.stack.parameter(name).unwrap_or_default();
    format!("{}/oauth/callback/{platform}/{}", part("ApiOrigin"), part("Profile"))
}

/// Opens the platform's own page as a person's browser would, with the app's id and the redirect URI.
async fn ask(cloud: &InCloud, platform: &'static str, uri: &str) -> Result<StatusCode> {
    let variables = variables(cloud).await?;
    let config = Config::from_variables(&|name| variables.get(name)?.as_str().map(str::to_owned))?;
    let registry = Registry::with_defaults(&config)?;
    let oauth = registry.find(platform).context("the platform has no connector")?.oauth();
    let app = app_secrets::credentials(&cloud.store()?, &cloud.vault()?, platform).await?;
    let verifier = SecretString::default();
    // Nobody waits for this state, so that an answer to it would be refused.
    let request = AuthorizeRequest { state: "doctor", redirect_uri: uri, scopes: &[], verifier: &verifier };
    let url = oauth.authorize_url(&app, &request)?;
    let client = patient().redirect(Policy::none()).build()?;
    Ok(client.get(url).send().await.map_err(reqwest::Error::without_url)?.status())
}

/// Reads the variables of the function that sends people to the platform.
async fn variables(cloud: &InCloud) -> Result<Value> {
    let function = cloud.stack.resource("ConnectPageFunction")?;
    let path = format!("/2015-03-31/functions/{function}/configuration");
    let mut answer = cloud.aws.get(LAMBDA, &path).await?;
    Ok(answer.pointer_mut("/Environment/Variables").map(Value::take).unwrap_or_default())
}

fn judge(name: String, uri: &str, status: StatusCode) -> Point {
    if status.is_client_error() || status.is_server_error() {
        let todo = format!("register exactly {uri} in the app at the platform, and compare the app's id");
        return Point::wrong(
            name,
            format!("the platform refuses the app with this address ({status})"),
            todo,
        );
    }
    // Some platforms show the same page to a program whatever is wrong; a person sees it at the first connect.
    Point::ok(name, format!("{uri}; the platform shows its page for it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_refuses_is_a_fault_with_the_exact_address() {
        let of = |status| judge("redirect".to_owned(), "https://a/oauth/callback/p/x", status);
        assert_eq!(of(StatusCode::OK).todo, None);
        assert_eq!(of(StatusCode::FOUND).todo, None);
        assert!(of(StatusCode::BAD_REQUEST).todo.unwrap().contains("exactly https://a/oauth/callback/p/x"));
    }
}
