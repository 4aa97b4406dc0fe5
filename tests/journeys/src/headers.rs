//! The headers that every answer of Mooring carries, whatever the route and the status.

use anyhow::{Result, ensure};

use crate::Answer;

/// Fails unless an answer has the headers of all answers. `https` is true when the API's origin is https.
pub fn secured(answer: &Answer, https: bool) -> Result<()> {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        ensure!(answer.header(name) == value, "{name}: {:?}", answer.header(name));
    }
    policy(answer)?;
    for name in ["x-powered-by", "server", "access-control-allow-credentials"] {
        ensure!(answer.header(name).is_empty(), "{name} is there");
    }
    ensure!(!answer.header("x-request-id").is_empty(), "no request id");
    let cached = answer.header("cache-control");
    let public = answer.status.is_success() && answer.header("access-control-allow-origin") == "*";
    ensure!(cached == if public { "public, max-age=300" } else { "no-store" }, "cache-control: {cached}");
    let strict = answer.header("strict-transport-security");
    ensure!(strict.starts_with("max-age=63072000") == https, "strict-transport-security: {strict:?}");
    answer.headers.get_all("set-cookie").iter().try_for_each(|value| cookie(value.to_str()?, https))
}

/// Checks that a page has no script, or one that stands in the page and that the policy knows by its digest. Whether the
/// digest is the script's own is a test of the page.
fn script(answer: &Answer, parts: &[&str]) -> Result<()> {
    let scripts = answer.body.matches("<script").count();
    let allowed = parts.iter().find_map(|part| part.strip_prefix("script-src "));
    let Some(allowed) = allowed else {
        ensure!(scripts == 0 || !answer.is_page(), "a script that the policy does not know");
        return Ok(());
    };
    let digest = allowed.strip_prefix("'sha256-").and_then(|rest| rest.strip_suffix('\''));
    ensure!(digest.is_some_and(|digest| digest.len() == 44 && !digest.contains(' ')), "script-src {allowed}");
    ensure!(scripts == 1 && answer.body.contains("<script>"), "{scripts} scripts, or one from elsewhere");
    Ok(())
}

/// Checks the policy: nothing is loaded, framed or run; a page has its own style sheet, and a form page its own
/// targets.
fn policy(answer: &Answer) -> Result<()> {
    let policy = answer.header("content-security-policy");
    let parts: Vec<&str> = policy.split("; ").collect();
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        ensure!(parts.contains(&part), "policy without {part}: {policy}");
    }
    ensure!(!policy.contains("unsafe") && !policy.contains('*'), "policy {policy}");
    script(answer, &parts)?;
    let targets = parts.iter().find_map(|part| part.strip_prefix("form-action "));
    let posts = answer.body.contains("<form");
    ensure!(targets.is_some_and(|targets| targets.starts_with("'self'") == posts), "policy {policy}");
    // A form's request has to carry `Origin`; from all other pages not even our address goes on.
    let referrer = if posts { "same-origin" } else { "no-referrer" };
    ensure!(answer.header("referrer-policy") == referrer, "{}", answer.header("referrer-policy"));
    ensure!(!answer.body.contains(" style=\""), "the policy forbids it");
    Ok(())
}

fn cookie(cookie: &str, https: bool) -> Result<()> {
    let parts: Vec<&str> = cookie.split("; ").collect();
    ensure!(["Path=/", "HttpOnly", "SameSite=Lax"].iter().all(|part| parts.contains(part)), "{cookie}");
    ensure!(!cookie.to_lowercase().contains("domain="), "{cookie}");
    ensure!(parts.contains(&"Secure") == https && cookie.starts_with("__Host-") == https, "{cookie}");
    Ok(())
}
