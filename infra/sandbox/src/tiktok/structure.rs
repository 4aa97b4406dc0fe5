//! Campaigns, ad groups and ads as lists: filters, paging, chosen fields.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::envelope::{ApiError, ApiResult};
use super::objects;
use super::world::life::{PRIMARY, prefix};
use super::world::{Advertiser, Level};
use crate::clock::{Day, day_of};

const MAX_FILTER_IDS: usize = 100;

/// Answers GET `campaign/get/`.
pub(crate) fn campaigns(call: &Call<'_>) -> ApiResult {
    list(call, Level::Campaign)
}

/// Answers GET `adgroup/get/`.
pub(crate) fn adgroups(call: &Call<'_>) -> ApiResult {
    list(call, Level::AdGroup)
}

/// Answers GET `ad/get/`.
pub(crate) fn ads(call: &Call<'_>) -> ApiResult {
    list(call, Level::Ad)
}

fn list(call: &Call<'_>, level: Level) -> ApiResult {
    let advertiser = call.advertiser()?;
    let page = call.page()?;
    let fields: Option<Vec<String>> = call.json("fields")?;
    let filter = Filter::read(call, level)?;
    let today = call.moment(advertiser).today;
    let found: Vec<_> =
        (0..advertiser.count(level)).filter(|index| filter.keeps(advertiser, level, *index, today)).collect();
    let world = &call.platform.world;
    let list = page
        .slice(&found)
        .iter()
        .map(|index| objects::describe(world, advertiser, level, *index, today))
        .map(|object| chosen(object, fields.as_deref()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(json!({"list": list, "page_info": page.info(found.len())}))
}

/// Keeps only the chosen fields of an object, which must all exist.
pub(crate) fn chosen(object: Value, fields: Option<&[String]>) -> Result<Value, ApiError> {
    let (Some(fields), Value::Object(mut all)) = (fields, object.clone()) else { return Ok(object) };
    let take = |name: &String| {
        let unknown = || ApiError::invalid(format!("fields: Invalid field {name}."));
        all.remove(name).map(|value| (name.clone(), value)).ok_or_else(unknown)
    };
    let distinct: BTreeSet<_> = fields.iter().collect();
    distinct.into_iter().map(take).collect::<Result<serde_json::Map<_, _>, _>>().map(Value::Object)
}

/// The filter keys that the sandbox plays; it refuses an unknown key and never ignores it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    primary_status: Option<String>,
    secondary_status: Option<String>,
    campaign_ids: Option<BTreeSet<String>>,
    adgroup_ids: Option<BTreeSet<String>>,
    ad_ids: Option<BTreeSet<String>>,
    modified_after: Option<String>,
}

impl Filter {
    fn read(call: &Call<'_>, level: Level) -> Result<Self, ApiError> {
        let Some(text) = call.text("filtering") else { return Ok(Self::default()) };
        let invalid = |what: String| ApiError::invalid(format!("filtering: {what}"));
        let filter: Self = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        if filter.primary_status.as_deref().is_some_and(|status| !PRIMARY.contains(&status)) {
            return Err(invalid("Invalid primary_status.".to_owned()));
        }
        let limit = 1..=MAX_FILTER_IDS;
        if filter.ids().into_iter().any(|(_, ids)| ids.is_some_and(|ids| !limit.contains(&ids.len()))) {
            return Err(invalid("Between 1 and 100 ids are allowed.".to_owned()));
        }
        if filter.ids().into_iter().any(|(of, ids)| ids.is_some() && of > level) {
            return Err(invalid("Ids of a lower level are not supported here.".to_owned()));
        }
        if filter.modified_after.is_some() && level != Level::Ad {
            return Err(invalid("Unknown field modified_after.".to_owned()));
        }
        Ok(filter)
    }

    fn ids(&self) -> [(Level, Option<&BTreeSet<String>>); 3] {
        [
            (Level::Campaign, self.campaign_ids.as_ref()),
            (Level::AdGroup, self.adgroup_ids.as_ref()),
            (Level::Ad, self.ad_ids.as_ref()),
        ]
    }

    fn keeps(&self, advertiser: &Advertiser, level: Level, index: usize, today: Day) -> bool {
        let named = |of, ids: &BTreeSet<String>| {
            ids.contains(&advertiser.id_of(of, advertiser.ancestor(level, index, of)))
        };
        self.ids().into_iter().all(|(of, ids)| ids.is_none_or(|ids| named(of, ids)))
            && self.covers_status(advertiser, level, index, today)
            && self.covers_change(advertiser.life_of(level, index).modified(today))
    }

    /// Hides deleted objects unless the filter asks for a status.
    fn covers_status(&self, advertiser: &Advertiser, level: Level, index: usize, today: Day) -> bool {
        let status = advertiser.status(level, index, today);
        let secondary_covers = |wanted: &String| {
            let end = wanted.strip_prefix(prefix(level)).unwrap_or_default();
            end == "ALL"
                || (end == "NOT_DELETE" && status.is("STATUS_NOT_DELETE"))
                || *wanted == status.secondary()
        };
        let default = if self.secondary_status.is_some() { "STATUS_ALL" } else { "STATUS_NOT_DELETE" };
        status.is(self.primary_status.as_deref().unwrap_or(default))
            && self.secondary_status.as_ref().is_none_or(secondary_covers)
    }

    fn covers_change(&self, modified: Day) -> bool {
        let Some(after) = &self.modified_after else { return true };
        let date = after.get(..10).and_then(|date| date.parse().ok());
        date.is_none_or(|date| modified >= day_of(date))
    }
}
