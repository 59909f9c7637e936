//! What a writer is told, so that the next request sees what was written, whichever node answers it.

use std::fmt::Display;

use hyper::header::{CACHE_CONTROL, HeaderMap, HeaderValue, SET_COOKIE};
use larder::TokenKey;
use larder::cache::page::WRITE_TOKEN;
use listings::store::Written;

use crate::application::Application;

/// For how long a browser shows its token: every node has seen the write, or been told that it can't, long before.
const COOKIE_SECONDS: u32 = 60;

/// Says in an answer what was written: as the field `Write-Token` for programs and as a cookie for browsers. Such an answer is
/// its writer's alone. Where nobody writes down what changes there is no token, and every read asks the database.
pub fn stamp(headers: &mut HeaderMap, written: &Written, application: &Application) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let Some(text) = text(written, &application.token_key) else { return };
    let is_https = application.site_url.starts_with("https://");
    headers.append(SET_COOKIE, value(cookie(&text, is_https)));
    headers.insert(WRITE_TOKEN, value(text));
}

/// The token as text, for whoever reads it out of a body.
#[must_use]
pub fn text(written: &Written, key: &TokenKey) -> Option<String> {
    written.token.map(|token| key.sign(token))
}

fn cookie(token: &str, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    format!("write_token={token}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}")
}

fn value(text: impl Display) -> HeaderValue {
    HeaderValue::from_str(&text.to_string())
        .expect("a token is digits, letters, dots, hyphens and underscores")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_the_whole_site_for_a_minute_and_for_no_script() {
        let attributes = "Path=/; Max-Age=60; HttpOnly; SameSite=Lax";
        assert_eq!(cookie("a.1.b", false), format!("write_token=a.1.b; {attributes}"));
        assert_eq!(cookie("a.1.b", true), format!("write_token=a.1.b; {attributes}; Secure"));
    }

    #[test]
    fn where_nothing_is_written_down_there_is_no_token() {
        assert_eq!(text(&Written { token: None }, &TokenKey::new(b"secret")), None);
    }
}
