//! The schemas of words and small forms. Each list of words is the domain's own, so that a new word is described by
//! itself; a field names its list by `#[schemars(with = "…")]`.

use std::borrow::Cow;

use mooring_domain::base::table::Table;
use mooring_domain::connect::connection::State;
use mooring_domain::deletion::ledger::{Reason as Grounds, Step};
use mooring_domain::people::caller::Scope as Right;
use mooring_domain::platform::capabilities::RevokeOutcome as Revoked;
use mooring_domain::platform::figures::Level as Tier;
use mooring_domain::platform::titles;
use mooring_domain::report::ops::query_report::{Column, GroupBy as Grouping};
use mooring_domain::sync::completeness::{DayStatus as Status, Reason as Cause};
use mooring_domain::sync::ending::Wait;
use mooring_domain::sync::trouble::Trouble;
use mooring_domain::sync::view::Phase;
use mooring_domain::webhook::delivery::{DeliveryState as Progress, Failure};
use mooring_domain::webhook::endpoint::DisableReason as Switched;
use mooring_domain::webhook::event::EventType;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Declares types whose schema is a component with a name and a list of words.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident = $words:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let words: Vec<Cow<'static, str>> = $words.into_iter().map(Into::into).collect();
                let description = [$($doc),+].concat().trim().to_owned();
                json_schema!({ "type": "string", "enum": words, "description": description })
            }
        }
    )+};
}

/// Declares types whose schema stands in place, without a name.
macro_rules! forms {
    ($($(#[doc = $doc:literal])+ $name:ident = $form:tt;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($form)
            }
        }
    )+};
}

words! {
    /// The word of a platform.
    Platform = titles::words();
    /// The state of a connection.
    ConnectionState = State::ALL.map(State::as_str);
    /// The state of an account: its connection's, or `purging` while only this account is being deleted.
    AccountState = State::ALL.map(State::as_str);
    /// The state of a deletion: `purging` until everything was counted at zero, then `deleted`.
    DeletionState = ["purging", "deleted"];
    /// The subject of a deletion.
    DeletionSubjectKind = ["connection", "account", "tenant"];
    /// The reason for a deletion.
    DeletionReason = Grounds::all().map(Grounds::as_str);
    /// A step of a deletion, in the order in which they happen.
    DeletionStep = Step::all().map(Step::as_str);
    /// The outcome of asking the platform to end the grant. With `impossible` and `unreachable` the person may have to
    /// end it in the platform's own settings.
    RevokeOutcome = Revoked::ALL.map(Revoked::as_str);
    /// A table of Mooring.
    TableName = Table::ALL.map(Table::as_str);
    /// A right of a credential.
    Scope = Right::ALL.map(Right::as_str);
    /// A right that a frontend token may have.
    BrowserScope = Right::ALL.into_iter().filter(|scope| scope.fits_a_browser()).map(Right::as_str);
    /// The state of an account's syncs. `waiting`: the first is on its way. `backfilling`: the newest days are here, and
    /// older ones are still being read. `current`: the last sync ended well. `retrying`: the last try failed, and Mooring tries
    /// again within minutes. `failing`: a sync gave up; the next one comes by itself. `late`: no sync has ended for two
    /// periods. `stopped`: no sync comes, because the person has to connect again or the account is being deleted.
    SyncState = Phase::ALL.map(Phase::as_str);
    /// The reason for which syncs of an account fail. `rate_limited`, `platform_outage`: nobody has to do anything.
    /// `platform_changed`: Mooring's developers have to act. `needs_reauth`: the platform refused the token; the
    /// connection's state says whether the person has to connect again. `no_permission`: the person has to connect
    /// again with more permissions. `setup`: the operator of the product's app at the platform has to act.
    SyncErrorCode = Trouble::ALL.map(Trouble::as_str);
    /// The wait that a sync ended: for the `first` figures, for the `backfill` of older days, for a sync that your product
    /// `requested`, or for the first success after a failure (`recovered`).
    SyncWait = Wait::ALL.map(Wait::as_str);
    /// A level of figures.
    Level = Tier::ALL.map(Tier::as_str);
    /// A metric: a sum, or a ratio of two sums.
    Metric = Column::all().into_iter().map(Column::as_str);
    /// The grouping of rows.
    GroupBy = Grouping::WORDS;
    /// The order of rows: by day, by entity, or by a metric; with `-` before it descending.
    ReportOrder = orders();
    /// The completeness of a day. `partial` and `failed` have a reason; `not_fetched` is a day that no sync has reached
    /// yet.
    DayStatus = Status::WORDS.into_iter().chain([NOT_FETCHED]);
    /// Why a day is `partial` or `failed`.
    DayReason = Cause::all().map(Cause::as_str);
    /// The type of an event.
    WebhookEventType = EventType::ALL.map(EventType::as_str);
    /// A type of event that an endpoint can choose. Others are sent without being chosen.
    ChosenEventType = EventType::ALL.into_iter().filter(|kind| *kind != EventType::Test).map(EventType::as_str);
    /// The state of a delivery.
    DeliveryState = Progress::ALL.map(Progress::as_str);
    /// Why an attempt failed.
    DeliveryFailure = Failure::all().map(Failure::as_str);
    /// Why no events are sent to an endpoint: `requested` by you, `gone` (it answered 410), or
    /// `failing` (5 days without one success).
    DisableReason = Switched::ALL.map(Switched::as_str);
}

forms! {
    /// A day without a time.
    Day = { "type": "string", "format": "date" };
    /// An absolute address.
    Address = { "type": "string", "format": "uri" };
    /// A currency by ISO 4217.
    CurrencyCode = { "type": "string", "pattern": "^[A-Z]{3}$" };
}

/// The word of a day that no sync has reached yet. The store has no record of such a day.
pub const NOT_FETCHED: &str = "not_fetched";

fn orders() -> Vec<String> {
    let keys = ["day", "entity"].into_iter().chain(Column::all().into_iter().map(Column::as_str));
    keys.flat_map(|key| [key.to_owned(), format!("-{key}")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_domains_and_stand_under_their_name() {
        let schema = SchemaGenerator::default().into_root_schema_for::<BrowserScope>();
        let words = schema.get("enum").and_then(|words| words.as_array()).unwrap();
        assert!(words.contains(&"reports.read".into()) && !words.contains(&"tokens.mint".into()));
        assert_eq!(schema.get("description").unwrap(), "A right that a frontend token may have.");
    }

    #[test]
    fn an_order_is_a_key_with_its_direction() {
        assert!(orders().contains(&"-roas".to_owned()) && orders().contains(&"day".to_owned()));
    }
}
