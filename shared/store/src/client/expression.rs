//! Builds expressions in which every name and value is a placeholder: no name collides with a word that
//! DynamoDB reserves, and the text holds no value.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use crate::client::item::{EXPIRES_AT, Item, PK, SK, seconds, text};
use crate::client::key::Sort;

/// A condition on the row that a request writes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Check {
    /// The row exists.
    Exists,
    /// The row does not exist.
    Absent,
    /// The row does not exist, or has expired and waits for TTL to remove it.
    AbsentOrExpired(Timestamp),
    /// The row lacks this attribute.
    Lacks(&'static str),
    /// The attribute has this value.
    Is(&'static str, AttributeValue),
    /// The attribute has another value than this one.
    Not(&'static str, AttributeValue),
    /// The attribute has one of these values.
    OneOf(&'static str, Vec<AttributeValue>),
    /// The attribute exists and is at most this value.
    AtMost(&'static str, AttributeValue),
    /// The attribute exists and is more than this value.
    MoreThan(&'static str, AttributeValue),
    /// All conditions of one of these lists hold.
    Any(Vec<Vec<Self>>),
}

/// Collects the placeholders of one request.
#[derive(Default)]
pub(crate) struct Expression {
    names: HashMap<String, String>,
    values: Item,
}

impl Expression {
    /// Adds a name and returns its placeholder.
    pub(crate) fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// Adds a value and returns its placeholder.
    pub(crate) fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Joins all conditions by AND; returns `None` when there are none.
    pub(crate) fn checks(&mut self, checks: &[Check]) -> Option<String> {
        let texts: Vec<String> = checks.iter().map(|check| self.check(check)).collect();
        (!texts.is_empty()).then(|| texts.join(" AND "))
    }

    fn check(&mut self, check: &Check) -> String {
        match check {
            Check::Exists => format!("attribute_exists({})", self.name(PK)),
            Check::Absent => format!("attribute_not_exists({})", self.name(PK)),
            Check::AbsentOrExpired(now) => {
                let (pk, end, now) = (self.name(PK), self.name(EXPIRES_AT), self.value(seconds(*now)));
                format!("(attribute_not_exists({pk}) OR {end} <= {now})")
            }
            Check::Lacks(name) => format!("attribute_not_exists({})", self.name(name)),
            Check::Is(name, value) => format!("{} = {}", self.name(name), self.value(value.clone())),
            Check::Not(name, value) => format!("{} <> {}", self.name(name), self.value(value.clone())),
            Check::OneOf(name, values) => {
                let values: Vec<String> = values.iter().map(|value| self.value(value.clone())).collect();
                format!("{} IN ({})", self.name(name), values.join(", "))
            }
            Check::AtMost(name, most) => format!("{} <= {}", self.name(name), self.value(most.clone())),
            Check::MoreThan(name, least) => format!("{} > {}", self.name(name), self.value(least.clone())),
            Check::Any(lists) => {
                let lists: Vec<String> = lists.iter().filter_map(|list| self.checks(list)).collect();
                // AND binds stronger than OR, and DynamoDB refuses parentheses that are not needed.
                format!("({})", lists.join(" OR "))
            }
        }
    }

    /// Writes the clauses of an update that set and remove attributes.
    pub(crate) fn update(&mut self, set: &[(String, AttributeValue)], remove: &[&'static str]) -> String {
        let assign = |(name, value): &(String, AttributeValue)| {
            let name = self.name(name);
            format!("{name} = {}", self.value(value.clone()))
        };
        let set: Vec<String> = set.iter().map(assign).collect();
        let remove: Vec<String> = remove.iter().map(|name| self.name(name)).collect();
        let clauses = [("SET", set), ("REMOVE", remove)].into_iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(word, parts)| format!("{word} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }

    /// Writes the clause of an update that adds to a number.
    pub(crate) fn adding(&mut self, name: &str, number: AttributeValue) -> String {
        format!("ADD {} {}", self.name(name), self.value(number))
    }

    /// Writes the key condition that selects the rows of a partition.
    pub(crate) fn span(&mut self, pk: &str, sort: &Sort) -> String {
        let partition = format!("{} = {}", self.name(PK), self.value(text(pk)));
        match sort {
            Sort::All => partition,
            Sort::Prefix(prefix) => {
                let (name, prefix) = (self.name(SK), self.value(text(prefix.as_str())));
                format!("{partition} AND begins_with({name}, {prefix})")
            }
            Sort::Between(first, last) => {
                format!("{partition} AND {}", self.between(SK, first, last))
            }
        }
    }

    /// Writes the condition that an attribute lies between two texts, both included.
    pub(crate) fn between(&mut self, name: &str, first: &str, last: &str) -> String {
        let (first, last) = (self.value(text(first)), self.value(text(last)));
        format!("{} BETWEEN {first} AND {last}", self.name(name))
    }

    /// Returns the maps of names and values for a request. An empty map becomes `None`, because DynamoDB
    /// refuses it.
    pub(crate) fn parts(self) -> (Option<HashMap<String, String>>, Option<Item>) {
        let Self { names, values } = self;
        (Some(names).filter(|names| !names.is_empty()), Some(values).filter(|values| !values.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::item::number;

    #[test]
    fn names_and_values_are_only_placeholders_in_the_text() {
        let mut expression = Expression::default();
        let set = [("state".to_owned(), text("purging")), ("expires_at".to_owned(), number(7))];
        let update = expression.update(&set, &["due_shard"]);
        let checks = expression.checks(&[Check::Exists, Check::Not("state", text("purging"))]);
        assert_eq!(update, "SET #state = :v0, #expires_at = :v1 REMOVE #due_shard");
        assert_eq!(checks.as_deref(), Some("attribute_exists(#pk) AND #state <> :v2"));
        let (names, values) = expression.parts();
        assert_eq!((names.unwrap().len(), values.unwrap().len()), (4, 3));
    }

    #[test]
    fn alternatives_stay_together() {
        let mut expression = Expression::default();
        let either =
            vec![vec![Check::Lacks("a")], vec![Check::AtMost("a", number(1)), Check::Is("b", number(2))]];
        let checks = expression.checks(&[Check::Exists, Check::Any(either)]);
        let wanted = "attribute_exists(#pk) AND (attribute_not_exists(#a) OR #a <= :v0 AND #b = :v1)";
        assert_eq!(checks.as_deref(), Some(wanted));
        assert_eq!(expression.adding("a", number(3)), "ADD #a :v2");
    }

    #[test]
    fn nothing_is_nothing() {
        let mut expression = Expression::default();
        assert_eq!(expression.checks(&[]), None);
        assert_eq!(expression.parts(), (None, None));
    }
}
