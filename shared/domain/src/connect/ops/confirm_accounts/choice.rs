//! The choice itself: on the page, each account has a name that means nothing anywhere else.

use super::{Decision, Ports};
use crate::base::error::{Error, Result};
use crate::base::host::Entropy;
use crate::base::ids::ConnectionId;
use crate::base::secret::Digest;
use crate::connect::candidates::Candidate;

/// The number of accounts that can be chosen in one go: one request has to generate a key for each of them.
pub const MOST: usize = 500;

/// The codes of choices that the person can put right on the page.
pub(super) const IMPOSSIBLE: [&str; 3] = ["nothing_chosen", "too_many_chosen", "unknown_choice"];

/// The number of characters that name a candidate.
const NAME: usize = 24;

/// Makes the opaque id of a candidate on the page of one connection. A page of another connection has other ids, so
/// that no choice can be applied to a list that its person did not see.
pub(super) fn candidate_id(
    entropy: &dyn Entropy,
    connection: &ConnectionId,
    candidate: &Candidate,
) -> String {
    let text = format!("candidate\n{connection}\n{}", candidate.fingerprint.0);
    let hex = entropy.digest(text.as_bytes()).to_hex();
    hex.get(..NAME).unwrap_or_default().to_owned()
}

/// Computes the digest that recognises a repeated decision; the order of the boxes does not matter.
pub(super) fn digest(ports: &Ports, decision: &Decision) -> Digest {
    let mut ids = match decision {
        Decision::Cancel => return ports.entropy.digest(b"cancel"),
        Decision::Connect(ids) => ids.clone(),
    };
    ids.sort_unstable();
    ids.dedup();
    ports.entropy.digest(format!("connect\n{}", ids.join("\n")).as_bytes())
}

/// Picks the chosen accounts. An impossible choice is refused before anything is used up.
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
