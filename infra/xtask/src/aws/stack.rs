//! One deployed stack: its parameters, outputs and resources.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use mooring_domain::base::table::Table;
use mooring_store::Tables;

use super::{Aws, CLOUDFORMATION, Xml, refused};

/// The version of the protocol.
const VERSION: &str = "2010-05-15";

/// A stack, as `CloudFormation` describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// Its name.
    pub(crate) name: String,
    /// Its state, such as `UPDATE_COMPLETE`.
    pub(crate) status: String,
    /// The values of its parameters.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Its outputs.
    pub(crate) outputs: BTreeMap<String, String>,
    /// The names in AWS of its resources, by the names that template.yaml has.
    pub(crate) resources: BTreeMap<String, String>,
}

impl Stack {
    /// Describes a stack.
    pub(crate) async fn read(aws: &Aws, name: &str) -> Result<Self> {
        let described = aws
            .form(CLOUDFORMATION, VERSION, "DescribeStacks", &[("StackName", name)])
            .await
            .map_err(|error| {
                let absent = refused(&error).is_some_and(|refused| refused.code == "ValidationError");
                let advice = format!(
                    "there is no stack `{name}` in {}: name another, or another region",
                    aws.region()
                );
                if absent { error.context(advice) } else { error }
            })?;
        let Some(stack) = described.members("Stacks").first().copied() else {
            bail!("there is no stack `{name}` in {}", aws.region())
        };
        Ok(Self {
            name: name.to_owned(),
            status: stack.first("StackStatus").unwrap_or_default(),
            parameters: pairs(stack, "Parameters", ["ParameterKey", "ParameterValue"]),
            outputs: pairs(stack, "Outputs", ["OutputKey", "OutputValue"]),
            resources: resources(aws, name).await?,
        })
    }

    /// Returns the name in AWS of a resource.
    pub(crate) fn resource(&self, id: &str) -> Result<&str> {
        let found = self.resources.get(id).map(String::as_str);
        found.with_context(|| format!("the stack `{}` has no {id}: is it one of Mooring?", self.name))
    }

    /// Returns the value of a parameter; an empty one counts as none.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Names the stack's tables.
    pub(crate) fn tables(&self) -> Result<Tables> {
        let named = |table| Ok((table, self.resource(&resource_of(table))?.to_owned()));
        Ok(Tables::named(Table::ALL.into_iter().map(named).collect::<Result<Vec<_>>>()?))
    }
}

/// Returns the name that a table has in template.yaml.
pub(crate) fn resource_of(table: Table) -> String {
    let word = table.as_str();
    let (first, rest) = word.split_at(1);
    format!("{}{rest}Table", first.to_uppercase())
}

async fn resources(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>> {
    let (mut found, mut token) = (BTreeMap::new(), None::<String>);
    loop {
        let mut fields = vec![("StackName", name)];
        fields.extend(token.as_deref().map(|token| ("NextToken", token)));
        let page = aws.form(CLOUDFORMATION, VERSION, "ListStackResources", &fields).await?;
        found.extend(pairs(&page, "StackResourceSummaries", ["LogicalResourceId", "PhysicalResourceId"]));
        token = page.first("NextToken");
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn pairs(within: &Xml, list: &str, [key, value]: [&str; 2]) -> BTreeMap<String, String> {
    let pair = |member: &&Xml| Some((member.first(key)?, member.first(value).unwrap_or_default()));
    within.members(list).iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use mooring_tests_tidy::template::Template;

    use super::*;

    #[test]
    fn every_table_is_a_resource_of_the_template() {
        let template = Template::read().unwrap();
        let known: Vec<&str> = template.of_type("AWS::DynamoDB::Table").map(|(id, _)| id).collect();
        for table in Table::ALL {
            assert!(known.contains(&resource_of(table).as_str()), "{table:?} of {known:?}");
        }
    }

    #[test]
    fn a_stack_of_something_else_is_no_stack_of_mooring() {
        let stack = Stack { name: "shop".to_owned(), ..Stack::default() };
        let error = stack.tables().unwrap_err().to_string();
        assert!(error.contains("`shop` has no DirectoryTable: is it one of Mooring?"), "{error}");
    }
}
