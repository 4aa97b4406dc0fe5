//! Writes and reads the short-lived rows of the connect flow as items.

use mooring_domain::Result;
use mooring_domain::base::secret::{Digest, Fingerprint};
use mooring_domain::connect::session::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession};
use mooring_domain::connect::way::{KEPT, Stage, WayBack};
use mooring_domain::deletion::link::DeletionLink;

use crate::client::item::{Draft, EXPIRES_AT, Fields, Item, flag, seconds, text, texts, time};
use crate::client::key::{home, parse_home};

/// The attribute of the instant until which a row is valid, when the row is kept longer.
const UNTIL: &str = "until";

/// The attribute of the choice that was made with a ticket.
pub(crate) const CHOICE: &str = "choice";

/// The attribute that a ticket gets when its choice has been carried out.
pub(crate) const DONE: &str = "done";

/// Writes a connect session.
pub(crate) fn write_session(session: &ConnectSession) -> Draft {
    Draft::default()
        .text("tenant", session.tenant.as_str())
        .text("end_user", session.end_user.as_str())
        .text("platform", session.platform.as_str())
        .text("return_url", session.return_url.as_str())
        .maybe("reauthorise", session.reauthorise.as_ref().map(|id| text(id.as_str())))
        .maybe("mail", session.mail.as_ref().map(|mail| text(mail.0.as_str())))
        .maybe("locale", session.locale.as_ref().map(|locale| text(locale.as_str())))
        .maybe("left_out", (!session.left_out.is_empty()).then(|| texts(session.left_out.iter())))
        .expiring(session.expires_at)
}

/// Reads a connect session.
pub(crate) fn read_session(item: &Item) -> Result<ConnectSession> {
    session(Fields::of("connect session", item))
}

fn session(fields: Fields<'_>) -> Result<ConnectSession> {
    Ok(ConnectSession {
        tenant: fields.parsed("tenant")?,
        end_user: fields.parsed("end_user")?,
        platform: fields.text("platform")?.to_owned(),
        return_url: fields.text("return_url")?.to_owned(),
        reauthorise: fields.maybe_parsed("reauthorise")?,
        mail: fields.maybe_text("mail")?.map(|mail| Fingerprint(mail.to_owned())),
        locale: fields.maybe_parsed("locale")?,
        left_out: fields.maybe_texts("left_out")?,
        expires_at: fields.seconds(EXPIRES_AT)?,
    })
}

/// Writes an OAuth transaction.
pub(crate) fn write_transaction(transaction: &AuthTransaction) -> Draft {
    let session = write_session(&transaction.session).done();
    Draft::default()
        .with("session", aws_sdk_dynamodb::types::AttributeValue::M(session))
        .text("context", transaction.context.as_str())
        .text("redirect_uri", transaction.redirect_uri.as_str())
        .with("scopes", texts(transaction.scopes.iter()))
        .text("cookie", transaction.cookie.to_hex())
        .expiring(transaction.expires_at)
}

/// Reads an OAuth transaction.
pub(crate) fn read_transaction(item: &Item) -> Result<AuthTransaction> {
    let fields = Fields::of("authorisation", item);
    Ok(AuthTransaction {
        session: session(fields.map("session")?)?,
        context: fields.text("context")?.to_owned(),
        redirect_uri: fields.text("redirect_uri")?.to_owned(),
        scopes: fields.texts("scopes")?,
        cookie: fields.word("cookie", Digest::from_hex)?,
        expires_at: fields.seconds(EXPIRES_AT)?,
    })
}

/// Writes a way back.
pub(crate) fn write_way(way: &WayBack) -> Draft {
    Draft::default()
        .text("return_url", way.return_url.as_str())
        .maybe("cookie", way.cookie.map(|cookie| text(cookie.to_hex())))
        .text("stage", way.stage.to_text())
        .with(UNTIL, seconds(way.until))
        .expiring(way.until + KEPT)
}

/// Reads a way back.
pub(crate) fn read_way(item: &Item) -> Result<WayBack> {
    let fields = Fields::of("way back", item);
    Ok(WayBack {
        return_url: fields.text("return_url")?.to_owned(),
        cookie: fields.maybe_word("cookie", Digest::from_hex)?,
        stage: fields.word("stage", Stage::parse)?,
        until: fields.seconds(UNTIL)?,
    })
}

/// Writes a confirm ticket.
pub(crate) fn write_ticket(ticket: &ConfirmTicket) -> Draft {
    Draft::default()
        .text("tenant", ticket.tenant.as_str())
        .text("connection", ticket.connection.as_str())
        .text("end_user", ticket.end_user.as_str())
        .text("return_url", ticket.return_url.as_str())
        .maybe("locale", ticket.locale.as_ref().map(|locale| text(locale.as_str())))
        .maybe(CHOICE, ticket.choice.map(|choice| text(choice.to_hex())))
        .maybe(DONE, ticket.done.then(|| flag(true)))
        .with(UNTIL, seconds(ticket.expires_at))
        .expiring(ticket.expires_at + KEPT)
}

/// Reads a confirm ticket.
pub(crate) fn read_ticket(item: &Item) -> Result<ConfirmTicket> {
    let fields = Fields::of("ticket", item);
    Ok(ConfirmTicket {
        tenant: fields.parsed("tenant")?,
        connection: fields.parsed("connection")?,
        end_user: fields.parsed("end_user")?,
        return_url: fields.text("return_url")?.to_owned(),
        locale: fields.maybe_parsed("locale")?,
        choice: fields.maybe_word(CHOICE, Digest::from_hex)?,
        done: item.contains_key(DONE),
        expires_at: fields.seconds(UNTIL)?,
    })
}

/// Writes an activation code.
pub(crate) fn write_code(code: &ActivationCode) -> Draft {
    Draft::default()
        .text("tenant", code.tenant.as_str())
        .text("connection", code.connection.as_str())
        .text("end_user", code.end_user.as_str())
        .expiring(code.expires_at)
}

/// Reads an activation code.
pub(crate) fn read_code(item: &Item) -> Result<ActivationCode> {
    let fields = Fields::of("activation code", item);
    Ok(ActivationCode {
        tenant: fields.parsed("tenant")?,
        connection: fields.parsed("connection")?,
        end_user: fields.parsed("end_user")?,
        expires_at: fields.seconds(EXPIRES_AT)?,
    })
}

/// Writes a mailed deletion link.
pub(crate) fn write_link(link: &DeletionLink) -> Draft {
    let connections = link.connections.iter().map(|(tenant, connection)| home(tenant, connection));
    Draft::default()
        .with("connections", texts(connections))
        .text("mail", link.mail.0.as_str())
        .with("made_at", time(link.made_at))
        .expiring(link.expires_at)
}

/// Reads a mailed deletion link.
pub(crate) fn read_link(item: &Item) -> Result<DeletionLink> {
    let fields = Fields::of("deletion link", item);
    let connections = fields.words("connections", parse_home)?;
    Ok(DeletionLink {
        connections,
        mail: Fingerprint(fields.text("mail")?.to_owned()),
        made_at: fields.parsed("made_at")?,
        expires_at: fields.seconds(EXPIRES_AT)?,
    })
}
