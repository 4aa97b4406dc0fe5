//! Fakes of the mail queue and of the mail service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::{World, away, ports, ready};
use crate::base::error::Result;
use crate::base::ids::MailId;
use crate::base::locale::Locale;
use crate::base::queue::JobQueue;
use crate::base::secret::Fingerprint;
use crate::deletion::ops::request_deletion::by_mail;
use crate::deletion::ops::send_mail;
use crate::notice::mail::{MailRequest, Pace};
use crate::notice::ports::{Letter, MailPaces, MailRequestPut, MailRequestTake, MailWriter, Mailer};
use crate::platform::profile::Profile;

#[derive(Default)]
pub(crate) struct NoticeRows {
    pub(crate) requests: Mutex<BTreeMap<MailId, MailRequest>>,
    sources: Mutex<BTreeMap<(String, i64), u64>>,
    paces: Mutex<BTreeMap<String, Pace>>,
    /// The requests in the queue, each with the instant at which the queue shows it.
    pub(crate) asked: Mutex<Vec<(Timestamp, MailId)>>,
    /// The mails that were sent: address and text.
    pub(crate) mails: Mutex<Vec<(String, String)>>,
    pub(crate) mail_is_away: Mutex<bool>,
}

/// Returns the token of the link in a mail.
pub(crate) fn link_in(text: &str) -> String {
    let start = text.split("https://api.example.com/deletion-requests/").nth(1).unwrap();
    start.split_whitespace().next().unwrap().to_owned()
}

impl World {
    /// Enters an address on the deletion page, from a source.
    pub(crate) fn ask_from(self: &Arc<Self>, address: &str, source: &str) -> Result<by_mail::Output> {
        let asked = by_mail::Asked { address, source: Some(source), locale: "de".parse().ok() };
        let ports = ports!(self, by_mail::Ports { clock, entropy, rows, keys, queue });
        ready(by_mail::run(&ports, &asked))
    }

    pub(crate) fn ask(self: &Arc<Self>, address: &str) -> Result<by_mail::Output> {
        self.ask_from(address, "192.0.2.1")
    }

    /// Works off the requests that the queue shows now, and returns the outcomes.
    pub(crate) fn mail(self: &Arc<Self>) -> Vec<Result<send_mail::Outcome>> {
        let ports = ports!(self, send_mail::Ports {
            clock, entropy, rows, keys, queue, mailer, writer, profile;
            api_origin: "https://api.example.com".to_owned()
        });
        let at = self.now();
        let mut asked = self.notice.asked.lock().unwrap();
        let (due, later): (Vec<_>, Vec<_>) = asked.drain(..).partition(|(shows, _)| *shows <= at);
        *asked = later;
        drop(asked);
        due.iter().map(|(_, id)| ready(send_mail::run(&ports, id))).collect()
    }

    /// Lets minutes pass until no request waits, and returns after how many minutes mails left.
    pub(crate) fn mail_minutes(self: &Arc<Self>) -> Vec<i64> {
        let (start, mut left) = (self.now(), Vec::new());
        while !self.notice.asked.lock().unwrap().is_empty() {
            let before = self.notice.mails.lock().unwrap().len();
            for outcome in self.mail() {
                outcome.unwrap();
            }
            if self.notice.mails.lock().unwrap().len() > before {
                left.push(self.now().duration_since(start).as_mins());
            }
            self.advance(1);
        }
        left
    }

    /// Returns the token of the link in the last mail.
    pub(crate) fn mailed_link(&self) -> String {
        link_in(&self.notice.mails.lock().unwrap().last().unwrap().1)
    }
}

impl MailWriter for World {
    fn deletion_link(&self, locale: Option<&Locale>, profile: &Profile, url: &str) -> Letter {
        let said = locale.map_or("none", Locale::as_str);
        Letter { subject: format!("{said}: {}", profile.product), text: url.to_owned() }
    }
}

#[async_trait]
impl Mailer for World {
    async fn send(&self, to: &SecretString, subject: &str, text: &str) -> Result<()> {
        if *self.notice.mail_is_away.lock().unwrap() {
            return Err(away());
        }
        let mail = (to.expose_secret().to_owned(), format!("{subject}\n{text}"));
        self.notice.mails.lock().unwrap().push(mail);
        Ok(())
    }
}

#[async_trait]
impl MailRequestPut for World {
    async fn put_mail_request(&self, request: &MailRequest) -> Result<()> {
        self.notice.requests.lock().unwrap().insert(request.id.clone(), request.clone());
        Ok(())
    }

    async fn count_source(&self, source: &Fingerprint, window: i64, _: Timestamp) -> Result<u64> {
        let mut sources = self.notice.sources.lock().unwrap();
        let count = sources.entry((source.0.clone(), window)).or_default();
        *count += 1;
        Ok(*count)
    }
}

#[async_trait]
impl MailRequestTake for World {
    async fn mail_request(&self, id: &MailId, now: Timestamp) -> Result<Option<MailRequest>> {
        let requests = self.notice.requests.lock().unwrap();
        Ok(requests.get(id).filter(|request| request.expires_at > now).cloned())
    }

    async fn delete_mail_request(&self, id: &MailId) -> Result<()> {
        self.notice.requests.lock().unwrap().remove(id);
        Ok(())
    }
}

#[async_trait]
impl MailPaces for World {
    async fn pace(&self, mail: &Fingerprint) -> Result<Option<Pace>> {
        Ok(self.notice.paces.lock().unwrap().get(&mail.0).cloned())
    }

    async fn put_pace(&self, mail: &Fingerprint, pace: &Pace, _: Timestamp) -> Result<bool> {
        self.notice.paces.lock().unwrap().insert(mail.0.clone(), pace.clone());
        Ok(true)
    }
}

#[async_trait]
impl JobQueue<MailId> for World {
    async fn send(&self, ids: &[MailId], delay_seconds: u32) -> Result<()> {
        let due = self.now() + SignedDuration::from_secs(i64::from(delay_seconds.min(900)));
        self.notice.asked.lock().unwrap().extend(ids.iter().map(|id| (due, id.clone())));
        Ok(())
    }
}
