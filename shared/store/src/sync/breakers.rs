//! Stores the breakers before platforms in Transient, one row for each platform and app.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::sync::breaker::{Breaker, Breakers, Circuit};

use crate::client::Check;
use crate::client::Store;
use crate::client::item::{Draft, Fields, number, time};
use crate::sync::keys::breaker as key;

const VERSION: &str = "version";

#[async_trait]
impl Breakers for Store {
    async fn breaker(&self, circuit: &Circuit) -> Result<Option<Breaker>> {
        let Some(row) = self.get(&key(circuit)).await? else { return Ok(None) };
        let fields = Fields::of("breaker", &row);
        Ok(Some(Breaker {
            failures: fields.number("failures")?,
            since: fields.parsed("since")?,
            probe_at: fields.maybe_parsed("probe_at")?,
            version: fields.number(VERSION)?,
        }))
    }

    async fn put_breaker(
        &self,
        circuit: &Circuit,
        seen: Option<&Breaker>,
        next: &Breaker,
        expires_at: Timestamp,
    ) -> Result<bool> {
        let draft = Draft::default()
            .with("failures", number(next.failures))
            .with("since", time(next.since))
            .maybe("probe_at", next.probe_at.map(time))
            .with(VERSION, number(next.version))
            .expiring(expires_at);
        let unchanged = match seen {
            Some(seen) => Check::Is(VERSION, number(seen.version)),
            None => Check::AbsentOrExpired(self.clock.now()),
        };
        self.put_if(&key(circuit), draft, &[unchanged]).await
    }
}
