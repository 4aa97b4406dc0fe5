//! Resolves names and lets only public addresses through. The connection goes to exactly these addresses, so
//! that a name which gives another answer the next time (rebinding) gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use mooring_domain::webhook::target::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Returns the addresses of a name.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Resolves names by the system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// The error of a name that leads to an address which is not public. It does not reveal the address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
pub(crate) struct ForbiddenAddress;

/// The resolver that the HTTP client asks for every connection.
pub(crate) struct Guard {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) reach: Reach,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, reach) = (Arc::clone(&self.lookup), self.reach);
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            // One address that is not public makes the whole name suspect.
            if !found.iter().all(|address| reach.allows(*address)) {
                return Err(ForbiddenAddress.into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
