//! Signatures of calls, version 4, by the SDK's own signer.

use std::time::SystemTime;

use anyhow::{Context as _, Result};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use reqwest::Method;

use super::{Aws, Service};

/// Returns the headers that sign a call.
pub(super) async fn headers(
    aws: &Aws,
    service: Service,
    method: &Method,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Vec<(&'static str, String)>> {
    let credentials = aws.credentials.provide_credentials().await.context("your AWS credentials")?;
    let identity = credentials.into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(&aws.region)
        .name(service.signing)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?;
    let request =
        SignableRequest::new(method.as_str(), url, headers.iter().copied(), SignableBody::Bytes(body))?;
    let (signed, _) = sign(request, &parameters.into())?.into_parts();
    let (made, _) = signed.into_parts();
    Ok(made.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
}
