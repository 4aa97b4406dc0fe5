//! Names the tables. This is the only module that reads the names from the environment.

use mooring_domain::base::table::Table;
use mooring_domain::{Error, Kind, Result};

/// The names of the tables that a function may use. A table without a name fails at its first use.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    names: Vec<(Table, String)>,
}

impl Tables {
    /// Reads the names from the variables that are set; see [`variable`].
    pub fn from_env() -> Self {
        let named = |table| std::env::var(variable(table)).ok().filter(|name| !name.is_empty());
        Self { names: Table::ALL.into_iter().filter_map(|table| Some((table, named(table)?))).collect() }
    }

    /// Names tables one by one.
    pub fn named(names: impl IntoIterator<Item = (Table, String)>) -> Self {
        Self { names: names.into_iter().collect() }
    }

    /// Names every table by `prefix` and its word.
    pub fn prefixed(prefix: &str) -> Self {
        let name = |table: Table| (table, format!("{prefix}{}", table.as_str()));
        Self { names: Table::ALL.into_iter().map(name).collect() }
    }

    /// Lists the variables and values from which [`Self::from_env`] makes the same names.
    pub fn env_vars(&self) -> Vec<(&'static str, String)> {
        self.names.iter().map(|(table, name)| (variable(*table), name.clone())).collect()
    }

    /// Returns the name of a table; fails when its variable is not set.
    pub fn name(&self, table: Table) -> Result<&str> {
        let named = self.names.iter().find(|(known, _)| *known == table);
        named.map(|(_, name)| name.as_str()).ok_or_else(|| {
            let message = format!("The variable {} is not set.", variable(table));
            Error::new(Kind::Internal, "table_not_named", message)
        })
    }
}

/// Returns the variable of the environment that names a table.
pub const fn variable(table: Table) -> &'static str {
    match table {
        Table::Directory => "TABLE_DIRECTORY",
        Table::Connections => "TABLE_CONNECTIONS",
        Table::Vault => "TABLE_VAULT",
        Table::Reports => "TABLE_REPORTS",
        Table::Activity => "TABLE_ACTIVITY",
        Table::Transient => "TABLE_TRANSIENT",
        Table::Ledger => "TABLE_LEDGER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_not_named_fails_with_the_name_of_its_variable() {
        let error = Tables::default().name(Table::Vault).unwrap_err();
        assert!(error.message.contains("TABLE_VAULT"));
        assert_eq!(Tables::prefixed("t-").name(Table::Ledger).unwrap(), "t-ledger");
    }
}
