//! HTTP as such: parses requests, builds replies, converts events of API Gateway. This module knows no
//! callers.

pub(crate) mod cookie;
pub(crate) mod cursor;
pub(crate) mod event;
pub(crate) mod extract;
pub(crate) mod front;
pub(crate) mod header;
pub(crate) mod headers;
pub(crate) mod language;
pub(crate) mod media;
pub(crate) mod paging;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod reply;
pub(crate) mod runtime;
pub(crate) mod shell;
pub(crate) mod site;
pub(crate) mod trace;
mod weight;
