//! Stores the ends of tries of sync jobs, and the events that tell them, in one transaction.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::AccountRef;
use mooring_domain::sync::ending::Ended;
use mooring_domain::sync::ports::SyncEndWrite;
use mooring_domain::sync::state::Checkpoint;

use crate::client::item::{Draft, number, time};
use crate::client::{Check, Store, Write};
use crate::sync::items::{BACKFILL_SLOT, ENDS, FAILURE, write_checkpoint, write_sync_end};
use crate::sync::keys;
use crate::sync::progress::CHECKPOINT;
use crate::webhook::events::sync_row;

#[async_trait]
impl SyncEndWrite for Store {
    async fn end_sync(&self, account: &AccountRef, ended: &Ended, done: Option<&str>) -> Result<bool> {
        self.open(account).await?;
        let now = self.clock.now();
        let key = keys::sync_state(account);
        let set: Vec<(String, AttributeValue)> = write_sync_end(&ended.state).done().into_iter().collect();
        let remove = if ended.state.failure.is_none() { FAILURE.as_slice() } else { &[] };
        let before = ended.state.ends.saturating_sub(1);
        let turn = [
            if before == 0 { Check::Lacks(ENDS) } else { Check::Is(ENDS, number(before)) },
            // A first job may have begun to read older days since the state was read; its days must not be written over.
            match &ended.state.backfill {
                Some(backfill) => Check::Is(BACKFILL_SLOT, time(backfill.slot)),
                None => Check::Lacks(BACKFILL_SLOT),
            },
        ];
        let done = done.map(|job| (keys::checkpoint(account, job), done_row(now)));
        if ended.news.is_empty() {
            let is_stored = self.set_if(&key, &set, remove, &turn).await?;
            if let Some((key, draft)) = done.filter(|_| is_stored) {
                self.put(&key, draft).await?;
            }
            return Ok(is_stored);
        }
        let state = set.into_iter().fold(Write::update(key), |write, (name, value)| write.set(name, value));
        let mut writes = vec![turn.into_iter().fold(state.without(remove), Write::only_if)];
        writes.extend(done.map(|(key, draft)| Write::put(key, draft)));
        writes.extend(ended.news.iter().map(|news| sync_row(account, news, now)));
        Ok(self.transact(&writes).await?.is_empty())
    }
}

/// Writes the checkpoint of a job that is done.
fn done_row(now: Timestamp) -> Draft {
    let done = Checkpoint { structure: true, levels: Vec::new(), done: true };
    write_checkpoint(&done).expiring(now + CHECKPOINT)
}
