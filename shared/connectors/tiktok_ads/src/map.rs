//! Maps TikTok's words to the domain's types. Pure.

use mooring_domain::base::window::Window;
use mooring_domain::platform::account::{Described, PlatformAccount, UnusableAccount};
use mooring_domain::platform::capabilities::RowPage;
use mooring_domain::platform::figures::{Entity, Metric, Row, Values};
use mooring_kit::lenient::Text;

use crate::rows::Rows;
use crate::wire;

/// Maps an account, or returns why it cannot be used. The account's days are those of the zone that TikTok shows.
pub(crate) fn account(wire: &wire::Advertiser, listed: &str) -> Result<PlatformAccount, UnusableAccount> {
    // TikTok's `timezone` may be a fixed offset that ignores summer time, so it is only the second choice.
    let zones = [wire.display_timezone.as_deref(), wire.timezone.as_deref()];
    let (external_id, currency) = (wire.advertiser_id.0.as_str(), wire.currency.as_deref());
    let name = wire.name.as_deref().unwrap_or(listed);
    Described { external_id, name, currency, zones: &zones }.account()
}

impl From<wire::Campaign> for Entity {
    fn from(wire: wire::Campaign) -> Self {
        entity(
            wire.campaign_id,
            String::new(),
            wire.campaign_name,
            wire.secondary_status.0.or(wire.operation_status.0),
        )
    }
}

impl From<wire::AdGroup> for Entity {
    fn from(wire: wire::AdGroup) -> Self {
        entity(
            wire.adgroup_id,
            wire.campaign_id.0,
            wire.adgroup_name,
            wire.secondary_status.0.or(wire.operation_status.0),
        )
    }
}

impl From<wire::Ad> for Entity {
    fn from(wire: wire::Ad) -> Self {
        entity(
            wire.ad_id,
            wire.adgroup_id.0,
            wire.ad_name,
            wire.secondary_status.0.or(wire.operation_status.0),
        )
    }
}

fn entity(id: wire::Id, parent: String, name: Text, status: Option<String>) -> Entity {
    Entity { id: id.0, parent, name: name.0.unwrap_or_default(), status: status.unwrap_or_default() }
}

/// Maps the rows of a page. A row of a day that was not asked for is odd, because it may stand for a day that was.
pub(crate) fn rows(rows: Rows, window: Window) -> RowPage {
    let mut page = RowPage { odd: rows.odd, ..RowPage::default() };
    page.rows.reserve(rows.read.len());
    for wire::ReportRow { dimensions, metrics } in rows.read {
        let day = dimensions.stat_time_day.0;
        if (window.from..=window.to).contains(&day) {
            page.rows.push(Row { entity: dimensions.id.0, day, values: values(&metrics) });
        } else {
            page.odd.push(None);
        }
    }
    page
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

    fn advertiser(rest: &str) -> Result<PlatformAccount, UnusableAccount> {
        let json = format!(r#"{{"advertiser_id":"7",{rest}}}"#);
        account(&serde_json::from_str(&json).unwrap(), "listed")
    }

    #[test]
    fn an_account_has_days_in_the_zone_that_the_platform_shows() {
        let shown = advertiser(
            r#""name":"Café","currency":"EUR","display_timezone":"Europe/Berlin","timezone":"Etc/GMT-1""#,
        );
        let shown = shown.unwrap();
        assert_eq!((shown.zone.as_str(), shown.currency.as_str()), ("Europe/Berlin", "EUR"));
        let offset = advertiser(r#""currency":"EUR","display_timezone":null,"timezone":"Etc/GMT-1""#);
        let offset = offset.unwrap();
        assert_eq!((offset.zone.as_str(), offset.name.as_str()), ("Etc/GMT-1", "listed"));
    }

    #[test]
    fn what_a_platform_leaves_out_or_gets_wrong_is_a_reason_of_its_own() {
        let berlin = r#""display_timezone":"Europe/Berlin""#;
        for (currency, seen) in [
            ("null", Err("no_currency")),
            (r#""""#, Err("no_currency")),
            (r#""usd""#, Ok("USD")),
            (r#""USDT""#, Err("unknown_currency")),
            ("840", Err("unknown_currency")),
        ] {
            let account = advertiser(&format!(r#""currency":{currency},"name":[1],{berlin}"#));
            let currency = account.as_ref().map(|account| account.currency.as_str());
            assert_eq!(currency.map_err(|account| account.reason.as_str()), seen);
        }
        for (zone, seen) in [
            ("null", Err("no_zone")),
            (r#""""#, Err("no_zone")),
            (r#""GMT+8""#, Ok("Etc/GMT-8")),
            (r#""+08:00""#, Ok("Etc/GMT-8")),
            (r#""Asia/Beijing""#, Ok("Asia/Shanghai")),
            (r#""Mars/Olympus""#, Err("unknown_zone")),
        ] {
            let account = advertiser(&format!(r#""currency":"EUR","display_timezone":{zone}"#));
            let zone = account.as_ref().map(|account| account.zone.as_str());
            assert_eq!(zone.map_err(|account| account.reason.as_str()), seen);
        }
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
        let body = br#"{"code":0,"data":{"list":[{
            "dimensions":{"ad_id":"1700000000000000001","stat_time_day":"2026-03-02 00:00:00"},
            "metrics":{"spend":"12.34","impressions":"1000","clicks":"0","conversion":"-"}}]}}"#;
        let page = |from, to| {
            let window = Window { from: date(2026, 3, from), to: date(2026, 3, to) };
            super::rows(crate::rows::read(body).unwrap(), window)
        };
        let read = page(1, 2);
        let row = &read.rows[0];
        assert_eq!(row.values, Values([Some(12_340_000), Some(1000), Some(0), None, None]));
        assert_eq!((row.entity.as_str(), row.day), ("1700000000000000001", date(2026, 3, 2)));
        let other = page(3, 4);
        assert_eq!((other.rows.len(), other.odd), (0, vec![None]));
    }
}
