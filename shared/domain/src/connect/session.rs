//! The short-lived rows of the connect flow: session, OAuth transaction, ticket, code.

use jiff::Timestamp;

use crate::base::ids::{ConnectionId, EndUser, TenantId};
use crate::base::locale::Locale;
use crate::base::secret::{Digest, Fingerprint};

/// How long a connect session waits for the person.
pub const SESSION_MINUTES: i64 = 30;

/// How long a person may take at the platform (security design, 1.2).
pub const TRANSACTION_MINUTES: i64 = 10;

/// How long a browser keeps the cookie that binds a transaction to the browser. This is somewhat longer than the
/// transaction, so that a person who comes late or twice is recognised.
pub const BROWSER_MINUTES: i64 = 60;

/// How long a pending connection waits for confirmation and activation.
pub const PENDING_MINUTES: i64 = 15;

/// The minutes after which the access of a connection that nobody took up has ended, as people are told. The sweeper
/// that starts the deletion runs every five minutes, and may miss a turn.
pub const ABANDONED_MINUTES: i64 = PENDING_MINUTES + 15;

/// A connect session: what the product asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectSession {
    /// The tenant that the session belongs to.
    pub tenant: TenantId,
    /// The end user who may connect.
    pub end_user: EndUser,
    /// The platform to connect.
    pub platform: String,
    /// The registered URL to return to.
    pub return_url: String,
    /// The live connection to authorise again; `None` for a new connection.
    pub reauthorise: Option<ConnectionId>,
    /// The fingerprint of the person's e-mail address, if the product gave one.
    pub mail: Option<Fingerprint>,
    /// The language in which the product speaks to the person, if the product said it.
    pub locale: Option<Locale>,
    /// The needed scopes that the person left out at the platform a moment ago: the page names them and asks again.
    pub left_out: Vec<String>,
    /// When the session stops working.
    pub expires_at: Timestamp,
}

/// An OAuth transaction (AUTHTXN): Mooring finds it by the hash of `state`, and uses it up first at the callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthTransaction {
    /// The session of the product that started the flow.
    pub session: ConnectSession,
    /// The callback context in the redirect URI.
    pub context: String,
    /// The exact redirect URI that went to the platform.
    pub redirect_uri: String,
    /// The scopes that were asked for.
    pub scopes: Vec<String>,
    /// SHA-256 of the browser-binding cookie.
    pub cookie: Digest,
    /// When the transaction stops working.
    pub expires_at: Timestamp,
}

/// A ticket: lets the same browser that came back from the platform choose accounts, once. The ticket stays after the
/// choice, so that the same browser can go on when it sends the same choice again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmTicket {
    /// The tenant that the ticket belongs to.
    pub tenant: TenantId,
    /// The pending connection.
    pub connection: ConnectionId,
    /// The end user who connects.
    pub end_user: EndUser,
    /// The registered URL to return to.
    pub return_url: String,
    /// The language of the session.
    pub locale: Option<Locale>,
    /// The digest of the choice that was made with the ticket. Once there is one, no other choice counts.
    pub choice: Option<Digest>,
    /// True once the choice was carried out.
    pub done: bool,
    /// When the ticket stops working.
    pub expires_at: Timestamp,
}

/// A one-time code that the product redeems with the same end user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationCode {
    /// The tenant that the code belongs to.
    pub tenant: TenantId,
    /// The pending connection.
    pub connection: ConnectionId,
    /// The end user who connected.
    pub end_user: EndUser,
    /// When the code stops working.
    pub expires_at: Timestamp,
}
