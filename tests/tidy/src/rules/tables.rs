//! Tables: how long deleted rows can come back, and that no other place keeps copies.

use mooring_domain::base::table::Table;
use serde_json::Value;

use super::{Rule, unless};
use crate::template::{Template, at, items, text};

const TABLE: &str = "AWS::DynamoDB::Table";

/// Tables that nobody can rebuild: accounts, keys, proofs.
const PROTECTED: [&str; 3] = ["DirectoryTable", "LedgerTable", "VaultTable"];

/// Resources that keep copies that no deletion reaches.
const COPIES: [&str; 6] = [
    "AWS::Backup::",
    "AWS::DynamoDB::GlobalTable",
    "AWS::Events::Archive",
    "AWS::Kinesis",
    "AWS::Lambda::LayerVersion",
    "AWS::Logs::SubscriptionFilter",
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "table-recovery-window",
        why: "what is purged must be gone from backups too, within the days that we promise",
        check: recovery_window,
    },
    Rule {
        name: "table-ttl",
        why: "the time to live is the dead man's switch of every deletion",
        check: |template| {
            let good = |_: &str, table: &Value| {
                let ttl = at(table, "Properties/TimeToLiveSpecification");
                text(ttl, "AttributeName") == "expires_at" && at(ttl, "Enabled") == true
            };
            unless(template.of_type(TABLE), good, "expires_at has to be its time to live")
        },
    },
    Rule {
        name: "table-no-stream",
        why: "a stream keeps images of what was deleted",
        check: |template| {
            let streams = ["StreamSpecification", "KinesisStreamSpecification"];
            let good = |_: &str, table: &Value| {
                streams.iter().all(|stream| at(table, &format!("Properties/{stream}")).is_null())
            };
            unless(template.of_type(TABLE), good, "no stream: the outbox is in the tables")
        },
    },
    Rule {
        name: "table-encrypted",
        why: "what is not sealed by us is encrypted by the service under a key of KMS",
        check: |template| {
            let good = |_: &str, table: &Value| at(table, "Properties/SSESpecification/SSEEnabled") == true;
            unless(template.of_type(TABLE), good, "SSEEnabled has to be true")
        },
    },
    Rule {
        name: "table-deletion-protection",
        why: "a lost vault, ledger or directory cannot be had again",
        check: |template| {
            let good = |id: &str, table: &Value| {
                !PROTECTED.contains(&id) || at(table, "Properties/DeletionProtectionEnabled") == true
            };
            let mut found = unless(template.of_type(TABLE), good, "needs DeletionProtectionEnabled");
            let gone = PROTECTED.iter().filter(|id| template.properties(id).is_null());
            found.extend(gone.map(|id| format!("{id}: is not in the template")));
            found
        },
    },
    Rule {
        name: "table-retained",
        why: "a deleted table leaves a backup of 35 days behind; taking a stack down has a procedure",
        check: |template| {
            let good = |_: &str, table: &Value| {
                text(table, "DeletionPolicy") == "Retain" && text(table, "UpdateReplacePolicy") == "Retain"
            };
            unless(template.of_type(TABLE), good, "DeletionPolicy and UpdateReplacePolicy have to be Retain")
        },
    },
    Rule {
        name: "index-keys-only",
        why: "an index with values is one more copy of them",
        check: |template| {
            let good = |_: &str, table: &Value| {
                let mut indexes = items(at(table, "Properties/GlobalSecondaryIndexes"));
                indexes.all(|index| text(index, "Projection/ProjectionType") == "KEYS_ONLY")
            };
            unless(template.of_type(TABLE), good, "its indexes have to be KEYS_ONLY")
        },
    },
    Rule {
        name: "no-copies-elsewhere",
        why: "backup plans, archives and subscriptions keep what a deletion has purged",
        check: |template| {
            let good = |_: &str, resource: &Value| {
                !COPIES.iter().any(|kind| text(resource, "Type").starts_with(kind))
            };
            unless(template.resources(), good, "this kind of resource keeps copies")
        },
    },
];

/// Returns the class of a table's resource; receipts name its window.
pub fn class(id: &str) -> Option<Table> {
    let word = id.strip_suffix("Table")?.to_ascii_lowercase();
    Table::parse(&word)
}

fn recovery_window(template: &Template) -> Vec<String> {
    let of_table = |(id, table): (&str, &Value)| {
        let Some(class) = class(id) else {
            return Some(format!("{id}: has no recovery class; give it one beside the others"));
        };
        let window = class.recovery_days().map(u64::from);
        let recovery = at(table, "Properties/PointInTimeRecoverySpecification");
        let enabled = at(recovery, "PointInTimeRecoveryEnabled").as_bool();
        let days = at(recovery, "RecoveryPeriodInDays").as_u64();
        let good = enabled == Some(window.is_some()) && days == window;
        (!good).then(|| format!("{id}: the window is {enabled:?} with {days:?} days; {window:?} are allowed"))
    };
    template.of_type(TABLE).filter_map(of_table).collect()
}
