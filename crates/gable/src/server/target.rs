//! The request target: its length, its form and its encoding.

use axum::http::uri::{PathAndQuery, Scheme};
use axum::http::{Method, Uri};
use percent_encoding::percent_decode_str;

use super::refusal::{Reason, Refusal, quoted};

/// Refuses a target longer than `limit` bytes: RFC 9110, section 15.5.15.
pub(super) fn check_length(target: &Uri, limit: usize) -> Result<(), Refusal> {
    let length = length_of(target);
    if length <= limit {
        return Ok(());
    }
    Err(too_long(&format!("{length} bytes"), limit))
}

/// The refusal of a target that is too long.
pub(super) fn too_long(length: &str, limit: usize) -> Refusal {
    Refusal::new(
        Reason::TargetTooLong,
        format!("the request target has {length}; up to {limit} are accepted"),
    )
}

fn length_of(target: &Uri) -> usize {
    let authority = target.authority().map_or(0, |it| it.as_str().len());
    let path_and_query = target.path_and_query().map_or(0, |it| it.as_str().len());
    authority + path_and_query
}

/// Refuses methods that no route serves: RFC 9110, section 9.1, asks for 501. What a route may
/// still refuse of the others is its own 405, with `Allow`.
pub(super) fn check_method(method: &Method) -> Result<(), Refusal> {
    const SERVED: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if SERVED.contains(method) {
        return Ok(());
    }
    Err(Refusal::new(Reason::Method, format!("the method {} is not known here", quoted(method.as_str()))))
}

/// Refuses targets other than a path or an absolute `http` or `https` URL: RFC 9112, section 3.2.
pub(super) fn check_form(target: &Uri) -> Result<(), Refusal> {
    let web = |scheme: &Scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS;
    let absolute = target.scheme().is_some_and(web) && target.authority().is_some();
    let origin = target.scheme().is_none() && target.authority().is_none();
    if (absolute || origin) && target.path().starts_with('/') {
        return Ok(());
    }
    Err(Refusal::new(
        Reason::TargetForm,
        format!("the request target {} is neither a path nor an http URL", quoted(&target.to_string())),
    ))
}

/// The target without scheme and host, once these have been checked.
pub(super) fn origin_form(target: &Uri) -> Uri {
    let path_and_query = target.path_and_query().cloned();
    Uri::from(path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")))
}

/// Refuses path or query when they do not decode to text without NUL.
///
/// A slash that is encoded in the path is refused too: after decoding it could not be told from
/// the slash between two segments, and `/properties/1%2F2/` is no property.
pub(super) fn check_encoding(target: &Uri) -> Result<(), Refusal> {
    // Nearly every target: nothing is encoded in it.
    if [target.path(), target.query().unwrap_or_default()].iter().all(|text| is_plain(text)) {
        return Ok(());
    }
    check_text("path", target.path())?;
    if let Some(escape) = escapes(target.path()).find(|it| it.eq_ignore_ascii_case("2F")) {
        let problem = format!("has %{escape}, a slash that is encoded");
        return Err(wrongly_encoded("path", &problem, target.path()));
    }
    check_text("query", target.query().unwrap_or_default())
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii() && byte != b'%')
}

fn check_text(part: &str, text: &str) -> Result<(), Refusal> {
    if let Some(escape) = escapes(text).find(|it| !is_hexadecimal(it)) {
        let problem = format!("has {}, which encodes nothing", quoted(&format!("%{escape}")));
        return Err(wrongly_encoded(part, &problem, text));
    }
    if escapes(text).any(|escape| escape == "00") {
        return Err(wrongly_encoded(part, "has %00, a NUL", text));
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(_) => Ok(()),
        Err(_) => Err(wrongly_encoded(part, "does not decode to UTF-8", text)),
    }
}

/// What follows each percent sign: two characters, or fewer where there are no more.
fn escapes(text: &str) -> impl Iterator<Item = &str> {
    text.split('%').skip(1).map(|rest| {
        let end = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
        &rest[..end]
    })
}

fn is_hexadecimal(escape: &str) -> bool {
    escape.len() == 2 && escape.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn wrongly_encoded(part: &str, problem: &str, text: &str) -> Refusal {
    Refusal::new(Reason::Encoding, format!("the {part} {} {problem}", quoted(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &'static str) -> Result<(), String> {
        check_encoding(&Uri::from_static(target)).map_err(|refusal| refusal.detail)
    }

    #[test]
    fn text_is_accepted_however_it_is_encoded() {
        for target in ["/", "/a%20b/%c3%a9?q=%C3%A9+x&r=%2F%25&s=%0A", "/?q=a/b"] {
            assert_eq!(check(target), Ok(()), "{target}");
        }
    }

    #[test]
    fn what_is_not_text_is_refused_by_part() {
        for (target, part, problem) in [
            ("/a%00", "path", "NUL"),
            ("/?q=%00", "query", "NUL"),
            ("/%ff", "path", "UTF-8"),
            ("/?q=%C3", "query", "UTF-8"),
            ("/%", "path", "encodes nothing"),
            ("/?q=100%&r=1", "query", "encodes nothing"),
            ("/?q=%+1", "query", "encodes nothing"),
            ("/a%2fb", "path", "slash"),
        ] {
            let detail = check(target).expect_err(target);
            assert!(detail.starts_with(&format!("the {part}")), "{detail}");
            assert!(detail.contains(problem), "{detail}");
        }
    }
}
