//! One statement of a role: turns a line of infra/template/functions.toml into IAM's form.

use anyhow::{Context as _, Result, bail, ensure};

use super::Lines;

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    sid: String,
    service: &'static str,
    actions: Vec<String>,
    on: On,
    only: Only,
    /// The variable that holds the URL of a queue to which the function sends.
    url: Option<&'static str>,
}

/// The resource of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum On {
    Arn(String),
    Index(String, String),
    MailIdentity,
}

/// The condition that narrows a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Only {
    Nothing,
    Rows(Vec<String>),
    Keys { uses: Vec<String>, owner: String },
}

impl Statement {
    /// Returns the statement of every function: Lambda writes its logs.
    pub(crate) fn logs() -> Self {
        let actions = ["CreateLogStream", "PutLogEvents"].map(str::to_owned);
        Self::plain("Logs".to_owned(), "logs", actions.into(), "FunctionLogs")
    }

    /// Returns the statement of a function that a queue starts: Lambda receives and deletes its messages.
    pub(crate) fn takes(queue: &str) -> Self {
        let actions = ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"].map(str::to_owned);
        Self::plain(format!("Take{queue}"), "sqs", actions.into(), queue)
    }

    /// Returns the statement that allows sends to a queue.
    pub(crate) fn sends(queue: &str, variable: &'static str) -> Self {
        let plain = Self::plain(format!("Send{queue}"), "sqs", vec!["SendMessage".to_owned()], queue);
        Self { url: Some(variable), ..plain }
    }

    fn plain(sid: String, service: &'static str, actions: Vec<String>, on: &str) -> Self {
        Self { sid, service, actions, on: On::Arn(on.to_owned()), only: Only::Nothing, url: None }
    }

    /// Reads a line, whose grammar the head of functions.toml describes.
    pub(crate) fn read(sid: &str, text: &str) -> Result<Self> {
        let first = text.split_whitespace().next().context("a statement without an action")?;
        match first {
            "Decrypt" | "GenerateDataKey" => Self::keys(sid, first, text),
            "SendEmail" => {
                let own = Self::plain(sid.to_owned(), "ses", vec![first.to_owned()], "");
                Ok(Self { on: On::MailIdentity, ..own })
            }
            _ => Self::rows(sid, text),
        }
    }

    fn keys(sid: &str, action: &str, text: &str) -> Result<Self> {
        let bound = text.trim_start_matches(action).split_once(" of ");
        let (uses, owner) = bound
            .with_context(|| format!("`{text}`: say which use of whom, as in `{action} data of con_*`"))?;
        let only = Only::Keys { uses: listed(uses), owner: owner.trim().to_owned() };
        Ok(Self { only, ..Self::plain(sid.to_owned(), "kms", vec![action.to_owned()], "Key") })
    }

    fn rows(sid: &str, text: &str) -> Result<Self> {
        let (head, rows) = text.split_once(" rows ").unwrap_or((text, ""));
        let (actions, thing) = head.split_once(" on ").unwrap_or((head, sid));
        let actions: Vec<String> = actions.split_whitespace().map(str::to_owned).collect();
        ensure!(!actions.is_empty(), "`{text}` names no action");
        if let Some(odd) = actions.iter().find(|action| !action.starts_with(char::is_uppercase)) {
            bail!("`{text}`: `{odd}` is no action of DynamoDB");
        }
        let on = match thing.trim().split_once('/') {
            Some((table, index)) => On::Index(format!("{table}Table"), index.to_owned()),
            None => On::Arn(format!("{}Table", thing.trim())),
        };
        let only = if rows.is_empty() { Only::Nothing } else { Only::Rows(listed(rows)) };
        Ok(Self { sid: sid.to_owned(), service: "dynamodb", actions, on, only, url: None })
    }

    /// Returns the variable in which the function finds the statement's resource, and its value.
    pub(crate) fn variable(&self) -> Option<(String, String)> {
        let (On::Arn(id) | On::Index(id, _)) = &self.on else { return None };
        match self.service {
            "dynamodb" => {
                let word = id.trim_end_matches("Table").to_ascii_uppercase();
                Some((format!("TABLE_{word}"), format!("!Ref {id}")))
            }
            "kms" => Some(("KMS_KEY_ID".to_owned(), format!("!GetAtt {id}.Arn"))),
            _ => self.url.map(|variable| (variable.to_owned(), format!("!Ref {id}"))),
        }
    }

    /// Writes the statement into a policy.
    pub(crate) fn write(&self, out: &mut Lines) {
        let actions: Vec<String> =
            self.actions.iter().map(|action| format!("{}:{action}", self.service)).collect();
        out.add(7, format!("- Sid: {}", self.sid));
        out.add(8, "Effect: Allow");
        out.add(8, format!("Action: [{}]", actions.join(", ")));
        self.on.write(out);
        self.only.write(out);
    }
}

impl On {
    fn write(&self, out: &mut Lines) {
        match self {
            Self::Arn(id) => out.add(8, format!("Resource: !GetAtt {id}.Arn")),
            Self::Index(id, index) => {
                out.add(8, format!("Resource: !Sub \"${{{id}.Arn}}/index/{index}\""));
            }
            Self::MailIdentity => {
                let arn = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity";
                out.add(8, "Resource: !If");
                out.add(9, "- HasMailIdentity");
                out.add(9, format!("- !Sub \"{arn}/${{MailIdentity}}\""));
                out.add(9, format!("- !Sub \"{arn}/${{MailFrom}}\""));
            }
        }
    }
}

impl Only {
    fn write(&self, out: &mut Lines) {
        match self {
            Self::Nothing => {}
            Self::Rows(patterns) => {
                let quoted: Vec<String> = patterns.iter().map(|pattern| format!("\"{pattern}\"")).collect();
                out.add(8, "Condition:");
                out.add(9, "ForAllValues:StringLike:");
                out.add(10, format!("dynamodb:LeadingKeys: [{}]", quoted.join(", ")));
            }
            Self::Keys { uses, owner } => {
                out.add(8, "Condition:");
                out.add(9, "StringEquals:");
                out.add(10, "kms:EncryptionContext:app: mooring");
                out.add(10, format!("kms:EncryptionContext:use: [{}]", uses.join(", ")));
                out.add(9, "StringLike:");
                out.add(10, format!("kms:EncryptionContext:conn: \"{owner}\""));
            }
        }
    }
}

fn listed(text: &str) -> Vec<String> {
    text.split(',').map(|word| word.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(sid: &str, text: &str) -> String {
        let mut out = Lines::default();
        Statement::read(sid, text).unwrap().write(&mut out);
        out.0.lines().map(|line| line.trim_start().to_owned() + "\n").collect()
    }

    #[test]
    fn a_line_becomes_a_statement() {
        assert_eq!(
            written("Vault", "GetItem Query"),
            "- Sid: Vault\nEffect: Allow\nAction: [dynamodb:GetItem, dynamodb:Query]\nResource: !GetAtt VaultTable.Arn\n"
        );
        let mail = written("ByMailbox", "Query on Connections/due rows mail#*, who#*");
        assert!(mail.contains("Resource: !Sub \"${ConnectionsTable.Arn}/index/due\"\n"), "{mail}");
        assert!(mail.ends_with("dynamodb:LeadingKeys: [\"mail#*\", \"who#*\"]\n"), "{mail}");
        let key = written("DecryptApp", "Decrypt token, data of con_*");
        assert!(key.contains("Action: [kms:Decrypt]\nResource: !GetAtt Key.Arn\n"), "{key}");
        assert!(key.contains("use: [token, data]\n") && key.ends_with("conn: \"con_*\"\n"), "{key}");
    }

    #[test]
    fn a_slip_is_told() {
        for (text, told) in [
            ("", "without an action"),
            ("Decrypt secret", "say which use of whom"),
            ("GetItem rows", "`rows` is no action"),
            (" on Vault", "names no action"),
        ] {
            let error = Statement::read("Vault", text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
