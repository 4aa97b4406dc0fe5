//! Fences: the states of a connection and of an account, both in one consistent read.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::connection::Fence;
use mooring_domain::deletion::Table;
use mooring_domain::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::ports::FenceRead;

use crate::Store;
use crate::items::connection::read_state;
use crate::items::{Fields, SK};
use crate::keys;

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
