//! From a page to a response: coding, validators, and what is said about where it comes from.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{
    AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderName, HeaderValue, IF_NONE_MATCH, LINK, VARY,
};
use http::{Method, Response, StatusCode};

use super::page::{Coded, Page};
use crate::clock::Moment;
use crate::entry::Entry;
use crate::flow::read::How;

/// `Cache-Status` (RFC 9211).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const CACHE_GROUPS: HeaderName = HeaderName::from_static("cache-groups");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What a page was asked for with.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    /// GET or HEAD.
    pub method: &'a Method,
    /// The request's header fields: only those that choose among representations of one page are looked at.
    pub headers: &'a HeaderMap,
}

impl PageRequest<'_> {
    /// `If-None-Match` by weak comparison (RFC 9110 §13.1.2).
    fn confirms(self, etag: &HeaderValue) -> bool {
        let mut values = self.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        values.any(|value| {
            let mut candidates = value.split(',').map(str::trim);
            candidates.any(|candidate| {
                candidate == "*"
                    || candidate.strip_prefix("W/").unwrap_or(candidate).as_bytes() == etag.as_bytes()
            })
        })
    }
}

impl Page {
    /// The response to a request, if the coding that it wants has been made.
    pub(super) fn answer_at_once(&self, request: PageRequest<'_>, room: usize) -> Option<Response<Bytes>> {
        self.if_coded(self.coding_for(request.headers)).map(|coded| self.respond(request, coded, room))
    }

    /// The response to a request: in the coding that it wants, or 304 where it has that already. A coding is made when it is
    /// first asked for.
    pub async fn answer(&self, request: PageRequest<'_>) -> Response<Bytes> {
        let coding = self.coding_for(request.headers);
        if let Some(coded) = self.if_coded(coding) {
            return self.respond(request, coded, 0);
        }
        let etag = self.etag(coding);
        if request.confirms(&etag) {
            return self.not_modified(etag, request, 0);
        }
        self.respond(request, &self.coded(coding).await, 0)
    }

    /// `room` is for so many more header fields.
    fn respond(&self, request: PageRequest<'_>, coded: &Coded, room: usize) -> Response<Bytes> {
        if request.confirms(&coded.etag) {
            return self.not_modified(coded.etag.clone(), request, room);
        }
        let is_head = request.method == Method::HEAD;
        let mut response = Response::new(if is_head { Bytes::new() } else { coded.bytes.clone() });
        *response.headers_mut() = self.fields(coded.etag.clone(), request, room);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.media_type.clone());
        headers.insert(CONTENT_LENGTH, coded.length.clone());
        if let Some(name) = coded.coding.name() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }

    fn not_modified(&self, etag: HeaderValue, request: PageRequest<'_>, room: usize) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.headers_mut() = self.fields(etag, request, room);
        response
    }

    /// What a 200 and a 304 have in common (RFC 9110 §15.4.5).
    fn fields(&self, etag: HeaderValue, request: PageRequest<'_>, room: usize) -> HeaderMap {
        const OWN_FIELDS: usize = 10;
        let mut headers = HeaderMap::with_capacity(OWN_FIELDS + room);
        headers.insert(ETAG, etag);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control(request.headers)));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(link) = &self.link {
            headers.insert(LINK, link.clone());
        }
        headers
    }

    /// Says where the page comes from, and what caches in front may drop it by.
    pub(super) fn describe(&self, headers: &mut HeaderMap, entry: &Entry, name: &str, now: Moment, how: How) {
        let age = now.since(entry.made_at()).as_secs();
        headers.insert(AGE, HeaderValue::from(age));
        headers.insert(CACHE_STATUS, status(entry, name, now, how));
        if let Some(groups) = self.groups(entry) {
            headers.insert(CACHE_GROUPS, groups.clone());
        }
        if let (Some(timing), How::Loaded { collapsed: false, .. }) = (self.timing(), how) {
            headers.insert(SERVER_TIMING, timing.clone());
        }
    }
}

/// What is said of an answer that is somebody's own.
pub(super) const OWN: &str = "private, no-store";

/// Browsers and caches in front ask each time, and mostly hear 304: a copy of theirs is outside of what is promised. What
/// somebody sees who says who they are is theirs alone (RFC 9111 §3.5).
#[must_use]
pub fn cache_control(request: &HeaderMap) -> &'static str {
    if request.contains_key(AUTHORIZATION) { OWN } else { "public, no-cache" }
}

fn status(entry: &Entry, name: &str, now: Moment, how: How) -> HeaderValue {
    let ttl = entry.fresh_until().since(now).as_secs();
    let mut text = String::with_capacity(48);
    let _ = match how {
        How::Hit(level) => write!(text, "{name}; hit; ttl={ttl}; detail={}", level.name()),
        How::Stale => write!(text, "{name}; hit; detail=stale"),
        How::Loaded { missed, collapsed, not_kept } => {
            let forward = if missed == crate::Missed::Absent { "uri-miss" } else { "stale" };
            let _ = write!(text, "{name}; fwd={forward}");
            if collapsed {
                text.push_str("; collapsed");
            }
            if not_kept.is_none() && !collapsed {
                text.push_str("; stored");
            }
            match (missed, not_kept) {
                (_, Some(why)) => write!(text, "; detail={}", why.name()),
                (crate::Missed::Absent, None) => Ok(()),
                (missed, None) => write!(text, "; detail={}", missed.name()),
            }
        }
    };
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("words and digits are allowed in a field value")
}
