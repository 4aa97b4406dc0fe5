//! One call of the played API and typed access to its parameters.
//!
//! Arrays and objects in a query are JSON text. Nothing here knows an endpoint.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Platform;
use super::envelope::ApiError;
use super::grants::Grant;
use super::world::Advertiser;
use crate::clock::Moment;

/// A call that passed the gate.
pub(crate) struct Call<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) query: HashMap<String, String>,
    pub(crate) body: Value,
    pub(crate) grant: Option<Grant>,
}

impl Call<'_> {
    /// Returns a query parameter that is present and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| ApiError::missing(name))
    }

    /// Parses a query parameter that holds JSON text.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.text(name).map(|text| parse(name, text)).transpose()
    }

    pub(crate) fn required_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, ApiError> {
        parse(name, self.required(name)?)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        self.text(name).map_or(Ok(false), |text| parse(name, &text.to_ascii_lowercase()))
    }

    /// Returns a field of the JSON body that must be a non-empty string.
    pub(crate) fn body_text(&self, name: &str) -> Result<&str, ApiError> {
        match self.body.get(name) {
            None | Some(Value::Null) => Err(ApiError::missing(name)),
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            Some(_) => Err(ApiError::invalid(format!("{name}: Not a valid string."))),
        }
    }

    pub(crate) fn grant(&self) -> Result<&Grant, ApiError> {
        self.grant.as_ref().ok_or_else(ApiError::token_empty)
    }

    /// Finds an advertiser that the grant still reaches.
    pub(crate) fn reachable(&self, id: &str) -> Result<&Advertiser, ApiError> {
        let granted = self.grant()?.advertisers.iter().any(|granted| granted == id);
        let found = self.platform.world.advertiser(id).filter(|_| granted);
        found.ok_or_else(|| ApiError::no_permission(&format!("advertiser {id}")))
    }

    /// Finds the advertiser named by `advertiser_id`.
    pub(crate) fn advertiser(&self) -> Result<&Advertiser, ApiError> {
        self.reachable(self.required("advertiser_id")?)
    }

    pub(crate) fn moment(&self, advertiser: &Advertiser) -> Moment {
        Moment::at(self.platform.now(), &advertiser.zone)
    }

    /// Reads `page` and `page_size`; structure and reports share default 10 and maximum 1000.
    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        let number = |name: &str, default| self.json::<usize>(name).map(|n| n.unwrap_or(default));
        let page = Page { number: number("page", 1)?, size: number("page_size", 10)? };
        if page.number == 0 {
            return Err(ApiError::invalid("page: Must be at least 1."));
        }
        if page.size == 0 || page.size > 1000 {
            return Err(ApiError::invalid("page_size: Must be between 1 and 1000."));
        }
        Ok(page)
    }
}

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|_| ApiError::invalid(format!("{name}: Not a valid value.")))
}

/// A requested page, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
}

impl Page {
    /// Cuts this page out of everything.
    pub(crate) fn slice<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let start = (self.number - 1).saturating_mul(self.size).min(all.len());
        let end = start.saturating_add(self.size).min(all.len());
        all.get(start..end).unwrap_or_default()
    }

    /// Describes this page of `total` things.
    pub(crate) fn info(&self, total: usize) -> Value {
        let pages = total.div_ceil(self.size);
        json!({"page": self.number, "page_size": self.size, "total_number": total, "total_page": pages})
    }
}
