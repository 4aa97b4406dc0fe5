//! The fence: the states that every writer re-reads before it writes.

use crate::connect::connection::State;

/// The states that a fence item holds: those of the connection and of one account, read consistently right before each
/// write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// The connection's state; `None` when the item is gone.
    pub connection: Option<State>,
    /// The account's state; `None` when the item is gone or no account was asked for.
    pub account: Option<State>,
}

impl Fence {
    /// Returns whether a job for the account may call and write.
    pub fn lets_write(&self) -> bool {
        self.connection.is_some_and(State::is_syncable) && self.account.is_some_and(State::is_syncable)
    }

    /// Returns whether the account's data may be read.
    pub fn lets_read(&self) -> bool {
        self.connection.is_some_and(State::is_readable) && self.account.is_some_and(State::is_readable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S2: a job calls only for a connection and an account that a person connected and the product took up.
    #[test]
    fn s2_a_job_calls_for_nothing_that_is_not_connected() {
        let states = [
            None,
            Some(State::Pending),
            Some(State::Active),
            Some(State::Suspect),
            Some(State::NeedsReauth),
            Some(State::Purging),
        ];
        let live = [Some(State::Active), Some(State::Suspect)];
        for connection in states {
            for account in states {
                let fence = Fence { connection, account };
                let both = live.contains(&connection) && live.contains(&account);
                assert_eq!(fence.lets_write(), both, "{fence:?}");
            }
        }
    }
}
