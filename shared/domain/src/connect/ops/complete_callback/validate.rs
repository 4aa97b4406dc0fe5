//! Checks a callback before its code is redeemed, in the order of the security design, 1.2.

use super::{Input, Ports};
use crate::base::error::Result;
use crate::base::secret::Confidential;
use crate::connect::binding::unusable;
use crate::connect::session::AuthTransaction;

/// Checks a callback against its transaction, which is used up in either case.
pub(super) async fn run(ports: &Ports, input: &Input, transaction: &AuthTransaction) -> Result<()> {
    let now = ports.clock.now();
    let cookie = input.cookie.as_ref().map_or("", Confidential::text);
    let presented = ports.entropy.digest(cookie.as_bytes());
    let fits = now < transaction.expires_at
        && ports.entropy.same(&presented.0, &transaction.cookie.0)
        && transaction.session.platform == input.platform
        && transaction.context == input.context
        && issuer_fits(ports, input);
    if !fits {
        return Err(unusable());
    }
    let tenant = ports.rows.tenant(&transaction.session.tenant).await?;
    tenant.filter(|tenant| tenant.active).map(drop).ok_or_else(unusable)
}

/// Returns whether the issuer, if the platform sends one, is the one that the connector was written for (RFC 9207).
fn issuer_fits(ports: &Ports, input: &Input) -> bool {
    let Some(issuer) = &input.issuer else { return true };
    let connector = ports.connectors.find(&input.platform);
    connector.is_some_and(|connector| connector.manifest().authorize_origin == issuer.trim_end_matches('/'))
}
