//! The services of AWS that the product itself does not use, asked with the operator's credentials.
//!
//! A chore needs a few answers of six services. Their SDK crates would double the compile time of this one, so the chore
//! signs its own calls with the SDK's signer and reads the two protocols that these services speak: JSON, and forms that
//! are answered in XML.

mod sign;
pub(crate) mod stack;
mod xml;

use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use reqwest::{Client, ClientBuilder, Method};
use serde_json::Value;
use url::form_urlencoded;

pub(crate) use xml::Xml;

/// A service of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Service {
    /// The first label of its host.
    host: &'static str,
    /// Its name in signatures.
    signing: &'static str,
}

/// Stacks.
pub(crate) const CLOUDFORMATION: Service = Service { host: "cloudformation", signing: "cloudformation" };
/// Topics.
pub(crate) const SNS: Service = Service { host: "sns", signing: "sns" };
/// Mail.
pub(crate) const SES: Service = Service { host: "email", signing: "ses" };
/// Functions.
pub(crate) const LAMBDA: Service = Service { host: "lambda", signing: "lambda" };
/// Tables.
pub(crate) const DYNAMODB: Service = Service { host: "dynamodb", signing: "dynamodb" };

/// A refusal of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The service's word, such as `AccessDenied`.
    pub(crate) code: String,
    message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "AWS refused with {} {}: {}", self.status, self.code, self.message)
    }
}

impl std::error::Error for Refused {}

/// Returns the refusal that an error is.
pub(crate) fn refused(error: &anyhow::Error) -> Option<&Refused> {
    error.downcast_ref()
}

/// Calls services with the operator's credentials.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    client: Client,
    region: String,
    credentials: SharedCredentialsProvider,
    endpoint: Option<String>,
}

/// Begins a client that ends its waits: a host that takes a connection and stays silent must not hold a chore up.
pub(crate) fn patient() -> ClientBuilder {
    Client::builder().connect_timeout(Duration::from_secs(10)).timeout(Duration::from_mins(1))
}

impl Aws {
    /// Takes region, credentials and endpoint from a configuration, and says which of them is missing.
    pub(crate) fn reached_by(config: &SdkConfig) -> Result<Self> {
        let region =
            config.region().context("no region is set; set AWS_REGION, or one in your AWS profile")?;
        let credentials = config.credentials_provider().context("no AWS credentials are set")?;
        Ok(Self {
            // The emulated cloud closes connections that idle, and a call that takes one at that moment fails.
            client: patient().pool_max_idle_per_host(0).build()?,
            region: region.to_string(),
            credentials,
            endpoint: config.endpoint_url().map(str::to_owned),
        })
    }

    /// Returns the region.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Calls an operation of a service that takes JSON at one address.
    pub(crate) async fn json(&self, service: Service, target: &str, body: &Value) -> Result<Value> {
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target)];
        let said = self.call(service, Method::POST, "/", &headers, body.to_string()).await?;
        read_json(&said)
    }

    /// Reads a resource of a service that has a path for each.
    pub(crate) async fn get(&self, service: Service, path: &str) -> Result<Value> {
        read_json(&self.call(service, Method::GET, path, &[], String::new()).await?)
    }

    /// Calls an action of a service that takes a form and answers XML.
    pub(crate) async fn form(
        &self,
        service: Service,
        version: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<Xml> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", version).extend_pairs(fields);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let said = self.call(service, Method::POST, "/", &headers, form.finish()).await?;
        Xml::read(&said).with_context(|| format!("the answer of {action}"))
    }

    async fn call(
        &self,
        service: Service,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<String> {
        let url = format!("{}{path}", self.origin(service));
        let signed = sign::headers(self, service, &method, &url, headers, body.as_bytes()).await?;
        let mut request = self.client.request(method, &url).body(body);
        for (name, value) in headers.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(signed) {
            request = request.header(name, value);
        }
        let answer = request.send().await.with_context(|| unreached(service))?;
        let (status, said) = (answer.status(), answer.text().await?);
        if status.is_success() { Ok(said) } else { Err(refusal(status.as_u16(), &said).into()) }
    }

    fn origin(&self, service: Service) -> String {
        let china = if self.region.starts_with("cn-") { ".cn" } else { "" };
        let own = || format!("https://{}.{}.amazonaws.com{china}", service.host, self.region);
        self.endpoint.as_ref().map_or_else(own, |endpoint| endpoint.trim_end_matches('/').to_owned())
    }
}

fn unreached(service: Service) -> String {
    format!("{} did not answer: look at the network and the region", service.signing)
}

fn read_json(said: &str) -> Result<Value> {
    if said.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(said)?) }
}

/// Reads a refusal in either protocol. JSON has its word as the last part of a type, XML as an element.
fn refusal(status: u16, said: &str) -> Refused {
    if let Ok(body) = serde_json::from_str::<Value>(said) {
        let text =
            |names: [&str; 2]| names.iter().find_map(|name| body.get(name)?.as_str()).unwrap_or_default();
        let code = text(["__type", "code"]).rsplit('#').next().unwrap_or_default().to_owned();
        return Refused { status, code, message: text(["message", "Message"]).to_owned() };
    }
    let body = Xml::read(said).ok();
    let text = |name| body.as_ref().and_then(|body| body.first(name)).unwrap_or_default();
    Refused { status, code: text("Code"), message: text("Message") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_in_both_protocols() {
        let json = refusal(400, r#"{"__type":"com.amazonaws#TableNotFoundException","message":"no"}"#);
        assert_eq!((json.code.as_str(), json.message.as_str()), ("TableNotFoundException", "no"));
        let xml = refusal(
            400,
            "<ErrorResponse xmlns=\"http://x/\"><Error><Code>ValidationError</Code><Message>Stack with id mooring does \
             not exist</Message></Error></ErrorResponse>",
        );
        assert_eq!(xml.code, "ValidationError");
        assert!(xml.to_string().contains("400 ValidationError: Stack with id mooring"), "{xml}");
        assert_eq!(refusal(502, "<html>").code, "");
    }
}
