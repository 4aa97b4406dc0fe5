//! From the platform's words to ours. Pure.

use jiff::tz::TimeZone;
use mooring_domain::Result;
use mooring_domain::account::PlatformAccount;
use mooring_domain::report::{Entity, Metric, Row, Values};
use mooring_domain::sync::Window;
use mooring_kit::parse;

use crate::wire;

/// Describes an account; its days are those of the zone that the platform shows.
pub(crate) fn account(wire: wire::Advertiser) -> Result<PlatformAccount> {
    let currency = wire.currency.parse().map_err(|_| parse::changed("data.list[?].currency"))?;
    // `timezone` may be a fixed offset that ignores summer time, so it is only the second choice.
    let zones = [wire.display_timezone, wire.timezone];
    let zone = zones.into_iter().flatten().find(|zone| TimeZone::get(zone).is_ok());
    Ok(PlatformAccount {
        external_id: wire.advertiser_id.0,
        name: wire.name.unwrap_or_default(),
        currency,
        zone: zone.ok_or_else(|| parse::changed("data.list[?].display_timezone"))?,
    })
}

impl From<wire::Campaign> for Entity {
    fn from(wire: wire::Campaign) -> Self {
        entity(
            wire.campaign_id,
            String::new(),
            wire.campaign_name,
            wire.secondary_status.or(wire.operation_status),
        )
    }
}

impl From<wire::AdGroup> for Entity {
    fn from(wire: wire::AdGroup) -> Self {
        entity(
            wire.adgroup_id,
            wire.campaign_id.0,
            wire.adgroup_name,
            wire.secondary_status.or(wire.operation_status),
        )
    }
}

impl From<wire::Ad> for Entity {
    fn from(wire: wire::Ad) -> Self {
        entity(wire.ad_id, wire.adgroup_id.0, wire.ad_name, wire.secondary_status.or(wire.operation_status))
    }
}

fn entity(id: wire::Id, parent: String, name: Option<String>, status: Option<String>) -> Entity {
    Entity { id: id.0, parent, name: name.unwrap_or_default(), status: status.unwrap_or_default() }
}

/// Reads a row; a day that was not asked for is refused, because it would overwrite one that was.
pub(crate) fn row(wire: wire::ReportRow, window: Window) -> Result<Row> {
    let day = wire.dimensions.stat_time_day.0;
    if day < window.from || day > window.to {
        return Err(parse::changed("data.list[?].dimensions.stat_time_day"));
    }
    Ok(Row { entity: wire.dimensions.id.0, day, values: values(&wire.metrics) })
}

fn values(metrics: &wire::Metrics) -> Values {
    let mut values = Values::default();
    values.set(Metric::Spend, metrics.spend.0);
    values.set(Metric::Impressions, metrics.impressions.0);
    values.set(Metric::Clicks, metrics.clicks.0);
    values.set(Metric::Conversions, metrics.conversion.0);
    values.set(Metric::ConversionValue, metrics.total_complete_payment_rate.0);
    values
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn advertiser(json: &str) -> Result<PlatformAccount> {
        account(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn an_account_has_days_in_the_zone_that_the_platform_shows() {
        let shown = advertiser(
            r#"{"advertiser_id":"7","name":"Café","currency":"EUR","display_timezone":"Europe/Berlin","timezone":"Etc/GMT-1"}"#,
        )
        .unwrap();
        assert_eq!((shown.zone.as_str(), shown.currency.as_str()), ("Europe/Berlin", "EUR"));
        let offset = advertiser(
            r#"{"advertiser_id":"7","currency":"EUR","display_timezone":null,"timezone":"Etc/GMT-1"}"#,
        );
        assert_eq!(offset.unwrap().zone, "Etc/GMT-1");
        let neither =
            advertiser(r#"{"advertiser_id":"7","currency":"EUR","display_timezone":"Mars/Olympus"}"#);
        assert_eq!(neither.unwrap_err().code, "answer_changed");
        assert!(advertiser(r#"{"advertiser_id":"7","currency":"€","timezone":"Etc/GMT"}"#).is_err());
    }

    #[test]
    fn an_unknown_status_stays_the_platforms_word() {
        let ad: wire::Ad = serde_json::from_str(
            r#"{"ad_id":"3","adgroup_id":"2","ad_name":null,"secondary_status":"AD_STATUS_ON_THE_MOON","new":{"a":1}}"#,
        )
        .unwrap();
        let entity = Entity::from(ad);
        assert_eq!((entity.id.as_str(), entity.parent.as_str()), ("3", "2"));
        assert_eq!((entity.name.as_str(), entity.status.as_str()), ("", "AD_STATUS_ON_THE_MOON"));
    }

    #[test]
    fn a_row_holds_what_was_reported_and_only_days_that_were_asked_for() {
        let json = r#"{"dimensions":{"ad_id":"1700000000000000001","stat_time_day":"2026-03-02 00:00:00"},
            "metrics":{"spend":"12.34","impressions":"1000","clicks":"0","conversion":"-"}}"#;
        let window = |from, to| Window { from: date(2026, 3, from), to: date(2026, 3, to) };
        let row = |window| row(serde_json::from_str(json).unwrap(), window);
        let read = row(window(1, 2)).unwrap();
        assert_eq!(read.values, Values([Some(12_340_000), Some(1000), Some(0), None, None]));
        assert_eq!((read.entity.as_str(), read.day), ("1700000000000000001", date(2026, 3, 2)));
        assert!(row(window(3, 4)).is_err());
    }
}
