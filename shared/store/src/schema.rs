//! Describes and creates the tables, for the local runner and for tests. On AWS the template creates them.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::create_table::{CreateTableError, CreateTableOutput};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification, TimeToLiveStatus,
};
use mooring_domain::Result;
use mooring_domain::base::table::Table;

use crate::client::item::{DUE_AT, DUE_SHARD, EXPIRES_AT, INDEX, PK, SK};
use crate::client::{failed, not_built};
use crate::config::Tables;

/// The properties of a table besides its keys `pk` and `sk` and TTL on `expires_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSpec {
    /// The table.
    pub table: Table,
    /// True when the table has the due index, which holds keys only.
    pub due_index: bool,
    /// True when the table is protected against deletion.
    pub protected: bool,
}

/// Lists all tables.
pub fn table_specs() -> Vec<TableSpec> {
    let spec = |table| TableSpec {
        table,
        due_index: matches!(table, Table::Activity | Table::Connections | Table::Ledger),
        protected: table == Table::Vault,
    };
    Table::ALL.into_iter().map(spec).collect()
}

/// Creates the tables that do not exist yet.
pub async fn create_tables(client: &Client, tables: &Tables) -> Result<()> {
    for spec in table_specs() {
        let name = tables.name(spec.table)?;
        match create(client, name, spec).await? {
            Ok(_) => {}
            Err(error)
                if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {}
            Err(error) => return Err(failed(&error)),
        }
        expire(client, name).await?;
    }
    Ok(())
}

type Created = std::result::Result<CreateTableOutput, SdkError<CreateTableError>>;

async fn create(client: &Client, name: &str, spec: TableSpec) -> Result<Created> {
    let mut create = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .deletion_protection_enabled(spec.protected)
        .set_key_schema(Some(key_schema(PK, SK).map_err(not_built)?));
    let indexed = if spec.due_index { [DUE_SHARD, DUE_AT].as_slice() } else { &[] };
    for name in [PK, SK].iter().chain(indexed) {
        create = create.attribute_definitions(attribute(name).map_err(not_built)?);
    }
    if spec.due_index {
        create = create.global_secondary_indexes(index().map_err(not_built)?);
    }
    Ok(create.send().await)
}

/// Switches TTL on where it is off: DynamoDB refuses to switch it on again.
async fn expire(client: &Client, name: &str) -> Result<()> {
    let now = client.describe_time_to_live().table_name(name).send().await.map_err(|error| failed(&error))?;
    let status = now.time_to_live_description.and_then(|description| description.time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let ttl = TimeToLiveSpecification::builder().attribute_name(EXPIRES_AT).enabled(true).build();
    let update = client.update_time_to_live().table_name(name);
    let update = update.time_to_live_specification(ttl.map_err(not_built)?);
    update.send().await.map(|_| ()).map_err(|error| failed(&error))
}

fn attribute(name: &str) -> std::result::Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}

fn key_schema(hash: &str, range: &str) -> std::result::Result<Vec<KeySchemaElement>, BuildError> {
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![key(hash, KeyType::Hash)?, key(range, KeyType::Range)?])
}

fn index() -> std::result::Result<GlobalSecondaryIndex, BuildError> {
    GlobalSecondaryIndex::builder()
        .index_name(INDEX)
        .set_key_schema(Some(key_schema(DUE_SHARD, DUE_AT)?))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
}
