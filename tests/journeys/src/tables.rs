//! The tables as they are stored, read past every function.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use mooring_aws_local::sdk_config;
use mooring_domain::base::table::Table;
use mooring_local::Stack;

/// The tables that hold rows of a connection, and must hold none when the connection is gone.
pub const HOLDING: [Table; 4] = [Table::Directory, Table::Connections, Table::Vault, Table::Reports];

/// Counts the items whose keys contain a text, by table; tables without such an item are left out.
pub async fn held(stack: &Stack, what: &str) -> Result<BTreeMap<&'static str, usize>> {
    let mut held = BTreeMap::new();
    for table in HOLDING {
        let count = stack.items_naming(table, what).await?.len();
        if count > 0 {
            held.insert(table.as_str(), count);
        }
    }
    Ok(held)
}

/// Lists the sort keys of a table's items that contain a text.
pub async fn sort_keys(stack: &Stack, table: Table, what: &str) -> Result<Vec<String>> {
    let items = stack.items_naming(table, what).await?;
    let mut keys: Vec<_> = items.iter().filter_map(|item| text(item.get("sk"))).collect();
    keys.sort_unstable();
    Ok(keys)
}

/// Reads the newest version of each chunk whose partition contains a text: name to version in milliseconds.
pub async fn versions(stack: &Stack, what: &str) -> Result<BTreeMap<String, i64>> {
    let mut versions = BTreeMap::new();
    for item in stack.items_naming(Table::Reports, what).await? {
        let Some(name) = text(item.get("sk")).and_then(|sk| sk.strip_prefix("r#").map(str::to_owned)) else {
            continue;
        };
        let number = item.get("version").and_then(|value| value.as_n().ok());
        versions.insert(name, number.context("a chunk without a version")?.parse()?);
    }
    Ok(versions)
}

/// Removes the rows of a table whose partition begins with a prefix, past every function.
pub async fn remove(stack: &Stack, table: Table, prefix: &str) -> Result<()> {
    let client = aws_sdk_dynamodb::Client::new(&sdk_config(&stack.wiring().endpoints.dynamodb));
    let name = format!("mooring-{}", table.as_str());
    for item in stack.items_naming(table, prefix).await? {
        let key = ["pk", "sk"].map(|name| Some((name.to_owned(), item.get(name)?.clone())));
        let key = key.into_iter().flatten().collect();
        client.delete_item().table_name(&name).set_key(Some(key)).send().await?;
    }
    Ok(())
}

/// Reads everything in a table as one run of bytes: names and values of all attributes, binary ones as they are.
pub async fn bytes(stack: &Stack, table: Table) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for item in stack.items(table).await? {
        for (name, value) in &item {
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            write(value, &mut out);
            out.push(b'\n');
        }
    }
    Ok(out)
}

fn write(value: &AttributeValue, out: &mut Vec<u8>) {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => out.extend_from_slice(text.as_bytes()),
        AttributeValue::B(blob) => out.extend_from_slice(blob.as_ref()),
        AttributeValue::Bs(blobs) => blobs.iter().for_each(|blob| out.extend_from_slice(blob.as_ref())),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => {
            for text in texts {
                out.extend_from_slice(text.as_bytes());
            }
        }
        AttributeValue::L(values) => values.iter().for_each(|value| write(value, out)),
        AttributeValue::M(map) => {
            for (name, value) in map {
                out.extend_from_slice(name.as_bytes());
                write(value, out);
            }
        }
        _ => {}
    }
    out.push(b';');
}

fn text(value: Option<&AttributeValue>) -> Option<String> {
    value.and_then(|value| value.as_s().ok()).cloned()
}
