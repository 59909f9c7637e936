//! Whether a request that changes something was meant by whoever's browser sent it.
//!
//! Two things are asked of it: that it comes from a page of this site, which the browser says, and that it carries what only a
//! page made for this session can.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::Method;
use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use listings::accounts::Secret;
use sha2::Sha256;

use crate::error::Error;

/// The hidden field of every form.
pub const FIELD: &str = "csrf_token";
/// Where a script of ours would send the same.
pub const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the forms of a session carry.
#[must_use]
pub fn token(secret: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(mac(secret).finalize().into_bytes())
}

/// Whether that is what the forms of a session carry.
#[must_use]
pub fn is_token(secret: &Secret, given: &str) -> bool {
    URL_SAFE_NO_PAD.decode(given).is_ok_and(|given| mac(secret).verify_slice(&given).is_ok())
}

fn mac(secret: &Secret) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes());
    mac.expect("HMAC takes a key of any length").chain_update(b"csrf")
}

/// Whether a request changes nothing (RFC 9110 §9.2.1).
#[must_use]
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses a request that another site has a browser send, or of which nobody says where it is from.
pub fn check_origin(headers: &HeaderMap, site_url: &str) -> Result<(), Error> {
    let refused = |what: &str| {
        let why = format!("{what}: forms of other sites are not taken here, and nothing was changed");
        Err(Error::Forbidden(why))
    };
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return match site.as_bytes() {
            b"same-origin" | b"none" => Ok(()),
            _ => refused("The request was sent from another site"),
        };
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next().and_then(|origin| origin.to_str().ok()), origins.next()) {
        (Some(origin), None) if is_this_site(origin, headers, site_url) => Ok(()),
        (None, None) => refused("The request does not say which site it comes from (Origin)"),
        _ => refused("The request comes from another site, or SITE_URL is not how this one is addressed"),
    }
}

/// Whether that is this site: as it is addressed from outside, or as this request addresses it.
fn is_this_site(origin: &str, headers: &HeaderMap, site_url: &str) -> bool {
    let Some((scheme, site)) = site_url.split_once("://") else { return false };
    let Some(from) = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")) else {
        return false;
    };
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_from = |host: &str| without_port(host, scheme).eq_ignore_ascii_case(without_port(from, scheme));
    !from.is_empty() && (is_from(site) || asked.is_some_and(is_from))
}

/// A host without the port that goes without saying.
fn without_port<'a>(host: &'a str, scheme: &str) -> &'a str {
    host.strip_suffix(if scheme == "https" { ":443" } else { ":80" }).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn sent(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let fields = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        fields.collect()
    }

    fn is_taken(fields: &[(&'static str, &'static str)], site_url: &str) -> bool {
        check_origin(&sent(fields), site_url).is_ok()
    }

    #[test]
    fn a_form_of_this_site_is_taken_however_the_site_is_addressed() {
        let site = "https://homes.example";
        for origin in ["https://homes.example", "https://HOMES.example", "https://homes.example:443"] {
            assert!(is_taken(&[("origin", origin), ("host", "10.0.0.1:8000")], site), "{origin}");
        }
        assert!(is_taken(&[("origin", "https://www.homes.example"), ("host", "www.homes.example")], site));
        assert!(is_taken(&[("sec-fetch-site", "same-origin"), ("host", "homes.example")], site));
        assert!(is_taken(&[("sec-fetch-site", "none")], site));
        assert!(is_taken(
            &[("origin", "http://[::1]:8000"), ("host", "[::1]:8000")],
            "http://127.0.0.1:8000"
        ));
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let site = "https://homes.example";
        for origin in [
            "http://homes.example",
            "https://homes.example.evil.example",
            "https://evil.example",
            "https://homes.example:8443",
            "https://sub.homes.example",
            "https://homes.example@evil.example",
            "https://",
            "null",
            "",
        ] {
            assert!(!is_taken(&[("origin", origin), ("host", "homes.example")], site), "{origin}");
        }
        for site_of_it in ["cross-site", "same-site", "", "SAME-ORIGIN"] {
            let fields = [("sec-fetch-site", site_of_it), ("origin", "https://homes.example")];
            assert!(!is_taken(&fields, site), "{site_of_it}");
        }
        assert!(!is_taken(&[("host", "homes.example")], site), "nobody says where it is from");
    }

    #[test]
    fn each_session_has_a_token_of_its_own() {
        let (one, other) = (Secret::of_session([1; 32]), Secret::of_session([2; 32]));
        assert!(is_token(&one, &token(&one)));
        assert!(!is_token(&one, &token(&other)));
        for given in ["", "x", &token(&one)[1..], &format!("{}A", token(&one)), one.reveal()] {
            assert!(!is_token(&one, given), "{given}");
        }
    }
}
