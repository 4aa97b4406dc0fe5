//! Authorisation codes and access tokens: who may reach which advertisers with which scopes.
//!
//! Tokens live until revoked; codes live an hour and work once. The sandbox writes a token file only when the
//! configuration names one, so that a restarted sandbox still knows its tokens.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::envelope::ApiError;
use crate::random;

const CODE_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// The advertisers and scopes that a person agreed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) advertisers: Vec<String>,
    pub(crate) scopes: Vec<u64>,
}

/// A token with its reach.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) token: String,
    pub(crate) advertisers: Vec<String>,
    pub(crate) scopes: Vec<u64>,
    pub(crate) revoked: bool,
}

impl Grant {
    /// Returns whether a scope was granted, itself or by a parent (a parent's number begins its children's).
    pub(crate) fn allows(&self, scope: u64) -> bool {
        std::iter::successors(Some(scope), |scope| Some(scope / 10).filter(|parent| *parent > 0))
            .any(|scope| self.scopes.contains(&scope))
    }
}

struct Code {
    consent: Consent,
    issued_at: Timestamp,
}

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    grants: Vec<Grant>,
    lost: BTreeSet<String>,
}

/// All codes and tokens of the app.
pub(crate) struct Grants {
    codes: HashMap<String, Code>,
    kept: Kept,
    file: Option<PathBuf>,
}

impl Grants {
    /// Opens the grants, with those that `file` holds.
    pub(crate) fn open(file: Option<PathBuf>) -> Self {
        let text = file.as_ref().and_then(|path| fs::read(path).ok());
        let kept = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { codes: HashMap::new(), kept, file }
    }

    pub(crate) fn issue_code(&mut self, now: Timestamp, consent: Consent) -> String {
        let code = random::hex(40);
        self.codes.insert(code.clone(), Code { consent, issued_at: now });
        code
    }

    /// Exchanges a code for a token; the code is used up, whatever comes after.
    pub(crate) fn exchange(&mut self, code: &str, now: Timestamp) -> Result<Grant, ApiError> {
        let refused = || ApiError::new(40110, "Auth code is invalid, expired or already used.");
        let found = self.codes.remove(code).ok_or_else(refused)?;
        if now.duration_since(found.issued_at) >= CODE_LIFETIME {
            return Err(refused());
        }
        Ok(self.issue_token(found.consent))
    }

    pub(crate) fn issue_token(&mut self, consent: Consent) -> Grant {
        let Consent { advertisers, scopes } = consent;
        let grant = Grant { token: random::hex(40), advertisers, scopes, revoked: false };
        self.kept.grants.push(grant.clone());
        self.save();
        grant
    }

    /// Returns the grant of a living token, without the advertisers that were lost since.
    pub(crate) fn living(&self, token: &str) -> Option<Grant> {
        let grant = self.kept.grants.iter().find(|grant| grant.token == token && !grant.revoked)?;
        let mut grant = grant.clone();
        grant.advertisers.retain(|id| !self.kept.lost.contains(id));
        Some(grant)
    }

    pub(crate) fn is_revoked(&self, token: &str) -> bool {
        self.kept.grants.iter().any(|grant| grant.token == token && grant.revoked)
    }

    /// Revokes one token; returns the advertisers it reached.
    pub(crate) fn revoke(&mut self, token: &str) -> Option<Vec<String>> {
        let grant = self.kept.grants.iter_mut().find(|grant| grant.token == token && !grant.revoked)?;
        grant.revoked = true;
        let advertisers = grant.advertisers.clone();
        self.save();
        Some(advertisers)
    }

    pub(crate) fn revoke_all(&mut self) -> usize {
        let living = self.kept.grants.iter_mut().filter(|grant| !grant.revoked);
        let count = living.map(|grant| grant.revoked = true).count();
        self.save();
        count
    }

    pub(crate) fn lose_advertiser(&mut self, id: &str) {
        self.kept.lost.insert(id.to_owned());
        self.save();
    }

    /// Gives an advertiser back to the grants that reached it; returns whether it was lost.
    pub(crate) fn restore_advertiser(&mut self, id: &str) -> bool {
        let was_lost = self.kept.lost.remove(id);
        self.save();
        was_lost
    }

    pub(crate) fn all_tokens(&self) -> Vec<String> {
        self.kept.grants.iter().map(|grant| grant.token.clone()).collect()
    }

    /// Counts living and dead tokens.
    pub(crate) fn count(&self) -> (usize, usize) {
        let dead = self.kept.grants.iter().filter(|grant| grant.revoked).count();
        (self.kept.grants.len() - dead, dead)
    }

    pub(crate) fn forget(&mut self) {
        self.codes.clear();
        self.kept = Kept::default();
        self.save();
    }

    fn save(&self) {
        let Some(path) = &self.file else { return };
        let written = serde_json::to_vec(&self.kept).map_err(std::io::Error::from);
        if let Err(error) = written.and_then(|text| write_private(path, &text)) {
            tracing::error!(file = %path.display(), %error, "the played platform's grants could not be kept");
        }
    }
}

/// Replaces a file that only this user may read, in one step: it holds tokens, which a full disk must not cut off.
fn write_private(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("tmp");
    let file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    let written = (&file).write_all(text).and_then(|()| fs::rename(&beside, path));
    written.inspect_err(|_| {
        fs::remove_file(&beside).ok();
    })
}
