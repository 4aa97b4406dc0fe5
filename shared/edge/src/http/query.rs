//! Reads the query string: each parameter once, and no unknown one.

use std::str::FromStr;

use lambda_http::Request;
use mooring_domain::{Error, Result};

/// The longest value that is accepted, in characters.
const VALUE_LIMIT: usize = 2_048;

/// The parameters that have not been taken yet.
#[derive(Clone)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query string; refuses repeated and oversized parameters.
    pub fn of(request: &Request) -> Result<Self> {
        Self::read(request, |_| true, &[])
    }

    /// Reads the query string as [`Self::of`] does, but the named parameters may come several times: [`Self::take`] gives
    /// their values with commas between, as clients write a list that do not repeat its name.
    pub fn with_lists(request: &Request, lists: &[&str]) -> Result<Self> {
        Self::read(request, |_| true, lists)
    }

    /// Reads the named parameters of a query string that another system wrote, and refuses repeated and
    /// oversized ones among them. Every other parameter is ignored, and an empty one counts as absent.
    pub fn only(request: &Request, names: &[&str]) -> Result<Self> {
        let mut query = Self::read(request, |name| names.contains(&name), &[])?;
        query.0.retain(|(_, value)| !value.is_empty());
        Ok(query)
    }

    fn read(request: &Request, wanted: impl Fn(&str) -> bool, lists: &[&str]) -> Result<Self> {
        let text = request.uri().query().unwrap_or_default();
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()).filter(|(name, _)| wanted(name)) {
            match pairs.iter_mut().find(|(known, _)| *known == name) {
                Some((_, list)) if lists.contains(&name.as_ref()) => list.extend([",", &value]),
                Some(_) => {
                    let message = "A query parameter was given more than once.";
                    return Err(Error::invalid("repeated_parameter", message));
                }
                None => pairs.push((name.into_owned(), value.into_owned())),
            }
            if pairs.iter().any(|(name, value)| name.len() > 64 || value.len() > VALUE_LIMIT) {
                return Err(Error::invalid("oversized_parameter", "A query parameter is too long."));
            }
        }
        Ok(Self(pairs))
    }

    /// Takes a parameter.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Takes a parameter and parses it; the error names the expected form, such as "a connection's id".
    pub fn take_as<T: FromStr>(&mut self, name: &'static str, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let misfit = |_| {
            Error::invalid(
                "invalid_parameter",
                format!("The parameter `{name}` does not fit: expected {expected}."),
            )
        };
        text.parse().map(Some).map_err(misfit)
    }

    /// Takes `limit`, between 1 and `most`; without one it is `default`.
    pub fn take_limit(&mut self, default: u32, most: u32) -> Result<u32> {
        let Some(text) = self.take("limit") else { return Ok(default) };
        // `parse` would accept `+1` too.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = text.parse().ok().filter(|limit| digits && (1..=most).contains(limit));
        limit.ok_or_else(|| {
            Error::invalid("invalid_parameter", format!("The parameter `limit` is from 1 to {most}."))
        })
    }

    /// Refuses parameters that have not been taken.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Error::invalid("unknown_parameter", "There is a query parameter that is not known."))
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Query({} parameters)", self.0.len())
    }
}
