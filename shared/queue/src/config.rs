//! The addresses of queues. A function sets only those of the queues that it sends to.

use std::collections::BTreeMap;

use mooring_domain::{Error, Kind, Result};

use crate::queues::{QUEUES, Queue};

/// The URLs of queues, by the queues' names.
#[derive(Debug, Clone, Default)]
pub struct QueueUrls(BTreeMap<&'static str, String>);

impl QueueUrls {
    /// Reads the environment: the variable of each queue in [`QUEUES`].
    pub fn from_env() -> Self {
        QUEUES.into_iter().filter_map(|queue| Some((queue, std::env::var(queue.variable).ok()?))).collect()
    }

    /// Returns the URL of a queue; an error names the variable that is missing.
    pub fn url(&self, queue: &Queue) -> Result<&str> {
        let found = self.0.get(queue.name).map(String::as_str);
        found.ok_or_else(|| {
            let message = format!("The variable {} is not set.", queue.variable);
            Error::new(Kind::Internal, "not_configured", message)
        })
    }
}

impl FromIterator<(&'static Queue, String)> for QueueUrls {
    fn from_iter<T: IntoIterator<Item = (&'static Queue, String)>>(urls: T) -> Self {
        Self(urls.into_iter().map(|(queue, url)| (queue.name, url)).collect())
    }
}
