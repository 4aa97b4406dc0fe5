//! The connect page: who asks, what is read, what for, how it ends.

use mooring_domain::ops::start_authorization::Invitation;
use mooring_domain::profile::ScopePurpose;
use mooring_domain::retention::DELETE_DAYS;
use mooring_edge::{escape, layout};

/// Writes the page.
pub(crate) fn invitation(invitation: &Invitation) -> String {
    let (tenant, platform) = (escape(&invitation.tenant), escape(&invitation.platform));
    let product = escape(&invitation.product);
    let scopes: String = invitation.scopes.iter().map(scope).collect();
    let again = if invitation.again {
        "<p class=\"note\">You have connected before. Sign in as the same person; your accounts and figures stay.</p>"
    } else {
        ""
    };
    let body = format!(
        "<p><strong>{tenant}</strong> uses <strong>{product}</strong> and asks to connect your {platform} account.</p>\
         {again}<h2>What is read, and what for</h2><dl>{scopes}</dl>\
         <p>You sign in at {platform} itself; {product} never sees your password. \
         You choose the accounts in the next steps.</p>{end}\
         <form method=\"post\"><div class=\"actions\"><button type=\"submit\">Continue to {platform}</button></div></form>\
         <p class=\"soft\">By continuing nothing is shared yet: {platform} asks you first. To say no, close this page.</p>\
         {contact}",
        end = end(invitation, &platform),
        contact = contact(invitation, &product),
    );
    layout(&format!("Connect {} with {}", invitation.platform, invitation.product), &body)
}

fn scope(scope: &ScopePurpose) -> String {
    let optional = if scope.required { "" } else { " <small>You may leave this out.</small>" };
    format!("<div><dt>{}</dt><dd>{}{optional}</dd></div>", escape(&scope.what), escape(&scope.purpose))
}

fn end(invitation: &Invitation, platform: &str) -> String {
    format!(
        "<h2>When you disconnect</h2><p>You can disconnect at any time, one account or all. From that moment nothing is \
         read any more; access is ended at {platform}; tokens and figures are deleted at once and everywhere within \
         {DELETE_DAYS} days, and you get a receipt. While an account is connected, its figures are kept {kept}. You can \
         also end access in \
         <a href=\"{settings}\" rel=\"noopener\">{platform}’s own settings</a>.</p>",
        kept = kept(invitation.retention_days),
        settings = escape(&invitation.settings_url),
    )
}

/// How long figures are kept, as the profile says.
fn kept(retention_days: Option<u16>) -> String {
    retention_days
        .map_or_else(|| "as long as it stays connected".to_owned(), |days| format!("for {days} days"))
}

fn contact(invitation: &Invitation, product: &str) -> String {
    format!(
        "<p class=\"soft\"><a href=\"{privacy}\" rel=\"noopener\">{product}’s privacy policy</a> · \
         <a href=\"mailto:{mail}\">{mail}</a></p>",
        privacy = escape(&invitation.privacy_url),
        mail = escape(&invitation.contact),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tenant_wrote_is_text() {
        let entry = ScopePurpose {
            scope: "44".to_owned(),
            what: "<i>what</i>".to_owned(),
            purpose: "<i>why</i>".to_owned(),
            required: true,
        };
        let page = invitation(&Invitation {
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
        });
        assert!(!page.contains("<script>") && !page.contains("<i>"));
        assert!(page.contains("&lt;i&gt;why") && page.contains("730 days"));
    }
}
