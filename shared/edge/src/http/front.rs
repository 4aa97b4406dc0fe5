//! Finds the address that a request comes from, and refuses requests that go around the front.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use lambda_http::http::header::HeaderName;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use mooring_domain::base::host::Entropy;
use mooring_domain::base::secret::Digest;
use mooring_domain::{Error, Kind, Result};

use super::header::header;

/// The header in which the front (infra/deploy/front.yaml) sends the secret that only the front and the
/// operator have.
const SECRET: HeaderName = HeaderName::from_static("x-edge-secret");

/// The header with address and port of the viewer. `CloudFront` writes it and drops the same header of a
/// viewer (`CloudFront` developer guide, "Add `CloudFront` request headers").
const VIEWER: HeaderName = HeaderName::from_static("cloudfront-viewer-address");

/// The front of the deployment, known by its secrets.
#[derive(Clone)]
pub struct Front {
    /// The digests of the front's secrets, two while one replaces the other; none when there is no front.
    digests: Vec<Digest>,
    entropy: Arc<dyn Entropy>,
}

impl Front {
    /// Makes a front from the digests of its secrets.
    pub(crate) const fn new(digests: Vec<Digest>, entropy: Arc<dyn Entropy>) -> Self {
        Self { digests, entropy }
    }

    /// Finds the address for which a request counts. Behind the front this is the viewer's address, which
    /// counts only together with the front's secret; otherwise it is the address that API Gateway itself saw.
    ///
    /// An IPv6 address stands for its /64, because one subscriber has the whole /64.
    pub fn source(&self, request: &Request) -> Option<IpAddr> {
        let viewer = if self.has_secret(request) { viewer(header(request, &VIEWER)) } else { None };
        viewer.or_else(|| gateway(request)).map(network)
    }

    /// Refuses a request that goes around the front, if the deployment has one.
    pub(crate) fn require(&self, request: &Request) -> Result<()> {
        if self.digests.is_empty() || self.has_secret(request) {
            return Ok(());
        }
        let message = "This address takes no calls of its own. Call the API at its public address.";
        Err(Error::new(Kind::Forbidden, "front_required", message))
    }

    /// Compares the request's secret with every digest in constant time, so that the time does not show how
    /// much of a guess is right.
    fn has_secret(&self, request: &Request) -> bool {
        let presented = self.entropy.digest(header(request, &SECRET).as_bytes());
        let same = self.digests.iter().map(|digest| self.entropy.same(&digest.0, &presented.0));
        same.fold(false, |any, one| any | one)
    }
}

/// Reads `198.51.100.10:46532` and `2001:db8::1:46532`: the port follows the last colon, without brackets.
fn viewer(text: &str) -> Option<IpAddr> {
    let (address, _port) = text.rsplit_once(':')?;
    address.trim_matches(['[', ']']).parse().ok()
}

/// Returns the address that API Gateway saw; nothing that a caller sends can change it.
fn gateway(request: &Request) -> Option<IpAddr> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

/// Returns the address itself for IPv4, also inside IPv6; for IPv6 its first half, the /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}
