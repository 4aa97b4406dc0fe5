//! SES version 2: takes mails and keeps them for the mailbox. Nothing leaves the machine.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use awsim_core::AwsError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::trouble::{DataError, Keeping, Trouble};
use crate::{LocalClock, disk};

/// A mail as the sender handed it over. It has no `Debug`, because all of it is personal data.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mail {
    /// The id that the sender got in the answer; ids ascend with time.
    pub id: String,
    /// The local time of sending, RFC 3339.
    pub sent_at: String,
    /// The sender.
    pub from: String,
    /// All recipients: to, copied and blindly copied.
    pub to: Vec<String>,
    /// The addresses that answers go to.
    pub reply_to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The plain text; empty when there is none.
    pub text: String,
    /// The HTML; empty when there is none.
    pub html: String,
}

/// The mails sent so far.
pub(crate) struct Mails {
    dir: Option<PathBuf>,
    clock: LocalClock,
    sent: Mutex<Vec<Mail>>,
    keeping: Keeping,
}

impl Mails {
    /// Reads the mails of earlier runs.
    pub(crate) fn open(data: Option<&Path>, clock: LocalClock, keeping: Keeping) -> Result<Self, DataError> {
        let dir = data.map(|data| data.join("mail"));
        let sent = dir.as_deref().map_or_else(|| Ok(Vec::new()), read_all)?;
        Ok(Self { dir, clock, sent: Mutex::new(sent), keeping })
    }

    /// Returns all mails, oldest first.
    pub(crate) fn all(&self) -> Vec<Mail> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a mail from a `SendEmail` request and returns its id.
    pub(crate) fn send(&self, request: &Value) -> Result<String, AwsError> {
        let mail = self.parse(request)?;
        if let Some(dir) = &self.dir {
            let file = dir.join(format!("{}.json", mail.id));
            let bytes =
                serde_json::to_vec_pretty(&mail).map_err(|error| AwsError::internal(error.to_string()))?;
            let written = disk::write(&file, &bytes);
            self.keeping.note("mail", &written);
            written.map_err(|error| AwsError::internal(error.to_string()))?;
        }
        let id = mail.id.clone();
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        Ok(id)
    }

    fn parse(&self, request: &Value) -> Result<Mail, AwsError> {
        let refused = |message: &str| AwsError::bad_request("BadRequestException", message);
        let from =
            request["FromEmailAddress"].as_str().ok_or_else(|| refused("Missing FromEmailAddress."))?;
        let destination = &request["Destination"];
        let lists = ["ToAddresses", "CcAddresses", "BccAddresses"];
        let to: Vec<String> = lists.iter().flat_map(|list| strings(&destination[list])).collect();
        if to.is_empty() {
            return Err(refused("Missing destination."));
        }
        let content =
            |path: &str| request.pointer(&format!("/Content/Simple/{path}/Data")).and_then(Value::as_str);
        let subject = content("Subject").ok_or_else(|| refused("Only simple content is taken."))?;
        let part = |name: &str| content(&format!("Body/{name}")).unwrap_or_default().to_owned();
        let (text, html) = (part("Text"), part("Html"));
        if text.is_empty() && html.is_empty() {
            return Err(refused("Missing body."));
        }
        Ok(Mail {
            id: Uuid::now_v7().to_string(),
            sent_at: self.clock.now().to_string(),
            from: from.to_owned(),
            to,
            reply_to: strings(&request["ReplyToAddresses"]).collect(),
            subject: subject.to_owned(),
            text,
            html,
        })
    }
}

fn strings(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned))
}

fn read_all(dir: &Path) -> Result<Vec<Mail>, DataError> {
    disk::make_dir(dir)?;
    let failed = |error: std::io::Error| DataError::io(dir, &error);
    let mut mails: Vec<Mail> = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "json")
            && let Some(bytes) = disk::read(&path)?
        {
            let mail = serde_json::from_slice(&bytes);
            mails.push(mail.map_err(|error| DataError::new(&path, Trouble::Broken, error))?);
        }
    }
    mails.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(mails)
}
