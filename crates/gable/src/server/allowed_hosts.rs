//! The names that the site answers to: the setting `ALLOWED_HOSTS`, as in Django.

use std::net::Ipv6Addr;
use std::str::FromStr;

use thiserror::Error;

use super::host::Host;

/// The names that the site answers to.
///
/// * `example.com` is that name alone,
/// * `.example.com` is that name and every name below it,
/// * `[::1]` is an IPv6 address, however it is written,
/// * `*` is every name.
///
/// Case, a dot at the end and the port of the request do not matter (Django's documentation,
/// [`ALLOWED_HOSTS`](https://docs.djangoproject.com/en/5.2/ref/settings/#allowed-hosts)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Everything,
    Name(String),
    Domain(String),
    Address(Ipv6Addr),
}

/// What is wrong with a list of allowed hosts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AllowedHostsError {
    /// There is not one name in the list.
    #[error("no host is named; give names with commas between them, such as example.com,.example.org")]
    Empty,
    /// One entry is not a name.
    #[error("{entry:?} is not a host: {problem}")]
    Entry {
        /// The entry as it was given.
        entry: String,
        /// What is wrong, and what would be right.
        problem: &'static str,
    },
}

impl AllowedHosts {
    /// Reads a list with commas between its entries; empty entries are skipped.
    ///
    /// # Errors
    ///
    /// When nothing is named, or an entry can never be the name in a request.
    pub fn parse(list: &str) -> Result<Self, AllowedHostsError> {
        let entries = list.split(',').map(str::trim).filter(|it| !it.is_empty());
        let patterns = entries.map(pattern).collect::<Result<Vec<_>, _>>()?;
        if patterns.is_empty() {
            return Err(AllowedHostsError::Empty);
        }
        Ok(Self { patterns })
    }

    /// The names of this machine for itself: `localhost`, names below it, `127.0.0.1` and `[::1]`.
    #[must_use]
    pub fn loopback() -> Self {
        Self {
            patterns: vec![
                Pattern::Domain("localhost".to_owned()),
                Pattern::Name("127.0.0.1".to_owned()),
                Pattern::Address(Ipv6Addr::LOCALHOST),
            ],
        }
    }

    /// A name that is allowed, for a request of our own; none where every name is.
    #[must_use]
    pub fn example(&self) -> Option<String> {
        self.patterns.iter().find_map(|pattern| match pattern {
            Pattern::Everything => None,
            Pattern::Name(name) | Pattern::Domain(name) => Some(name.clone()),
            Pattern::Address(address) => Some(format!("[{address}]")),
        })
    }

    pub(super) fn allow(&self, host: Host<'_>) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(host))
    }
}

impl FromStr for AllowedHosts {
    type Err = AllowedHostsError;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        Self::parse(list)
    }
}

impl Pattern {
    fn matches(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::Everything, _) => true,
            (Self::Name(own), Host::Name(name)) => own.eq_ignore_ascii_case(name),
            (Self::Domain(own), Host::Name(name)) => is_within(name, own),
            (Self::Address(own), Host::Address(address)) => *own == address,
            (Self::Address(_), Host::Name(_)) | (Self::Name(_) | Self::Domain(_), Host::Address(_)) => false,
        }
    }
}

/// Whether `name` is `domain` or lies below it. Both are ASCII, so any byte is a boundary.
fn is_within(name: &str, domain: &str) -> bool {
    let Some(start) = name.len().checked_sub(domain.len()) else {
        return false;
    };
    let (above, end) = name.split_at(start);
    end.eq_ignore_ascii_case(domain) && (above.is_empty() || above.ends_with('.'))
}

fn pattern(entry: &str) -> Result<Pattern, AllowedHostsError> {
    if entry == "*" {
        return Ok(Pattern::Everything);
    }
    let below = entry.strip_prefix('.');
    match (below, Host::parse(below.unwrap_or(entry))) {
        (Some(_), Ok((Host::Name(name), None))) => Ok(Pattern::Domain(name.to_owned())),
        (None, Ok((Host::Name(name), None))) => Ok(Pattern::Name(name.to_owned())),
        (None, Ok((Host::Address(address), None))) => Ok(Pattern::Address(address)),
        _ => Err(AllowedHostsError::Entry { entry: entry.to_owned(), problem: problem(entry) }),
    }
}

fn problem(entry: &str) -> &'static str {
    if entry.contains("://") {
        "write the name alone, without a scheme"
    } else if entry.contains('/') {
        "write the name alone, without a path"
    } else if entry.contains('*') {
        "write .example.com for all names below example.com, and * alone for every name"
    } else if entry.parse::<Ipv6Addr>().is_ok() {
        "write an IPv6 address in brackets, such as [::1]"
    } else if !entry.is_ascii() {
        "write an international name in its ASCII form, such as xn--bcher-kva.example"
    } else if entry.contains(':') {
        "write the name alone; every port is allowed"
    } else {
        "a name has letters, digits, hyphens and dots"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &str, host: &str) -> bool {
        let (host, _) = Host::parse(host).expect("the test names a host");
        AllowedHosts::parse(list).expect("the test gives a list").allow(host)
    }

    #[test]
    fn a_name_is_itself_alone() {
        assert!(allows("example.com", "example.com"));
        assert!(!allows("example.com", "www.example.com"));
        assert!(!allows("example.com", "example.com.evil.example"));
    }

    #[test]
    fn a_leading_dot_is_the_name_and_all_below_it() {
        assert!(allows(".example.com", "example.com"));
        assert!(allows(".example.com", "a.b.example.com"));
        assert!(!allows(".example.com", "badexample.com"));
        assert!(!allows(".example.com", "com"));
    }

    #[test]
    fn case_port_and_a_dot_at_the_end_do_not_matter() {
        assert!(allows("Example.com", "eXample.COM:8000"));
        assert!(allows("example.com", "example.com."));
        assert!(allows("example.com.", "example.com"));
        assert!(allows(".example.com", "WWW.example.com.:80"));
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        assert!(allows("[::1]", "[0:0::1]:8000"));
        assert!(!allows("[::1]", "[::2]"));
        assert!(!allows("[::1]", "localhost"));
    }

    #[test]
    fn a_star_is_every_name() {
        assert!(allows("*", "anything.example"));
        assert!(allows("*", "[::1]"));
    }

    #[test]
    fn loopback_is_this_machine() {
        let loopback = AllowedHosts::loopback();
        for name in ["localhost", "gable.localhost:8000", "127.0.0.1", "[::1]:80"] {
            let (host, _) = Host::parse(name).unwrap();
            assert!(loopback.allow(host), "{name}");
        }
        let (host, _) = Host::parse("example.com").unwrap();
        assert!(!loopback.allow(host));
    }

    #[test]
    fn several_names_may_have_spaces_and_a_comma_at_the_end() {
        assert!(allows("a.example, b.example,", "b.example"));
    }

    #[test]
    fn an_empty_list_is_refused() {
        assert_eq!(AllowedHosts::parse(" , "), Err(AllowedHostsError::Empty));
    }

    #[test]
    fn an_entry_that_can_never_match_is_refused_with_advice() {
        for (entry, advice) in [
            ("https://example.com", "without a scheme"),
            ("example.com/", "without a path"),
            ("*.example.com", ".example.com"),
            ("::1", "in brackets"),
            ("example.com:8000", "every port"),
            ("bücher.example", "xn--"),
            ("ex ample", "letters"),
            (".[::1]", "every port"),
            (".", "letters"),
        ] {
            let error = AllowedHosts::parse(entry).expect_err(entry).to_string();
            assert!(error.contains(advice), "{error}");
        }
    }
}
