//! Reads and checks a report's parameters; every refusal is 40002 and names the wrong parameter.

use serde::Deserialize;

use super::metrics::{self, Metric};
use crate::clock::{Day, Moment, day_of};
use crate::tiktok::call::{Call, Page};
use crate::tiktok::envelope::ApiError;
use crate::tiktok::world::life::PRIMARY;
use crate::tiktok::world::{Advertiser, FIRST_DAY, Level};

const MAX_DAYS_BY_DAY: Day = 30;
const MAX_DAYS: Day = 365;
const LEVELS: [(&str, Level); 4] = [
    ("AUCTION_ADVERTISER", Level::Advertiser),
    ("AUCTION_CAMPAIGN", Level::Campaign),
    ("AUCTION_ADGROUP", Level::AdGroup),
    ("AUCTION_AD", Level::Ad),
];

/// A checked report request.
pub(super) struct Query<'a> {
    pub(super) advertiser: &'a Advertiser,
    pub(super) moment: Moment,
    pub(super) level: Level,
    pub(super) by_day: bool,
    pub(super) first: Day,
    pub(super) last: Day,
    pub(super) metrics: Vec<&'static Metric>,
    pub(super) filters: Vec<Filter>,
    pub(super) order: Option<(&'static Metric, bool)>,
    pub(super) page: Page,
    pub(super) totals: bool,
}

/// One condition on the rows, at its own level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) level: Level,
    pub(super) on: On,
    pub(super) values: Vec<String>,
}

/// The property that a condition reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Id,
    Status,
}

impl<'a> Query<'a> {
    pub(super) fn read(call: &'a Call<'_>) -> Result<Self, ApiError> {
        let advertiser = call.advertiser()?;
        let moment = call.moment(advertiser);
        only("report_type", call.required("report_type")?, "BASIC")?;
        only("service_type", call.text("service_type").unwrap_or("AUCTION"), "AUCTION")?;
        let level = level(call)?;
        let by_day = by_day(call, level)?;
        let (first, last) = span(call, by_day, moment)?;
        let names: Vec<String> = call.json("metrics")?.unwrap_or_else(default_metrics);
        Ok(Self {
            advertiser,
            moment,
            level,
            by_day,
            first,
            last,
            metrics: metrics::find_all(&names, level, by_day)?,
            filters: filters(call, level)?,
            order: order(call, level, by_day)?,
            page: call.page()?,
            totals: call.flag("enable_total_metrics")?,
        })
    }
}

/// Returns the id dimension that belongs to a level.
pub(super) fn id_dimension(level: Level) -> &'static str {
    match level {
        Level::Advertiser => "advertiser_id",
        Level::Campaign => "campaign_id",
        Level::AdGroup => "adgroup_id",
        Level::Ad => "ad_id",
    }
}

/// Parses a date parameter.
pub(super) fn date(name: &str, text: &str) -> Result<Day, ApiError> {
    let parsed = text.parse().ok().filter(|_| text.len() == 10);
    parsed.map(day_of).ok_or_else(|| ApiError::invalid(format!("{name}: Not a valid date, use YYYY-MM-DD.")))
}

fn default_metrics() -> Vec<String> {
    vec!["spend".to_owned(), "impressions".to_owned()]
}

fn only(name: &str, given: &str, played: &str) -> Result<(), ApiError> {
    if given == played {
        return Ok(());
    }
    Err(ApiError::invalid(format!("{name}: {given} is not supported here.")))
}

fn level(call: &Call<'_>) -> Result<Level, ApiError> {
    let given = call.required("data_level")?;
    let found = LEVELS.iter().find(|(name, _)| *name == given);
    found
        .map(|(_, level)| *level)
        .ok_or_else(|| ApiError::invalid(format!("data_level: Invalid value {given}.")))
}

/// Checks the dimensions: the level's id, and a day if wanted.
fn by_day(call: &Call<'_>, level: Level) -> Result<bool, ApiError> {
    let dimensions: Vec<String> = call.required_json("dimensions")?;
    let wrong: Vec<_> =
        dimensions.iter().filter(|name| *name != id_dimension(level) && *name != "stat_time_day").collect();
    if !wrong.is_empty() {
        return Err(ApiError::invalid(format!("Invalid dimension fields: {wrong:?}")));
    }
    if !dimensions.iter().any(|name| name == id_dimension(level)) {
        return Err(ApiError::invalid(format!("dimensions: {} is required.", id_dimension(level))));
    }
    Ok(dimensions.iter().any(|name| name == "stat_time_day"))
}

/// Reads the days, inclusive at both ends, in the account's zone.
fn span(call: &Call<'_>, by_day: bool, moment: Moment) -> Result<(Day, Day), ApiError> {
    if call.flag("query_lifetime")? {
        if by_day {
            return Err(ApiError::invalid("query_lifetime: Time dimensions are not supported."));
        }
        return Ok((FIRST_DAY, moment.today));
    }
    let first = date("start_date", call.required("start_date")?)?;
    let last = date("end_date", call.required("end_date")?)?;
    if last < first {
        return Err(ApiError::invalid("end_date: Must not be before start_date."));
    }
    let limit = if by_day { MAX_DAYS_BY_DAY } else { MAX_DAYS };
    if last - first >= limit {
        return Err(ApiError::invalid(format!("end_date: The time span must not exceed {limit} days.")));
    }
    Ok((first, last))
}

fn order(call: &Call<'_>, level: Level, by_day: bool) -> Result<Option<(&'static Metric, bool)>, ApiError> {
    let descending = match call.text("order_type").unwrap_or("DESC") {
        "DESC" => true,
        "ASC" => false,
        other => return Err(ApiError::invalid(format!("order_type: Invalid value {other}."))),
    };
    let Some(field) = call.text("order_field") else { return Ok(None) };
    let metric = metrics::find_all(&[field.to_owned()], level, by_day)?;
    Ok(metric.first().map(|metric| (*metric, descending)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFilter {
    field_name: String,
    filter_type: String,
    filter_value: String,
}

/// Reads the conditions; without a condition on the level's own status, deleted objects are hidden.
fn filters(call: &Call<'_>, level: Level) -> Result<Vec<Filter>, ApiError> {
    let raw: Vec<RawFilter> = call.json("filtering")?.unwrap_or_default();
    let mut filters = raw.iter().map(|raw| filter(raw, level)).collect::<Result<Vec<_>, _>>()?;
    if !filters.iter().any(|filter| filter.on == On::Status && filter.level == level) {
        filters.push(Filter { level, on: On::Status, values: vec!["STATUS_NOT_DELETE".to_owned()] });
    }
    Ok(filters)
}

fn filter(raw: &RawFilter, level: Level) -> Result<Filter, ApiError> {
    let invalid =
        |what: &str| ApiError::invalid(format!("filtering: Invalid {what} for {}.", raw.field_name));
    let (of, on) = match raw.field_name.as_str() {
        "campaign_ids" => (Level::Campaign, On::Id),
        "adgroup_ids" => (Level::AdGroup, On::Id),
        "ad_ids" => (Level::Ad, On::Id),
        "campaign_status" => (Level::Campaign, On::Status),
        "adgroup_status" => (Level::AdGroup, On::Status),
        "ad_status" => (Level::Ad, On::Status),
        _ => return Err(invalid("field_name")),
    };
    if of > level {
        return Err(invalid("level"));
    }
    if raw.filter_type != "IN" {
        return Err(invalid("filter_type"));
    }
    let values: Vec<String> = serde_json::from_str(&raw.filter_value).map_err(|_| invalid("filter_value"))?;
    if on == On::Status && values.iter().any(|value| !PRIMARY.contains(&value.as_str())) {
        return Err(invalid("filter_value"));
    }
    Ok(Filter { level: of, on, values })
}
