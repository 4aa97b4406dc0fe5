//! Reads the filters of a list of connections.

use mooring_domain::connect::connection::State;
use mooring_domain::connect::ops::read_connections::Filter;
use mooring_domain::platform::profile::Profile;
use mooring_domain::{Error, Result};
use mooring_edge::Query;

/// Takes the filters out of the query.
pub(crate) fn take(query: &mut Query, profile: &Profile) -> Result<Filter> {
    let platform = query.take("platform");
    if let Some(word) = &platform {
        profile.expect(word)?;
    }
    let end_user = query.take_as("end_user", "an end user as a connect session named it")?;
    let state = query.take("state").map(|word| State::parse(&word).ok_or_else(unknown_state));
    Ok(Filter { end_user, state: state.transpose()?, platform })
}

fn unknown_state() -> Error {
    let known = State::ALL.map(State::as_str).join(", ");
    Error::invalid(
        "invalid_parameter",
        format!("The parameter `state` does not fit: expected one of {known}."),
    )
}
