//! What to do about an error that keeps the runner from starting. docs/operate.md has the same sentences.

use mooring_aws_local::{DataError, Trouble};
use mooring_loopback::PortError;

/// Returns what a person can do about an error, where that is known.
pub fn advice(error: &anyhow::Error) -> Option<&'static str> {
    if error.downcast_ref::<PortError>().is_some() {
        return Some(PORT);
    }
    error.downcast_ref::<DataError>().map(|error| of(error.trouble))
}

const PORT: &str = "End it, or choose another first port with --port; 0 takes free ones.";

const fn of(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::NoFolder => "Move the file away, or name a folder with --data.",
        Trouble::NoRights => "Let this user read and write there, or choose another folder with --data.",
        Trouble::ReadOnly => {
            "Choose a folder that takes writes with --data, or keep nothing with --ephemeral."
        }
        Trouble::Full => {
            "Nothing was lost. Free the space and start again, or choose another folder with --data."
        }
        Trouble::InUse => {
            "End that runner with Ctrl-C, or give this one a folder and ports of its own: --data, --port."
        }
        Trouble::Broken => {
            "The file was not changed. Put a copy of it back, or start with a new folder: --data DIR."
        }
        Trouble::KeysMissing => {
            "Nothing was changed. Put the file with the keys back, or start with a new folder: --data DIR."
        }
        Trouble::TablesMissing => {
            "Nothing was changed. Put the file with the tables back, or start with a new folder: --data DIR."
        }
        Trouble::OtherVersion => {
            "Nothing was changed. Start with a new folder (--data DIR), or with the release that wrote this one."
        }
        Trouble::System => {
            "The cause is the system's. --data chooses another folder; --ephemeral keeps nothing."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: [Trouble; 10] = [
        Trouble::NoFolder,
        Trouble::NoRights,
        Trouble::ReadOnly,
        Trouble::Full,
        Trouble::InUse,
        Trouble::Broken,
        Trouble::KeysMissing,
        Trouble::TablesMissing,
        Trouble::OtherVersion,
        Trouble::System,
    ];

    #[test]
    fn the_page_for_operators_has_every_advice() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate.md")).unwrap();
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for advice in EVERY.map(of).into_iter().chain([PORT]) {
            assert!(page.contains(advice), "docs/operate.md lacks: {advice}");
        }
    }
}
