//! What a platform is and can: manifest, capabilities, accounts, figures, credentials; and what a profile allows.

pub mod account;
pub mod capabilities;
pub mod credentials;
pub mod figures;
pub mod manifest;
pub mod profile;
pub mod steps;
pub mod titles;
