//! Tests the HTTP layer: cookies, bodies, queries, parameters, cursors, page shell.

use askama::Template;
use lambda_http::RequestExt as _;
use lambda_http::http::Method;
use mooring_domain::Kind;
use mooring_domain::base::ids::TenantId;
use mooring_domain::people::caller::text;
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::{prop_assert, prop_assert_eq};

use super::{edge, request};
use crate::{Cursor, Query, ReplyExt as _, cookie, find_language, form_body, json_body, page};

#[test]
fn cookies_are_bound_to_the_host_and_doubles_are_ignored() {
    let (edge, _) = edge(|_| ());
    let set = edge.site.set_cookie("moorticket", "v", 600);
    assert_eq!(set, "__Host-moorticket=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure");
    let one = request(Method::GET, "/", &[("cookie", "a=1; __Host-moorticket=v")], "");
    assert_eq!(edge.site.cookie(&one, "moorticket"), Some("v"));
    let two = request(Method::GET, "/", &[("cookie", "__Host-moorticket=v; __Host-moorticket=w")], "");
    assert_eq!(edge.site.cookie(&two, "moorticket"), None);
    assert_eq!(cookie(&one, "a"), Some("1"));
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[expect(dead_code, reason = "only its type matters")]
    size: u32,
}

#[test]
fn bodies_are_refused_by_place_and_never_repeat_values() {
    let post = |media: &str, body: &str| request(Method::POST, "/", &[("content-type", media)], body);
    let json = "application/json; charset=utf-8";
    assert!(json_body::<Wanted>(&post(json, "{\"size\":3}")).is_ok());
    for (media, body, code, says) in [
        ("text/plain", "{\"size\":3}", "content_type", "application/json"),
        (json, "{\"size\":\"canary\"}", "invalid_body", "`size`: expected u32"),
        (json, "{\"size\":3,\"canary\":1}", "unknown_field", "expected `size`"),
        (json, "{}", "invalid_body", "missing field `size`"),
        (json, " [3]", "invalid_body", "expected a JSON object"),
        (json, "{\"size\":3,\"size\":3}", "invalid_body", "a field comes twice"),
        (json, "{\"size\":3} canary", "invalid_json", "after the JSON"),
        (json, "canary", "invalid_json", "line 1"),
    ] {
        let error = json_body::<Wanted>(&post(media, body)).unwrap_err();
        assert_eq!(error.code, code, "{body}");
        assert!(error.message.contains(says), "{}", error.message);
        assert!(!error.message.contains("canary"), "{}", error.message);
    }
    let large = format!("{{\"size\":3}}{}", " ".repeat(crate::BODY_LIMIT));
    assert_eq!(json_body::<Wanted>(&post(json, &large)).unwrap_err().kind, Kind::TooLarge);
    let form = post("application/x-www-form-urlencoded", "a=1&a=%C3%A9+x");
    let fields = form_body(&form).unwrap();
    assert_eq!(fields, [("a".into(), "1".into()), ("a".into(), "é x".into())]);
}

#[test]
fn queries_refuse_what_is_repeated_unknown_or_too_much() {
    let of = |query: &str| Query::of(&request(Method::GET, &format!("/x?{query}"), &[], ""));
    assert_eq!(of("a=1&a=2").unwrap_err().code, "repeated_parameter");
    assert_eq!(of(&format!("a={}", "x".repeat(3_000))).unwrap_err().code, "oversized_parameter");
    let mut query = of("a=1%202&limit=101").unwrap();
    assert_eq!(query.take("a").as_deref(), Some("1 2"));
    assert!(query.take("a").is_none());
    assert!(query.clone().take_limit(25, 100).is_err());
    assert_eq!(query.finish().unwrap_err().code, "unknown_parameter");
    assert_eq!(of("").unwrap().take_limit(25, 100).unwrap(), 25);
}

#[test]
fn a_foreign_query_is_read_by_name_and_the_rest_of_it_refuses_nothing() {
    let long = "x".repeat(3_000);
    let of = |query: &str| Query::only(&request(Method::GET, &format!("/x?{query}"), &[], ""), &["a", "b"]);
    let mut query = of(&format!("c=1&a=1&c=2&b=&{long}=1&d={long}")).unwrap();
    assert_eq!((query.take("a").as_deref(), query.take("b"), query.take("c")), (Some("1"), None, None));
    for again in ["a=1&a=1", "a=1&a=", "a=&a=1", "a=&a="] {
        assert_eq!(of(again).unwrap_err().code, "repeated_parameter", "{again}");
    }
    assert_eq!(of(&format!("a={long}")).unwrap_err().code, "oversized_parameter");
}

#[test]
fn path_parameters_that_do_not_fit_do_not_exist() {
    let parameters = std::collections::HashMap::from([("id".to_owned(), "ten_x".to_owned())]);
    let request = request(Method::GET, "/", &[], "").with_path_parameters(parameters);
    assert_eq!(crate::path::<TenantId>(&request, "id").unwrap_err().kind, Kind::NotFound);
}

#[test]
fn header_values_cannot_be_split() {
    let reply = crate::no_content().unwrap();
    assert!(reply.header_value(lambda_http::http::header::LOCATION, "a\r\nset-cookie: b").is_err());
}

/// A body of one text.
#[derive(Template)]
#[template(source = "{{ self.0 }}", ext = "html")]
pub(super) struct Words<'a>(pub(super) &'a str);

#[test]
fn the_page_shell_escapes_its_title() {
    let shell = |title: &str| page(find_language("de").unwrap(), title, &Words("")).unwrap();
    assert!(shell("x").contains("<html lang=\"de\" dir=\"ltr\">"));
    assert!(shell("<a href=\"x\">'&").contains("<title>&#60;a href=&#34;x&#34;&#62;&#39;&#38;</title>"));
    assert!(shell("<script>").contains("<title>&#60;script&#62;</title>"));
    assert!(!shell("x").contains("://"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cursors_come_back(position in any::<String>()) {
        prop_assert_eq!(Cursor::decode(&Cursor::encode(&position)).unwrap(), position);
    }

    #[test]
    fn nothing_else_is_a_cursor(text in "[A-Za-z0-9_=.-]{0,40}") {
        if let Ok(position) = Cursor::decode(&text) {
            prop_assert_eq!(Cursor::encode(&position), text);
        }
    }

    #[test]
    fn no_other_text_is_a_credential(text in any::<String>(), flip in 0_usize..100) {
        prop_assert!(text::parse(&text).is_none());
        let key = edge(|_| ()).1;
        let changed: String = key.chars().enumerate().map(|(at, c)| if at == flip { '~' } else { c }).collect();
        prop_assert!(changed == key || text::parse(&changed).is_none());
    }

    #[test]
    fn escaped_text_has_no_markup(text in any::<String>()) {
        prop_assert!(!Words(&text).render().unwrap().contains(['<', '>', '"', '\'']));
    }
}
