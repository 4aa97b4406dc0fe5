//! The platforms played over HTTP: state machine, fault switches, consent pages.
//!
//! A [`Sandbox`] answers as `TikTok`'s Marketing API v1.3 does, from a world computed out of a seed and a clock. It is
//! for loopback only: it protects no secret and limits nobody. Rules may edit its answers on their way.

mod admin;
pub mod clock;
mod config;
mod edits;
mod random;
mod tiktok;

use std::path::Path;
use std::sync::Arc;

use axum::Router;

pub use crate::clock::Clock;
pub use crate::config::SandboxConfig;
use crate::edits::Edits;
pub use crate::edits::{Applied, Change, Edit, Edited, Matching, Rule};
pub use crate::tiktok::counters::Counters;
pub use crate::tiktok::faults::Faults;
use crate::tiktok::{Platform, grants};

/// The played platforms, with the levers a test or a person may pull.
#[derive(Clone)]
pub struct Sandbox {
    platform: Arc<Platform>,
    edits: Edits,
}

impl Sandbox {
    /// Builds the world of `config`, seen at the time of `clock`.
    pub fn new(config: SandboxConfig, clock: Clock) -> Self {
        Self { platform: Arc::new(Platform::new(config, clock)), edits: Edits::default() }
    }

    /// Returns the HTTP surface: consent pages, API and admin API.
    pub fn router(&self) -> Router {
        let platforms = self.edits.around(tiktok::router(Arc::clone(&self.platform)));
        platforms.merge(admin::router(Arc::clone(&self.platform), self.edits.clone()))
    }

    /// Edits answers of the platforms from now on; returns the rule's number.
    pub fn edit(&self, rule: Rule) -> anyhow::Result<u64> {
        self.edits.add(rule)
    }

    /// Adds the rules of a file, a JSON list.
    pub fn edit_from(&self, file: &Path) -> anyhow::Result<()> {
        let rules: Vec<Rule> = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        rules.into_iter().try_for_each(|rule| self.edit(rule).map(drop))
    }

    /// Removes a rule; returns whether there was one.
    pub fn unedit(&self, id: u64) -> bool {
        self.edits.remove(id)
    }

    /// Removes every rule.
    pub fn unedit_all(&self) {
        self.edits.clear();
    }

    /// Returns the calls that the rules saw and the answers that they changed.
    pub fn edited(&self) -> Edited {
        self.edits.state()
    }

    /// Kills every token without telling anyone, as the app settings of the platform do; returns how many.
    pub fn revoke_all_tokens(&self) -> usize {
        self.platform.grants().revoke_all()
    }

    /// Takes one advertiser away from every grant, as when the person loses access to it.
    pub fn lose_advertiser(&self, advertiser_id: &str) {
        self.platform.grants().lose_advertiser(advertiser_id);
    }

    /// Gives a lost advertiser back to the grants that reached it; returns whether it was lost.
    pub fn restore_advertiser(&self, advertiser_id: &str) -> bool {
        self.platform.grants().restore_advertiser(advertiser_id)
    }

    /// Consents without the pages: returns the authorisation code for these advertisers and scopes.
    pub fn consent(&self, advertisers: Vec<String>, scopes: Vec<u64>) -> String {
        self.platform.grants().issue_code(self.platform.now(), grants::Consent { advertisers, scopes })
    }

    /// Grants everything without the pages: returns a living access token.
    pub fn grant_all(&self) -> String {
        let consent = grants::Consent {
            advertisers: self.advertiser_ids(),
            scopes: self.platform.config.scopes.clone(),
        };
        self.platform.grants().issue_token(consent).token
    }

    /// Replaces the fault switches.
    pub fn set_faults(&self, faults: Faults) {
        self.platform.set_faults(faults);
    }

    /// Returns the fault switches as they stand: counted ones go down with each use.
    pub fn faults(&self) -> Faults {
        self.platform.faults()
    }

    /// Returns the counts of the calls so far.
    pub fn counters(&self) -> Counters {
        self.platform.counters()
    }

    /// Returns every access token ever issued, living and dead.
    pub fn issued_tokens(&self) -> Vec<String> {
        self.platform.grants().all_tokens()
    }

    /// Returns the ids of all advertisers of the world, the largest first.
    pub fn advertiser_ids(&self) -> Vec<String> {
        self.platform.world.advertiser_ids()
    }

    /// Returns the text that every ad name contains; tests search for it where no name may be.
    pub fn canary(&self) -> String {
        self.platform.world.canary()
    }

    /// Returns the e-mail address of the consenting person, planted for the same search.
    pub fn canary_email(&self) -> String {
        self.platform.world.email()
    }

    /// Forgets grants, faults, rules and counters.
    pub fn reset(&self) {
        self.edits.clear();
        self.platform.reset();
    }
}
