//! Which host a request is for, and whether that is us.

use std::net::Ipv6Addr;
use std::sync::OnceLock;

use axum::http::header::HOST;
use axum::http::{HeaderMap, HeaderValue, Uri};

use super::allowed_hosts::AllowedHosts;
use super::refusal::{Reason, Refusal, quoted};

/// The host in a `Host` header or a request target: RFC 3986, section 3.2.2, of which only names
/// as DNS has them and IP addresses occur in practice. A name is without the dot at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    Name(&'a str),
    Address(Ipv6Addr),
}

/// The text isn't `host` or `host:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAHost;

impl<'a> Host<'a> {
    /// Reads `host[:port]`; the port may be empty (RFC 3986, section 3.2.3).
    pub(super) fn parse(text: &'a str) -> Result<(Self, Option<u16>), NotAHost> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, rest) = rest.split_once(']').ok_or(NotAHost)?;
            (Self::address(address)?, rest)
        } else {
            let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
            (Self::name(name)?, rest)
        };
        Ok((host, parse_port(port)?))
    }

    fn address(text: &str) -> Result<Self, NotAHost> {
        text.parse().map(Self::Address).map_err(|_| NotAHost)
    }

    fn name(text: &'a str) -> Result<Self, NotAHost> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let sound = name.split('.').all(is_label);
        sound.then_some(Self::Name(name)).ok_or(NotAHost)
    }
}

/// Letters, digits and hyphens: RFC 1123, section 2.1. Django refuses the underscore as well.
fn is_label(label: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty() && label.bytes().all(sound)
}

fn parse_port(text: &str) -> Result<Option<u16>, NotAHost> {
    match text.strip_prefix(':') {
        None if text.is_empty() => Ok(None),
        Some("") => Ok(None),
        // `parse` alone would accept a plus sign.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| NotAHost)
        }
        _ => Err(NotAHost),
    }
}

/// The host that the client of one connection has asked for, and may: it asks for the same one again and again, and that is
/// looked at once.
#[derive(Debug, Default)]
pub(super) struct AdmittedHost(OnceLock<HeaderValue>);

impl AdmittedHost {
    /// Refuses a request that does not say exactly once, in a valid form, that it is for us.
    ///
    /// RFC 9112, section 3.2: 400 for a missing, repeated or invalid `Host`. HTTP/1.0 knew no `Host`;
    /// a request without one is refused all the same, as nobody can tell which site it is for. Where
    /// the target names a host as well (absolute form), both must be ours. Without `allowed`, any host is.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        target: &Uri,
        allowed: Option<&AllowedHosts>,
    ) -> Result<(), Refusal> {
        let host = only_host(headers)?;
        if self.0.get() != Some(host) {
            admit("the Host header", text(host)?, allowed)?;
            if allowed.is_some() {
                // A copy: as it is, it holds on to all that was read with it.
                let _ = HeaderValue::from_bytes(host.as_bytes()).map(|host| self.0.set(host));
            }
        }
        match target.authority() {
            Some(authority) => admit("the request target", authority.as_str(), allowed),
            None => Ok(()),
        }
    }
}

fn text(host: &HeaderValue) -> Result<&str, Refusal> {
    host.to_str().map_err(|_| refused("the Host header has bytes that are not ASCII"))
}

fn only_host(headers: &HeaderMap) -> Result<&HeaderValue, Refusal> {
    let mut values = headers.get_all(HOST).iter();
    let host = values.next().ok_or_else(|| refused("the request has no Host header"))?;
    if values.next().is_some() {
        return Err(refused("the request has more than one Host header"));
    }
    Ok(host)
}

fn admit(place: &str, text: &str, allowed: Option<&AllowedHosts>) -> Result<(), Refusal> {
    let (host, _) = Host::parse(text)
        .map_err(|NotAHost| refused(format!("{place} names {}, not a host", quoted(text))))?;
    if allowed.is_none_or(|allowed| allowed.allow(host)) {
        return Ok(());
    }
    Err(refused(format!(
        "{place} names {}, which is not a host of this site (setting ALLOWED_HOSTS)",
        quoted(text)
    )))
}

fn refused(detail: impl Into<String>) -> Refusal {
    Refusal::new(Reason::Host, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        let name = Host::Name("example.com");
        let address = Host::Address(Ipv6Addr::LOCALHOST);
        assert_eq!(Host::parse("example.com"), Ok((name, None)));
        assert_eq!(Host::parse("example.com:"), Ok((name, None)));
        assert_eq!(Host::parse("example.com.:80"), Ok((name, Some(80))));
        assert_eq!(Host::parse("[::1]:8000"), Ok((address, Some(8000))));
    }

    #[test]
    fn what_was_admitted_once_admits_nothing_else() {
        let (admitted, ours) = (AdmittedHost::default(), AllowedHosts::parse("example.com").unwrap());
        let asks = |host: &'static str, target: &'static str| {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            admitted.check(&headers, &Uri::from_static(target), Some(&ours)).is_ok()
        };
        assert!(asks("example.com", "/") && asks("example.com", "/"));
        assert!(!asks("example.net", "/"));
        assert!(asks("EXAMPLE.com:80", "/"));
        assert!(!asks("example.com", "http://example.net/"));
    }

    #[test]
    fn a_host_that_any_path_may_have_is_not_admitted_for_the_others() {
        let (admitted, ours) = (AdmittedHost::default(), AllowedHosts::parse("example.com").unwrap());
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("10.0.0.1"))]);
        assert!(admitted.check(&headers, &Uri::from_static("/healthz"), None).is_ok());
        assert!(admitted.check(&headers, &Uri::from_static("/"), Some(&ours)).is_err());
    }

    #[test]
    fn anything_else_is_not_a_host() {
        for text in [
            "",
            ".",
            "a..b",
            "a b",
            "a_b",
            "a,b",
            "a/b",
            "user@a",
            "a:b",
            "a:+1",
            "a:65536",
            "a:1:2",
            "::1",
            "[::1",
            "[]",
            "[::1]x",
            "[fe80::1%25eth0]",
            "bücher",
        ] {
            assert_eq!(Host::parse(text), Err(NotAHost), "{text}");
        }
    }
}
