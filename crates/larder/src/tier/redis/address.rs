//! Where a Redis is: from a URL to hosts, and what to say to them.

use std::fmt;

use percent_encoding::percent_decode_str;

/// Where a Redis, a cluster of them, or those who know where it is, are reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Who is asked: one for a single server, several for a cluster; or sentinels.
    pub(super) hosts: Vec<(String, u16)>,
    /// What the sentinels call the server; none where no sentinels are asked.
    pub(super) master: Option<String>,
    /// Whether it speaks TLS.
    pub(super) is_encrypted: bool,
    /// The number of the database.
    pub(super) database: i64,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// Certificates in PEM that are trusted, in the place of the system's.
    pub(super) authorities: Option<Vec<u8>>,
}

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

impl Address {
    /// The address of a URL:
    ///
    /// ```text
    /// redis://[[user]:password@]host[:port][,host[:port]…][/database]     several hosts are a cluster
    /// rediss://…                                                          the same over TLS
    /// redis+sentinel://[[user]:password@]name@host[:port][,…][/database]  `name` is what the sentinels call it
    /// rediss+sentinel://…
    /// ```
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(url: &str) -> Result<Address, &'static str> {
        const SCHEMES: [(&str, bool, bool); 4] = [
            ("redis://", false, false),
            ("rediss://", true, false),
            ("redis+sentinel://", false, true),
            ("rediss+sentinel://", true, true),
        ];
        let known = SCHEMES
            .iter()
            .find_map(|&(scheme, is_encrypted, is_sentinel)| {
                Some((url.strip_prefix(scheme)?, is_encrypted, is_sentinel))
            })
            .ok_or("must begin with redis://, rediss:// or redis+sentinel://")?;
        let (rest, is_encrypted, is_sentinel) = known;
        let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
        let database = if database.is_empty() { Ok(0) } else { database.parse() };
        let database = database.ok().filter(|number| (0..=9_999).contains(number));
        let database = database.ok_or("must end with the host, or with / and the number of a database")?;
        let (before, hosts) = place.rsplit_once('@').map_or((None, place), |(it, hosts)| (Some(it), hosts));
        let (credentials, master) = match (before, is_sentinel) {
            (Some(before), true) => {
                let (credentials, name) =
                    before.rsplit_once('@').map_or((None, before), |(it, name)| (Some(it), name));
                (credentials, Some(decoded(name)?))
            }
            (credentials, false) => (credentials, None),
            (None, true) => return Err("must name what the sentinels call it: redis+sentinel://name@host"),
        };
        if master.as_deref().is_some_and(str::is_empty) {
            return Err("must name what the sentinels call it: redis+sentinel://name@host");
        }
        let (user, password) = credentials.map_or(Ok((None, None)), parse_credentials)?;
        let port = if is_sentinel { SENTINEL_PORT } else { PORT };
        let hosts = hosts.split(',').map(|host| parse_host(host, port)).collect::<Option<Vec<_>>>();
        let hosts =
            hosts.ok_or("must name a host, with a port from 1 to 65535 if it is not the usual one")?;
        if hosts.len() > 1 && !is_sentinel && database != 0 {
            return Err("must not name a database: several hosts are a cluster, which has only one");
        }
        Ok(Address { hosts, master, is_encrypted, database, user, password, authorities: None })
    }

    /// The same with another user, password or both.
    #[must_use]
    pub fn with_credentials(self, user: Option<&str>, password: Option<&str>) -> Address {
        Address {
            user: user.map(str::to_owned).or(self.user),
            password: password.map(str::to_owned).or(self.password),
            ..self
        }
    }

    /// The same trusting these certificates, in PEM, in the place of the system's.
    #[must_use]
    pub fn with_authorities(self, pem: Vec<u8>) -> Address {
        Address { authorities: Some(pem), ..self }
    }

    /// Whether it is reached over TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }
}

/// Without the password.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_encrypted { "rediss" } else { "redis" })?;
        formatter.write_str(if self.master.is_some() { "+sentinel://" } else { "://" })?;
        if let Some(master) = &self.master {
            write!(formatter, "{master}@")?;
        }
        for (place, (host, port)) in self.hosts.iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            write!(formatter, "{separator}{host}:{port}")?;
        }
        write!(formatter, "/{}", self.database)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}

type Credentials = (Option<String>, Option<String>);

fn parse_credentials(text: &str) -> Result<Credentials, &'static str> {
    let filled = |text: &str| decoded(text).map(|text| Some(text).filter(|text| !text.is_empty()));
    match text.split_once(':') {
        Some((user, password)) => Ok((filled(user)?, filled(password)?)),
        None => Ok((filled(text)?, None)),
    }
}

fn decoded(text: &str) -> Result<String, &'static str> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(String::from).map_err(|_| "must be UTF-8 where it is percent-encoded")
}

/// `host`, `host:port`, `[address]` or `[address]:port`.
fn parse_host(text: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    let port = port.map_or(Some(usual), |port| port.parse().ok().filter(|&port| port > 0))?;
    (!host.is_empty() && host.bytes().all(is_plain)).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        Address::parse(url).map_or_else(str::to_owned, |address| address.to_string())
    }

    #[test]
    fn every_form_is_understood() {
        for (url, meant) in [
            ("redis://cache.example", "redis://cache.example:6379/0"),
            ("redis://10.0.0.7:6380/1", "redis://10.0.0.7:6380/1"),
            ("rediss://:secret@[::1]:6390", "rediss://::1:6390/0"),
            ("redis://one:7000,two:7001,three", "redis://one:7000,two:7001,three:6379/0"),
            ("redis+sentinel://main@one,two:26380/2", "redis+sentinel://main@one:26379,two:26380/2"),
            ("rediss+sentinel://user:pw@main@one", "rediss+sentinel://main@one:26379/0"),
        ] {
            assert_eq!(shown(url), meant);
        }
    }

    #[test]
    fn what_it_says_about_itself_is_decoded_and_never_shown() {
        let address = Address::parse("redis://gable:p%40ss%3Aword@host").unwrap();
        assert_eq!(
            (address.user.as_deref(), address.password.as_deref()),
            (Some("gable"), Some("p@ss:word"))
        );
        assert!(!format!("{address} {address:?}").contains("p@ss"));
        let other = address.with_credentials(None, Some("other"));
        assert_eq!((other.user.as_deref(), other.password.as_deref()), (Some("gable"), Some("other")));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_rule() {
        for url in [
            "",
            "host:6379",
            "http://host",
            "redis://",
            "redis://host:0",
            "redis://host:99999",
            "redis://host/one",
            "redis://host/-1",
            "redis://one,,two",
            "redis://one,two/1",
            "redis://ho st",
            "redis+sentinel://host",
            "redis+sentinel://@host",
            "redis://%ff@host",
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }
}
