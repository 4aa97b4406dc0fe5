//! The choice itself: accounts have names on the page that mean nothing anywhere else.

use super::{Decision, Ports};
use crate::base::error::{Error, Result};
use crate::base::host::Entropy;
use crate::base::ids::ConnectionId;
use crate::base::secret::Digest;
use crate::connect::candidates::Candidate;

/// How many accounts can be chosen in one go: their keys have to be made within one request.
const MOST: usize = 500;

/// How many characters name a candidate.
const NAME: usize = 24;

/// The opaque id of a candidate on the page of one connection: a page of another connection has other ids, so that no
/// choice can be read against a list that its person did not see.
pub(super) fn candidate_id(
    entropy: &dyn Entropy,
    connection: &ConnectionId,
    candidate: &Candidate,
) -> String {
    let text = format!("candidate\n{connection}\n{}", candidate.fingerprint.0);
    let hex = entropy.digest(text.as_bytes()).to_hex();
    hex.get(..NAME).unwrap_or_default().to_owned()
}

/// What a decision is recognised by when it comes again; the order of the boxes does not matter.
pub(super) fn digest(ports: &Ports, decision: &Decision) -> Digest {
    let mut ids = match decision {
        Decision::Cancel => return ports.entropy.digest(b"cancel"),
        Decision::Connect(ids) => ids.clone(),
    };
    ids.sort_unstable();
    ids.dedup();
    ports.entropy.digest(format!("connect\n{}", ids.join("\n")).as_bytes())
}

/// Picks the chosen ones; an impossible choice is refused before anything is used up.
pub(super) fn choose(
    ports: &Ports,
    connection: &ConnectionId,
    candidates: Vec<Candidate>,
    ids: &[String],
) -> Result<Vec<(String, Candidate)>> {
    check(ids.len())?;
    let named =
        candidates.into_iter().map(|one| (candidate_id(ports.entropy.as_ref(), connection, &one), one));
    let named: Vec<_> = named.collect();
    if ids.iter().any(|id| !named.iter().any(|(known, _)| known == id)) {
        let message =
            "An account was chosen that is not in the list. Nothing was chosen; go back to the list.";
        return Err(Error::invalid("unknown_choice", message));
    }
    Ok(named.into_iter().filter(|(id, _)| ids.contains(id)).collect())
}

fn check(count: usize) -> Result<()> {
    match count {
        0 => Err(Error::invalid("nothing_chosen", "Choose at least one account: go back and tick one.")),
        1..=MOST => Ok(()),
        _ => {
            Err(Error::invalid("too_many_chosen", format!("At most {MOST} accounts can be chosen at once.")))
        }
    }
}
