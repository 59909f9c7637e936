//! The cookie of a session.

use hyper::header::{COOKIE, HeaderMap, HeaderValue};
use listings::accounts::{Secret, session};

/// Its name over http.
pub const NAME: &str = "gable_session";
/// Its name over https: with this beginning a browser takes it from this very host only, and over https.
pub const SECURE_NAME: &str = "__Host-gable_session";

/// Whether a request has a session's cookie, right or wrong: then it is somebody's own, and no page for all.
#[must_use]
pub fn is_there(headers: &HeaderMap) -> bool {
    pairs(headers).any(|pair| value(pair, NAME).or(value(pair, SECURE_NAME)).is_some())
}

/// The secret that a request shows. Of several cookies of one name one is not ours, and nobody can tell which: so none counts.
#[must_use]
pub fn secret(headers: &HeaderMap, is_https: bool) -> Option<Secret> {
    let mut values = values(headers, name(is_https));
    let value = values.next().filter(|value| !value.is_empty())?;
    if values.next().is_some() {
        return None;
    }
    str::from_utf8(value).ok().map(Secret::shown)
}

/// The cookie that keeps a secret in the browser.
///
/// # Panics
/// Never: a secret of ours is of letters, digits, `-` and `_`.
#[must_use]
pub fn keeping(secret: &Secret, is_https: bool) -> HeaderValue {
    cookie(secret.reveal(), session::LONGEST.num_seconds(), is_https)
}

/// The cookie that takes it away.
#[must_use]
pub fn ending(is_https: bool) -> HeaderValue {
    cookie("", 0, is_https)
}

fn cookie(value: &str, seconds: i64, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let name = name(is_https);
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("letters, digits and signs are allowed in a field value")
}

fn name(is_https: bool) -> &'static str {
    if is_https { SECURE_NAME } else { NAME }
}

/// The values of every cookie of that name (RFC 6265 §4.2.1), as bytes: what is no text is there all the same.
fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    pairs(headers).filter_map(|pair| value(pair, name))
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).iter().flat_map(|field| field.as_bytes().split(|byte| *byte == b';'))
}

fn value<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(cookies: &[&'static str]) -> HeaderMap {
        cookies.iter().map(|cookie| (COOKIE, HeaderValue::from_static(cookie))).collect()
    }

    #[test]
    fn the_secret_is_found_among_other_cookies() {
        for cookies in
            [&["gable_session=abc"][..], &["a=b; gable_session=abc;c=d"], &["a=b", " gable_session=abc "]]
        {
            let headers = asking(cookies);
            assert_eq!(secret(&headers, false), Some(Secret::shown("abc")), "{cookies:?}");
            assert_eq!(secret(&headers, true), None, "over https it has another name");
            assert!(is_there(&headers));
        }
    }

    #[test]
    fn of_two_cookies_none_counts_and_still_the_request_is_nobody_elses() {
        for cookies in [
            &["gable_session=a; gable_session=b"][..],
            &["gable_session=a", "gable_session=b"],
            &["gable_session="],
        ] {
            let headers = asking(cookies);
            assert_eq!(secret(&headers, false), None, "{cookies:?}");
            assert!(is_there(&headers), "{cookies:?}");
        }
        let headers =
            HeaderMap::from_iter([(COOKIE, HeaderValue::from_bytes(b"gable_session=\xff").unwrap())]);
        assert!(secret(&headers, false).is_none() && is_there(&headers));
    }

    #[test]
    fn what_is_only_called_alike_is_not_it() {
        for cookies in [&["gable_sessions=a; my_gable_session=b"][..], &["write_token=gable_session"], &[]] {
            assert!(!is_there(&asking(cookies)), "{cookies:?}");
        }
    }
}
