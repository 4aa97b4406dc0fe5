//! HTTP edge: callers, CORS, problem documents, cursors, pages.
//!
//! A handler parses an API Gateway request with the free functions here, calls one operation of the domain,
//! and builds the reply. [`Edge::api`], [`Edge::once`] and [`Edge::page`] do everything that all routes
//! share. HTTP status numbers exist only here. Deliberately absent: storage, platforms, any decision of the
//! product.
//!
//! From below: `http` knows requests and replies, [`routes`] the table of routes, `api` callers, and
//! [`openapi`] and [`views`] describe the answers.

mod api;
mod http;
pub mod openapi;
pub mod routes;
#[cfg(test)]
mod tests;
pub mod views;

pub use api::call::Admitted;
pub use api::config::{Config, ConfigError};
pub use api::edge::Edge;
pub use api::flow;
pub use api::public::{asset, fallback, momentary};
pub use http::cookie::cookie;
pub use http::cursor::Cursor;
pub use http::event::{Answer, Handling, invoke};
pub use http::extract::{BODY_LIMIT, field, form_body, json_body, one, path};
pub use http::front::Front;
pub use http::headers::{form_targets, scripted_form};
pub use http::language::{keep_language, language, spoken};
pub use http::media::{sends_json, wants_csv, wants_json};
pub use http::paging::Paging;
pub use http::problem::{Problem, refused_html, status_of};
pub use http::query::Query;
pub use http::reply::{
    Reply, ReplyExt, accepted, accepted_html, created, csv, html, no_content, ok, see_other,
};
pub use http::runtime::run;
pub use http::shell::page;
pub use http::site::Site;
pub use http::trace::log_suppressed;
pub use lambda_http::{Body, Request};
pub use mooring_texts::{Fill, Language, default_language, find as find_language, harmless, languages};
