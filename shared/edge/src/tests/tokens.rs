//! Tests that frontend tokens have the current rights of their key, and that the header of a credential is
//! parsed.

use super::*;

/// Returns the status for a frontend token whose key was changed after the token was minted.
async fn status(scopes: &[Scope], change: impl FnOnce(&mut Directory)) -> u16 {
    let token = text::mint(&SystemEntropy, &named(1, 7, Some(2)));
    let digest = SystemEntropy.digest(token.text().as_bytes());
    let (edge, _) = edge(|directory| {
        directory.token = Some(Credential {
            id: CredentialId::from_uuid(Uuid::from_u128(7)),
            kind: CredentialKind::FrontendToken("user-1".parse().unwrap()),
            digest,
            scopes: scopes.to_vec(),
            minted_by: Some(directory.key.id.clone()),
            ..directory.key.clone()
        });
        change(directory);
    });
    let bearer = format!("Bearer {}", token.text());
    let call = call(&edge, &request(Method::GET, "/v1/connections", &[("authorization", &bearer)], "")).await;
    call.status().as_u16()
}

#[tokio::test]
async fn a_frontend_token_can_do_what_its_key_can_do_now_and_no_more() {
    let both = [Scope::ConnectionsRead, Scope::ReportsRead];
    assert_eq!(status(&both, |_| ()).await, 200);
    // The key was narrowed: the token still has the scope, its key no longer.
    assert_eq!(status(&both, |directory| directory.key.scopes = vec![Scope::ReportsRead]).await, 403);
    // A key with more scopes gives the token none.
    assert_eq!(status(&[Scope::ReportsRead], |_| ()).await, 403);
}

/// Each read waits until all three have begun: one after the other, they would never end.
#[tokio::test]
async fn a_token_its_key_and_its_tenant_are_read_in_one_round_trip() {
    let meet = |directory: &mut Directory| directory.meeting = Some(tokio::sync::Barrier::new(3));
    let answer = status(&[Scope::ConnectionsRead], meet);
    let answer = tokio::time::timeout(std::time::Duration::from_mins(1), answer).await;
    assert_eq!(answer.expect("the reads wait for each other"), 200);
}

#[tokio::test]
async fn a_frontend_token_ends_with_its_key() {
    let both = [Scope::ConnectionsRead];
    let other = CredentialId::from_uuid(Uuid::from_u128(3));
    assert_eq!(status(&both, |directory| directory.key.id = other).await, 401, "revoked");
    let over = |directory: &mut Directory| directory.key.expires_at = Some(Fixed.now());
    assert_eq!(status(&both, over).await, 401, "expired");
    let orphan = |directory: &mut Directory| directory.token.as_mut().unwrap().minted_by = None;
    assert_eq!(status(&both, orphan).await, 401, "of no key");
}

#[tokio::test]
async fn the_scheme_of_a_credential_has_any_case_and_any_number_of_spaces() {
    let (edge, key) = edge(|_| ());
    for (value, expected) in [
        (format!("Bearer {key}"), 200),
        (format!("bearer  {key}"), 200),
        (format!("BEARER \t{key} "), 200),
        (format!("Bearer{key}"), 401),
        (format!("Bearer {key} {key}"), 401),
        (format!("Basic {key}"), 401),
    ] {
        let request = request(Method::GET, "/v1/connections", &[("authorization", &value)], "");
        assert_eq!(call(&edge, &request).await.status().as_u16(), expected, "{}", value.replace(&key, "…"));
    }
}

#[test]
fn a_coded_body_is_415_and_says_what_is_read() {
    for (coding, code) in
        [("gzip", Some("content_encoding")), ("identity", None), ("identity, br", Some("content_encoding"))]
    {
        let headers = [("content-type", "application/json"), ("content-encoding", coding)];
        let error = json_body::<serde_json::Value>(&request(Method::POST, "/", &headers, "{}")).err();
        assert_eq!(error.as_ref().map(|error| error.code), code, "{coding}");
        let Some(error) = error else { continue };
        let reply = crate::http::problem::document(&error, "id", "https://api.example");
        assert_eq!((reply.status().as_u16(), header(&reply, "accept-encoding")), (415, Some("identity")));
    }
}
