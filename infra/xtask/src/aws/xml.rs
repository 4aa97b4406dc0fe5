//! Answers in XML, as far as chores read them: the texts of elements by their names.

use anyhow::Result;
use roxmltree::{Document, Node};

/// An answer, or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Xml {
    name: String,
    text: String,
    parts: Vec<Xml>,
}

impl Xml {
    /// Reads a document.
    pub(crate) fn read(text: &str) -> Result<Self> {
        Ok(Self::of(Document::parse(text)?.root_element()))
    }

    fn of(node: Node<'_, '_>) -> Self {
        Self {
            name: node.tag_name().name().to_owned(),
            text: node.text().unwrap_or_default().trim().to_owned(),
            parts: node.children().filter(Node::is_element).map(Self::of).collect(),
        }
    }

    /// Returns the text of the first element of a name at any depth, unless it is empty.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        let own = (self.name == name && !self.text.is_empty()).then(|| self.text.clone());
        own.or_else(|| self.parts.iter().find_map(|part| part.first(name)))
    }

    /// Lists the members of the first list of a name.
    pub(crate) fn members(&self, name: &str) -> Vec<&Self> {
        let list = self.list(name);
        list.map(|list| list.parts.iter().filter(|part| part.name == "member").collect()).unwrap_or_default()
    }

    fn list(&self, name: &str) -> Option<&Self> {
        if self.name == name { Some(self) } else { self.parts.iter().find_map(|part| part.list(name)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_list_are_read_by_their_fields() {
        let xml = Xml::read(
            "<A xmlns=\"http://x/\"><R><Outputs><member><OutputKey>Api</OutputKey><OutputValue>h&amp;t</OutputValue>\
             </member><member><OutputKey>Key</OutputKey></member></Outputs><Empty/></R></A>",
        )
        .unwrap();
        let outputs = xml.members("Outputs");
        assert_eq!(outputs.len(), 2);
        assert_eq!(outputs[0].first("OutputValue").as_deref(), Some("h&t"));
        assert_eq!(outputs[1].first("OutputValue"), None);
        assert!(xml.members("Parameters").is_empty() && xml.first("Empty").is_none());
    }
}
