//! Header fields that keep a browser from doing what the pages never ask for.

use std::sync::LazyLock;

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY_FIELD, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_FRAME_OPTIONS,
};

/// For every page: everything from here, nothing from elsewhere, nothing inline. A frame of ours may show it: that is how staff
/// see what has come of what they saved.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";

/// For the admin area: it may show a public page in a frame, and be shown in none.
const ADMIN_CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; \
     frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For the page of the API's documentation: its viewer styles itself with inline styles.
pub const DOCS_CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self' data:; style-src 'self' \
     'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The fields of every answer.
pub const FIELDS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// The same as they are sent, checked once.
static STAMPS: LazyLock<[(HeaderName, HeaderValue); FIELDS.len()]> = LazyLock::new(|| {
    FIELDS.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
});

/// The fields of an answer that brings none of its own.
#[must_use]
pub fn fields(is_https: bool) -> HeaderMap {
    let mut fields = HeaderMap::from_iter(STAMPS.clone());
    if is_https {
        fields.insert(STRICT_TRANSPORT_SECURITY, FOR_A_YEAR);
    }
    fields
}

const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the fields to an answer that does not bring its own; over https, one more: that it stays so.
pub fn protect(is_https: bool, headers: &mut HeaderMap) {
    for (name, value) in &*STAMPS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if is_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, FOR_A_YEAR);
    }
}

/// Whether a path belongs to the admin area.
#[must_use]
pub fn is_admin(path: &str) -> bool {
    path == "/admin" || path.starts_with("/admin/")
}

/// Says of an answer from the admin area, whatever it is, that nobody may keep it, and that its address is told to no other
/// site.
pub fn seclude(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(CONTENT_SECURITY_POLICY_FIELD, HeaderValue::from_static(ADMIN_CONTENT_SECURITY_POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}
