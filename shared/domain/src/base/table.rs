//! The tables: each is one retention class, one backup class and one IAM boundary.

/// A table of Mooring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Tenants, credentials, origins.
    Directory,
    /// Connections, accounts, fences, sync state, completeness, outbox; the index from mailboxes to connections.
    Connections,
    /// Wrapped keys and sealed tokens.
    Vault,
    /// Sealed chunks and structure.
    Reports,
    /// Sync and access log; pseudonyms only.
    Activity,
    /// Sessions, transactions, tickets, codes, frontend tokens.
    Transient,
    /// Deletions, receipts, audit.
    Ledger,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 7] = [
        Self::Directory,
        Self::Connections,
        Self::Vault,
        Self::Reports,
        Self::Activity,
        Self::Transient,
        Self::Ledger,
    ];

    /// Returns the table's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Connections => "connections",
            Self::Vault => "vault",
            Self::Reports => "reports",
            Self::Activity => "activity",
            Self::Transient => "transient",
            Self::Ledger => "ledger",
        }
    }

    /// Finds a table by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == text)
    }
}
