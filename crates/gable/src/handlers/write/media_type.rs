//! What kind of body a request brings.

use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use crate::error::Error;

/// A JSON document (RFC 8259).
pub(in crate::handlers) const JSON: &str = "application/json";
/// A JSON document that changes another (RFC 7396).
pub(in crate::handlers) const MERGE_PATCH: &str = "application/merge-patch+json";

/// Which of the accepted kinds a body is. It must come as it is: what is small under a coding may be large without.
pub(in crate::handlers) fn of(headers: &HeaderMap, accepted: &[&'static str]) -> Result<&'static str, Error> {
    if headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(Error::MediaType(
            "Content-Encoding: a body is accepted without a coding only".to_owned(),
        ));
    }
    let refused = || Error::MediaType(format!("Content-Type must be {}", accepted.join(" or ")));
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(refused()) };
    let value = value.to_str().map_err(|_| refused())?;
    let mut parts = value.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    let found = accepted.iter().find(|known| known.eq_ignore_ascii_case(essence)).ok_or_else(refused)?;
    if parts.any(is_another_charset) {
        return Err(Error::MediaType("Content-Type: the charset must be utf-8".to_owned()));
    }
    Ok(found)
}

fn is_another_charset(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let charset = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("charset")
        && !["utf-8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(charset))
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn found(fields: &[(HeaderName, &'static str)]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        of(&headers, &[JSON, MERGE_PATCH]).ok()
    }

    #[test]
    fn a_kind_may_be_spelt_in_either_case_and_with_parameters() {
        for (value, kind) in [
            ("application/json", JSON),
            ("Application/JSON ; charset=\"UTF-8\"", JSON),
            ("application/merge-patch+json; x=y", MERGE_PATCH),
        ] {
            assert_eq!(found(&[(CONTENT_TYPE, value)]), Some(kind), "{value}");
        }
    }

    #[test]
    fn no_kind_two_kinds_and_other_kinds_are_refused() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[(CONTENT_TYPE, "application/json"), (CONTENT_TYPE, "application/json")]), None);
        for value in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json, text/html",
            "application/json; charset=latin1",
        ] {
            assert_eq!(found(&[(CONTENT_TYPE, value)]), None, "{value}");
        }
    }

    #[test]
    fn no_coding_is_undone() {
        for coding in ["gzip", "br", "identity, gzip", ""] {
            assert_eq!(
                found(&[(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, coding)]),
                None,
                "{coding}"
            );
        }
        assert!(found(&[(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "Identity")]).is_some());
    }
}
