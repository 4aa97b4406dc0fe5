//! The way back: a row that outlives the flow by a day, so that a person who comes late, or twice, is led back to the
//! product. The row names nobody: it holds a registered URL, how far the flow came, and the digest of the browser's
//! cookie.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::base::error::Result;
use crate::base::host::Entropy;
use crate::base::ids::ConnectionId;
use crate::base::random::derived_text;
use crate::base::secret::{Confidential, Digest};
use crate::connect::binding::{return_to, ticket_handle};
use crate::connect::end::End;

/// How long a way back is kept after the flow.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How far a flow came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The flow waits for the person.
    Open,
    /// The connect link led on to the platform; the transaction with this key goes on.
    Departed(Digest),
    /// The callback is at work.
    Arriving,
    /// The choice of accounts is open, with the ticket that belongs to the browser's cookie.
    Choosing,
    /// The person left a needed permission out, and another connect page asks again.
    Asking,
    /// A live connection was authorised again.
    Again(ConnectionId),
    /// The flow ended.
    Ended(End),
}

/// The way back of a connect link or of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// The registered URL to return to.
    pub return_url: String,
    /// SHA-256 of the cookie of the flow's browser, once there is one.
    pub cookie: Option<Digest>,
    /// How far the flow came.
    pub stage: Stage,
    /// Until when the flow can leave the stage; the way is kept [`KEPT`] longer.
    pub until: Timestamp,
}

/// Where a browser that comes again goes on.
#[derive(Debug, Clone)]
pub enum Onward {
    /// To the choice of accounts.
    Choose {
        /// The ticket's text.
        ticket: Confidential,
        /// The ticket's handle.
        handle: String,
    },
    /// To another connect page, which asks again.
    Ask {
        /// The page's token.
        token: Confidential,
    },
    /// Back to the product.
    Back(Url),
    /// Nowhere yet: another call of the same browser is at work.
    Wait,
}

impl Stage {
    /// Returns the stage as a text.
    pub fn to_text(&self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Departed(key) => format!("departed#{}", key.to_hex()),
            Self::Arriving => "arriving".to_owned(),
            Self::Choosing => "choosing".to_owned(),
            Self::Asking => "asking".to_owned(),
            Self::Again(id) => format!("again#{id}"),
            Self::Ended(end) => format!("ended#{}", end.as_str()),
        }
    }

    /// Reads a stage from the text that [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once('#').unwrap_or((text, ""));
        match word {
            "open" => Some(Self::Open),
            "departed" => Digest::from_hex(rest).map(Self::Departed),
            "arriving" => Some(Self::Arriving),
            "choosing" => Some(Self::Choosing),
            "asking" => Some(Self::Asking),
            "again" => rest.parse().ok().map(Self::Again),
            "ended" => End::parse(rest).map(Self::Ended),
            _ => None,
        }
    }
}

impl WayBack {
    /// Returns where the browser with this cookie goes on; `None` when the way belongs to another browser.
    pub fn leads(&self, entropy: &dyn Entropy, cookie: &str, now: Timestamp) -> Result<Option<Onward>> {
        let presented = entropy.digest(cookie.as_bytes());
        if !self.cookie.is_some_and(|own| entropy.same(&presented.0, &own.0)) {
            return Ok(None);
        }
        let onward = match &self.stage {
            Stage::Open | Stage::Arriving if now < self.until => Onward::Wait,
            Stage::Open => Onward::Back(self.ended(End::Expired)?),
            Stage::Departed(_) => Onward::Back(self.ended(End::Used)?),
            Stage::Arriving => Onward::Back(self.ended(End::Failed)?),
            Stage::Ended(end) => Onward::Back(self.ended(*end)?),
            Stage::Again(id) => Onward::Back(return_to(&self.return_url, &[("connection_id", id.as_str())])?),
            Stage::Asking => Onward::Ask { token: asking_token(entropy, cookie) },
            Stage::Choosing => {
                let ticket = ticket_of(entropy, cookie);
                let handle = ticket_handle(&entropy.digest(ticket.text().as_bytes()));
                Onward::Choose { ticket, handle }
            }
        };
        Ok(Some(onward))
    }

    /// Returns the return URL with the word of an end.
    pub fn ended(&self, end: End) -> Result<Url> {
        return_to(&self.return_url, &[("error", end.as_str())])
    }
}

/// Derives the ticket that belongs to a browser's cookie: a callback that is opened again leads to the same list.
pub fn ticket_of(entropy: &dyn Entropy, cookie: &str) -> Confidential {
    Confidential::new(derived_text(entropy, cookie, "ticket"))
}

/// Derives the token of the connect page that asks again after a permission was left out: a callback that is opened again
/// leads to the same page.
pub fn asking_token(entropy: &dyn Entropy, cookie: &str) -> Confidential {
    Confidential::new(derived_text(entropy, cookie, "asking"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counting;

    fn way(stage: Stage) -> WayBack {
        WayBack {
            return_url: "https://shop.example/back?x=1".to_owned(),
            cookie: Some(Counting::default().digest(b"cookie")),
            stage,
            until: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(10),
        }
    }

    fn lead(stage: Stage, cookie: &str, minutes: i64) -> Option<Onward> {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        way(stage).leads(&Counting::default(), cookie, now).unwrap()
    }

    #[test]
    fn stages_come_back_from_their_texts() {
        let id: ConnectionId = ConnectionId::from_uuid(uuid::Uuid::from_u128(7));
        let departed = Stage::Departed(Digest([9; 32]));
        let mut stages =
            vec![Stage::Open, departed, Stage::Arriving, Stage::Choosing, Stage::Asking, Stage::Again(id)];
        stages.extend(End::ALL.map(Stage::Ended));
        for stage in stages {
            assert_eq!(Stage::parse(&stage.to_text()), Some(stage));
        }
        assert_eq!(Stage::parse("ended#nonsense"), None);
    }

    #[test]
    fn a_way_leads_its_own_browser_only() {
        assert!(lead(Stage::Choosing, "another", 1).is_none() && lead(Stage::Choosing, "", 1).is_none());
        let strange = WayBack { cookie: None, ..way(Stage::Ended(End::Declined)) };
        assert!(strange.leads(&Counting::default(), "", Timestamp::UNIX_EPOCH).unwrap().is_none());
        assert!(matches!(lead(Stage::Choosing, "cookie", 1), Some(Onward::Choose { .. })));
    }

    #[test]
    fn whoever_comes_late_is_told_so_and_whoever_comes_meanwhile_waits() {
        for (stage, minutes, word) in [
            (Stage::Open, 11, "expired"),
            (Stage::Arriving, 11, "failed"),
            (Stage::Ended(End::ScopeMissing), 1, "scope_missing"),
        ] {
            let Some(Onward::Back(url)) = lead(stage, "cookie", minutes) else { panic!("{word}") };
            assert_eq!(url.as_str(), format!("https://shop.example/back?x=1&error={word}"));
        }
        assert!(matches!(lead(Stage::Arriving, "cookie", 9), Some(Onward::Wait)));
    }
}
