//! From a page to a response: coding, validators, and what is said about where it comes from.

use bytes::Bytes;
use http::header::{
    AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderName, HeaderValue, IF_NONE_MATCH, LINK, VARY,
};
use http::{Method, Response, StatusCode};

use super::head::{Heads, Shape};
use super::page::{Coded, Page};
use crate::clock::Moment;
use crate::counts::{Missed, NotKept};
use crate::entry::Entry;
use crate::flow::read::{How, Level};

/// `Cache-Status` (RFC 9211).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
pub(super) const CACHE_GROUPS: HeaderName = HeaderName::from_static("cache-groups");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The coding is all that differs from one request to another.
pub(super) const VARIES_BY: &str = "Accept-Encoding";

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
    /// The response of a hit to a request that is nobody's own and came at that moment, if the coding that it wants has been
    /// made. Its head is a copy of one of these; `name` is what the cache is called.
    pub(super) fn hit(
        &self,
        request: PageRequest<'_>,
        entry: &Entry,
        now: Moment,
        name: &str,
        heads: &Heads,
    ) -> Option<Response<Bytes>> {
        let coded = self.if_coded(self.coding_for(request.headers))?;
        let (groups, coding) = (self.groups(entry), coded.coding.name());
        let is_whole = !request.confirms(&coded.etag);
        let shape = Shape([is_whole, is_whole && coding.is_some(), self.link.is_some(), groups.is_some()]);
        let value_of = |field: &HeaderName| {
            Some(match *field {
                ETAG => coded.etag.clone(),
                AGE => age(entry, now),
                CACHE_STATUS => status(entry, name, now, How::Hit(Level::Memory)),
                CONTENT_TYPE => self.media_type.clone(),
                CONTENT_LENGTH => coded.length.clone(),
                CONTENT_ENCODING => HeaderValue::from_static(coding?),
                LINK => self.link.clone()?,
                _ if *field == CACHE_GROUPS => groups?.clone(),
                _ => return None,
            })
        };
        let has_body = is_whole && request.method != Method::HEAD;
        let mut response = Response::new(if has_body { coded.bytes.clone() } else { Bytes::new() });
        *response.status_mut() = if is_whole { StatusCode::OK } else { StatusCode::NOT_MODIFIED };
        *response.headers_mut() = heads.filled(shape, value_of);
        Some(response)
    }

    /// The response to a request: in the coding that it wants, or 304 where it has that already. A coding is made when it is
    /// first asked for.
    pub async fn answer(&self, request: PageRequest<'_>) -> Response<Bytes> {
        let coding = self.coding_for(request.headers);
        let etag = self.etag(coding);
        if request.confirms(&etag) {
            return self.not_modified(etag, request);
        }
        self.respond(request, &self.coded(coding).await)
    }

    fn respond(&self, request: PageRequest<'_>, coded: &Coded) -> Response<Bytes> {
        if request.confirms(&coded.etag) {
            return self.not_modified(coded.etag.clone(), request);
        }
        let is_head = request.method == Method::HEAD;
        let mut response = Response::new(if is_head { Bytes::new() } else { coded.bytes.clone() });
        *response.headers_mut() = self.fields(coded.etag.clone(), request);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.media_type.clone());
        headers.insert(CONTENT_LENGTH, coded.length.clone());
        if let Some(name) = coded.coding.name() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }

    fn not_modified(&self, etag: HeaderValue, request: PageRequest<'_>) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.headers_mut() = self.fields(etag, request);
        response
    }

    /// What a 200 and a 304 have in common (RFC 9110 §15.4.5).
    fn fields(&self, etag: HeaderValue, request: PageRequest<'_>) -> HeaderMap {
        /// Ten, and as many of whoever is around: to grow costs more than all of them.
        const FIELDS: usize = 20;
        let mut headers = HeaderMap::with_capacity(FIELDS);
        headers.insert(ETAG, etag);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control(request.headers)));
        headers.insert(VARY, HeaderValue::from_static(VARIES_BY));
        if let Some(link) = &self.link {
            headers.insert(LINK, link.clone());
        }
        headers
    }

    /// Says where the page comes from, and what caches in front may drop it by.
    pub(super) fn describe(&self, headers: &mut HeaderMap, entry: &Entry, name: &str, now: Moment, how: How) {
        headers.insert(AGE, age(entry, now));
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
/// What is said of an answer for everybody.
pub(super) const PUBLIC: &str = "public, no-cache";

/// Browsers and caches in front ask each time, and mostly hear 304: a copy of theirs is outside of what is promised. What
/// somebody sees who says who they are is theirs alone (RFC 9111 §3.5).
#[must_use]
pub fn cache_control(request: &HeaderMap) -> &'static str {
    if request.contains_key(AUTHORIZATION) { OWN } else { PUBLIC }
}

/// How long ago it was made, in seconds (RFC 9111 §5.1).
fn age(entry: &Entry, now: Moment) -> HeaderValue {
    HeaderValue::from(now.since(entry.made_at()).as_secs())
}

fn status(entry: &Entry, name: &str, now: Moment, how: How) -> HeaderValue {
    let text = match how {
        How::Hit(level) => {
            return status_of_hit(name, entry.fresh_until().since(now).as_secs(), level.name());
        }
        How::Stale => format!("{name}; hit; detail=stale"),
        How::Loaded { missed, collapsed, not_kept } => {
            let forward = if missed == Missed::Absent { "uri-miss" } else { "stale" };
            let kept = match (collapsed, not_kept) {
                (true, _) => "; collapsed",
                (false, None) => "; stored",
                (false, Some(_)) => "",
            };
            let why = not_kept.map(NotKept::name).or((missed != Missed::Absent).then(|| missed.name()));
            let detail = why.map(|why| format!("; detail={why}")).unwrap_or_default();
            format!("{name}; fwd={forward}{kept}{detail}")
        }
    };
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("words and digits are allowed in a field value")
}

/// Without the formatter and in one block of just that size, since every hit says it.
fn status_of_hit(name: &str, ttl: u64, level: &str) -> HeaderValue {
    const BEFORE: &str = "; hit; ttl=";
    const BETWEEN: &str = "; detail=";
    let digits = ttl.checked_ilog10().unwrap_or_default() + 1;
    let bytes = name.len() + BEFORE.len() + digits as usize + BETWEEN.len() + level.len();
    let mut text = Vec::with_capacity(bytes);
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(BEFORE.as_bytes());
    text.extend((0..digits).rev().map(|place| b'0' + (ttl / 10_u64.pow(place) % 10) as u8));
    text.extend_from_slice(BETWEEN.as_bytes());
    text.extend_from_slice(level.as_bytes());
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("words and digits are allowed in a field value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_hit_is_written_as_a_formatter_would() {
        for ttl in [0, 9, 10, 907, u64::MAX] {
            assert_eq!(status_of_hit("shop", ttl, "memory"), format!("shop; hit; ttl={ttl}; detail=memory"));
        }
    }
}
