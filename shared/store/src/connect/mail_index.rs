//! Finds connections by the mailbox of their owner.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::{ConnectionId, TenantId};
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::base::table::Table;
use mooring_domain::connect::ports::MailIndexRead;

use crate::client::Store;
use crate::client::item::{Fields, PK};
use crate::client::key::{self, EARLIEST};
use crate::connect::keys::due_mail;

#[async_trait]
impl MailIndexRead for Store {
    async fn by_mail(&self, mail: &Fingerprint) -> Result<Vec<(TenantId, ConnectionId)>> {
        let range = (EARLIEST, EARLIEST);
        let keys = self.due_keys(Table::Connections, &due_mail(mail), range, None).await?;
        let rows = self.get_many(Table::Connections, &keys).await?;
        rows.iter().map(|row| Fields::of("mailbox", row).word(PK, key::parse_home)).collect()
    }
}
