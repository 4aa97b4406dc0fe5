//! Stores requests for mails in Transient, and the records of the mails to an address.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::Result;
use mooring_domain::base::ids::MailId;
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::deletion::link::LINK_MINUTES;
use mooring_domain::deletion::ports::LinkEnd;
use mooring_domain::notice::mail::{COUNTED_IN, MailRequest, Pace};
use mooring_domain::notice::ports::{MailPaces, MailRequestPut, MailRequestTake};

use crate::client::Store;
use crate::client::item::{Draft, EXPIRES_AT, Fields, Item, is_live, map, number, seconds, text, time};
use crate::client::{Change, Check};
use crate::notice::keys;
use crate::vault::items::{read_sealed, write_sealed};

/// The attribute that counts the requests of a source, or the mails to an address.
const COUNT: &str = "count";

/// The attribute that counts the changes of a pace.
const VERSION: &str = "version";

/// How long the end of an address's links is kept: longer than any of the links is valid.
const ENDED_KEPT: SignedDuration = SignedDuration::from_mins(2 * LINK_MINUTES);

#[async_trait]
impl MailRequestPut for Store {
    async fn put_mail_request(&self, request: &MailRequest) -> Result<()> {
        let locale = request.locale.as_ref().map(|locale| text(locale.as_str()));
        let draft = write_sealed(&request.sealed).maybe("locale", locale).expiring(request.expires_at);
        self.put(&keys::mail_request(&request.id), draft).await
    }

    async fn count_source(&self, source: &Fingerprint, window: i64, expires_at: Timestamp) -> Result<u64> {
        let set = vec![(EXPIRES_AT.to_owned(), seconds(expires_at))];
        let change = Change { set, add: Some((COUNT, number(1))), checks: Vec::new() };
        let changed = self.change_once(&keys::mail_source(source, window), &change).await?;
        changed.ok().map_or(Ok(0), |row| Fields::of("source", &row).number(COUNT))
    }
}

#[async_trait]
impl MailRequestTake for Store {
    async fn mail_request(&self, id: &MailId, now: Timestamp) -> Result<Option<MailRequest>> {
        let Some(row) = self.get(&keys::mail_request(id)).await? else { return Ok(None) };
        if !is_live(&row, now)? {
            return Ok(None);
        }
        let fields = Fields::of("mail request", &row);
        let (locale, expires_at) = (fields.maybe_parsed("locale")?, fields.seconds(EXPIRES_AT)?);
        Ok(Some(MailRequest { id: id.clone(), sealed: read_sealed(&row)?, locale, expires_at }))
    }

    async fn delete_mail_request(&self, id: &MailId) -> Result<()> {
        self.delete_if(&keys::mail_request(id), &[]).await
    }
}

#[async_trait]
impl MailPaces for Store {
    async fn pace(&self, mail: &Fingerprint) -> Result<Option<Pace>> {
        self.get(&keys::mail_pace(mail)).await?.as_ref().map(read_pace).transpose()
    }

    async fn put_pace(&self, mail: &Fingerprint, pace: &Pace, now: Timestamp) -> Result<bool> {
        let first = Check::Lacks(VERSION);
        let next = Check::Is(VERSION, number(pace.version.saturating_sub(1)));
        let before = if pace.version == 1 { first } else { next };
        // An expired row that TTL has not removed does not count.
        let over = Check::AtMost(EXPIRES_AT, seconds(now));
        let check = Check::Any(vec![vec![before], vec![over]]);
        self.put_if(&keys::mail_pace(mail), write_pace(pace), &[check]).await
    }
}

#[async_trait]
impl LinkEnd for Store {
    async fn links_ended(&self, mail: &Fingerprint) -> Result<Option<Timestamp>> {
        let row = self.get(&keys::links_ended(mail)).await?;
        row.map_or(Ok(None), |row| Fields::of("ended links", &row).maybe_parsed("at"))
    }

    async fn end_links(&self, mail: &Fingerprint, now: Timestamp) -> Result<()> {
        let draft = Draft::default().with("at", time(now)).expiring(now + ENDED_KEPT);
        self.put(&keys::links_ended(mail), draft).await
    }
}

fn write_pace(pace: &Pace) -> Draft {
    let waiting = pace
        .waiting
        .as_ref()
        .map(|(id, until)| map(Draft::default().text("request", id.as_str()).with("until", time(*until))));
    Draft::default()
        .with("last", time(pace.last))
        .text("by", pace.by.as_str())
        .with("since", time(pace.since))
        .with(COUNT, number(pace.count))
        .maybe("waiting", waiting)
        .with(VERSION, number(pace.version))
        .expiring(pace.last + COUNTED_IN)
}

fn read_pace(row: &Item) -> Result<Pace> {
    let fields = Fields::of("pace of mails", row);
    let waiting =
        if row.contains_key("waiting") { Some(read_waiting(fields.map("waiting")?)?) } else { None };
    Ok(Pace {
        last: fields.parsed("last")?,
        by: fields.parsed("by")?,
        since: fields.parsed("since")?,
        count: fields.number(COUNT)?,
        waiting,
        version: fields.number(VERSION)?,
    })
}

fn read_waiting(fields: Fields<'_>) -> Result<(MailId, Timestamp)> {
    Ok((fields.parsed("request")?, fields.parsed("until")?))
}
