//! The names that people read for the words of platforms, for functions that link no connector.

/// Each platform's word with its name for people. The registry's test holds them against the connectors' manifests.
const TITLES: &[(&str, &str)] = &[("tiktok_ads", "TikTok Ads")];

/// Returns the words of all platforms.
pub fn words() -> impl Iterator<Item = &'static str> {
    TITLES.iter().map(|(word, _)| *word)
}

/// Names a platform for people. A word without a name stands for itself.
pub fn title(platform: &str) -> &str {
    TITLES.iter().find(|(word, _)| *word == platform).map_or(platform, |(_, title)| title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_has_its_own_spelling_and_another_word_stays() {
        assert_eq!(title("tiktok_ads"), "TikTok Ads");
        assert_eq!(title("other"), "other");
    }
}
