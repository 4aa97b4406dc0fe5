//! Writes the connect page: who asks, which data is read, for which purpose, and how to end it.

use askama::Template;
use mooring_domain::Result;
use mooring_domain::base::retention::DELETE_DAYS;
use mooring_domain::connect::ops::start_authorization::ConnectPage;
use mooring_edge::page;

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage<'a> {
    asked: &'a ConnectPage,
}

/// Writes the page.
pub(crate) fn invitation(asked: &ConnectPage) -> Result<String> {
    page(&format!("Connect {} with {}", asked.platform, asked.product), &InvitationPage { asked })
}

#[cfg(test)]
mod tests {
    use mooring_domain::platform::profile::ScopePurpose;

    use super::*;

    #[test]
    fn what_a_tenant_wrote_is_text() {
        let entry = ScopePurpose {
            scope: "44".to_owned(),
            what: "<i>what</i>".to_owned(),
            purpose: "<i>why</i>".to_owned(),
            required: true,
        };
        let page = invitation(&ConnectPage {
            tenant: "<script>alert(1)</script>".to_owned(),
            product: "P&P".to_owned(),
            privacy_url: "https://p.example/\"><i>".to_owned(),
            contact: "a@p.example".to_owned(),
            platform: "T<i>".to_owned(),
            settings_url: "https://t.example/\"><i>".to_owned(),
            scopes: vec![entry],
            retention_days: Some(730),
            again: true,
            authorize_origin: "https://t.example".to_owned(),
            return_origin: "https://r.example".to_owned(),
        })
        .unwrap();
        assert!(!page.contains("<script>") && !page.contains("<i>"));
        assert!(page.contains("&#60;i&#62;why") && page.contains("730 days"));
    }
}
