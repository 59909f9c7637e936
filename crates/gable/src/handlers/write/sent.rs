//! A request to write, read whole and by somebody who may.

use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::body::Body as _;
use hyper::header::{HeaderMap, IF_MATCH};
use listings::NewProperty;
use listings::record::{Malformed, Onto, Record};
use listings::repetition::Key;
use listings::search::Refusal;
use sha2::{Digest as _, Sha256};

use super::media_type;
use crate::access::Caller;
use crate::error::Error;

/// A request to write, read whole and by somebody who may.
pub(super) struct Sent {
    pub(super) caller: Caller,
    pub(super) headers: HeaderMap,
    /// The method and the path: what is written.
    target: String,
    body: String,
}

impl Sent {
    /// Reads a request with a body of one of these kinds; of none where it must have no body. Whoever may not write is told
    /// so before the body is read.
    pub(super) async fn read(
        client: Option<Caller>,
        request: Request,
        accepted: &[&'static str],
    ) -> Result<Sent, Error> {
        let caller = client.ok_or_else(Error::sign_in)?;
        caller.need_write()?;
        refuse_parameters(request.uri().query())?;
        if accepted.is_empty() && !request.body().is_end_stream() {
            return Err(Error::Malformed(format!("a {} request has no body", request.method())));
        }
        if !accepted.is_empty() {
            media_type::of(request.headers(), accepted)?;
        }
        let (parts, body) = request.into_parts();
        let target = format!("{} {}", parts.method, parts.uri.path());
        Ok(Sent { caller, headers: parts.headers, target, body: text(body).await? })
    }

    /// The record in the body.
    pub(super) fn record(&self) -> Result<Record, Error> {
        Record::of_json(&self.body).map_err(|malformed| match malformed {
            Malformed::NoObject => Error::Unprocessable(format!("the body is JSON, but {malformed}")),
            _ => Error::Malformed(format!("the body can't be read: {malformed}")),
        })
    }

    /// The new listing in the body.
    pub(super) fn new_property(&self) -> Result<NewProperty, Error> {
        self.record()?.check(Onto::New).map_err(Error::Values)
    }

    /// The name that was given to this write, if it was given one (draft-ietf-httpapi-idempotency-key-header).
    pub(super) fn key(&self) -> Result<Option<Key>, Error> {
        let mut values = self.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = value.to_str().unwrap_or("?");
        let key = if values.next().is_none() { key_of(text) } else { None };
        let key = key.ok_or_else(|| {
            let rule = "must be given once: 1 to 255 visible ASCII characters, in double quotes or without"
                .to_owned();
            let value = text.chars().take(100).collect();
            Error::Parameters(vec![Refusal { parameter: "Idempotency-Key".to_owned(), value, rule }])
        })?;
        let owner = self.caller.user_id.to_string();
        Ok(Some(Key { owner, key, fingerprint: self.fingerprint() }))
    }

    /// What tells this write from another that was given the same name.
    fn fingerprint(&self) -> String {
        let mut digest = Sha256::new().chain_update(&self.target);
        for value in self.headers.get_all(IF_MATCH) {
            digest = digest.chain_update(b"\n").chain_update(value);
        }
        // A field has no line break, so nothing can be taken for the body but the body.
        URL_SAFE_NO_PAD.encode(digest.chain_update(b"\n\n").chain_update(&self.body).finalize())
    }
}

/// The body as text. One that is too large or too slow is answered by the server.
async fn text(body: axum::body::Body) -> Result<String, Error> {
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|_| Error::Malformed("the body did not come to its end".to_owned()))?;
    String::from_utf8(bytes.into()).map_err(|error| {
        Error::Malformed(format!("the body is not UTF-8 from byte {} on", error.utf8_error().valid_up_to()))
    })
}

/// Nothing is written by parameters: whoever gives some means something that would not happen.
fn refuse_parameters(query: Option<&str>) -> Result<(), Error> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let refusals: Vec<Refusal> = pairs
        .map(|(name, value)| Refusal {
            parameter: name.chars().take(100).collect(),
            value: value.chars().take(100).collect(),
            rule: "unknown parameter; what is written is in the body alone".to_owned(),
        })
        .collect();
    if refusals.is_empty() { Ok(()) } else { Err(Error::Parameters(refusals)) }
}

/// The key in a field: a string of RFC 8941 §3.3.3, or the same without its quotes.
fn key_of(text: &str) -> Option<String> {
    let key = match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted.strip_suffix('"')?)?,
        None => text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"').then(|| text.to_owned())?,
    };
    (1..=255).contains(&key.len()).then_some(key)
}

fn unquoted(inside: &str) -> Option<String> {
    let (mut key, mut characters) = (String::new(), inside.chars());
    while let Some(character) = characters.next() {
        key.push(match character {
            '\\' => characters.next().filter(|escaped| ['"', '\\'].contains(escaped))?,
            '"' => return None,
            ' '..='~' => character,
            _ => return None,
        });
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_with_its_quotes_or_without() {
        let longest = "k".repeat(255);
        for (given, key) in [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("\"a b\"", "a b"),
            ("\"a\\\"b\\\\\"", "a\"b\\"),
            ("a;b=c", "a;b=c"),
            (&longest, &longest),
        ] {
            assert_eq!(key_of(given).as_deref(), Some(key));
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        let too_long = "k".repeat(256);
        for given in [
            "",
            "\"",
            "\"\"",
            "\"a",
            "a\"",
            "a b",
            "\"a\";p=1",
            "\"a\"b\"",
            "\"\\n\"",
            "\"é\"",
            "a\tb",
            &too_long,
        ] {
            assert_eq!(key_of(given), None, "{given}");
        }
    }
}
