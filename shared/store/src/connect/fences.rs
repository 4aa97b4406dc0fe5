//! Reads fences: the states of a connection and of an account, both in one consistent read.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::base::table::Table;
use mooring_domain::connect::fence::Fence;
use mooring_domain::connect::ports::FenceRead;

use crate::client::Store;
use crate::client::item::{Fields, SK};
use crate::connect::items::connection::read_state;
use crate::connect::keys;

#[async_trait]
impl FenceRead for Store {
    async fn fence(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        account: Option<&AccountId>,
    ) -> Result<Fence> {
        let mut wanted = vec![keys::fence(tenant, connection)];
        wanted.extend(account.map(|account| keys::account_fence(tenant, connection, account)));
        let mut fence = Fence { connection: None, account: None };
        for item in self.get_many(Table::Connections, &wanted).await? {
            let state = Some(read_state(&item)?);
            if keys::is_account_fence(Fields::of("fence", &item).text(SK)?) {
                fence.account = state;
            } else {
                fence.connection = state;
            }
        }
        Ok(fence)
    }
}
