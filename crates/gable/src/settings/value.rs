//! From a setting's text to its value, or the rule that it breaks.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Setting, Sources};

/// A setting that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The setting's name.
    pub name: &'static str,
    /// What was given; hidden where it is secret.
    pub given: String,
    /// What would be right.
    pub rule: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} (given: {})", self.name, self.rule, self.given)
    }
}

/// A text that no log line and no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one who needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Reads settings one after the other and remembers what was wrong, so that all of it can be told at once.
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    refusals: Vec<Refusal>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Reader<'a> {
        Reader { sources, refusals: Vec::new() }
    }

    /// The value of a setting that has a default; the default where it is wrong.
    pub(super) fn read<T, E: ToString>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> T {
        let default = || {
            parse(Setting::named(name).default)
                .ok()
                .expect("each default keeps its own rule: a test reads all")
        };
        self.read_optional(name, &parse).unwrap_or_else(default)
    }

    /// The value of a setting that need not be there; `None` too where it is wrong.
    pub(super) fn read_optional<T, E: ToString>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let setting = Setting::named(name);
        let text = match self.sources.find(setting) {
            Ok(found) => found?.0,
            Err(rule) => {
                self.refuse(name, "a file", &rule);
                return None;
            }
        };
        let shown = shown(setting, &text);
        parse(&text).map_err(|rule| self.refuse(name, &shown, &rule.to_string())).ok()
    }

    /// Whether somebody said anything, right or wrong.
    pub(super) fn is_given(&self, name: &str) -> bool {
        let setting = Setting::named(name);
        !matches!(self.sources.find(setting), Ok(None | Some((_, super::Origin::Default))))
    }

    /// What a flag of the command line says.
    pub(super) fn flag(&self, name: &str) -> Option<String> {
        match self.sources.find(Setting::named(name)) {
            Ok(Some((text, super::Origin::Flag))) => Some(text),
            _ => None,
        }
    }

    pub(super) fn refuse(&mut self, name: &'static str, given: &str, rule: &str) {
        self.refusals.push(Refusal { name, given: given.to_owned(), rule: rule.to_owned() });
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<Refusal>> {
        if self.refusals.is_empty() { Ok(value) } else { Err(self.refusals) }
    }
}

/// A setting's text as it may be shown: of a secret URL all but its password, of another secret nothing.
#[must_use]
pub fn shown(setting: &Setting, text: &str) -> String {
    let is_url = text.contains("://") || text.starts_with("sqlite:");
    match setting.is_secret {
        true if is_url => listings::store::redacted(text),
        true => "***".to_owned(),
        false => text.to_owned(),
    }
}

pub(super) fn text(text: &str) -> Result<String, &'static str> {
    let is_plain = !text.contains(char::is_control);
    is_plain.then(|| text.to_owned()).ok_or("must be one line without control characters")
}

pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:8000 or [::]:8000")
}

pub(super) fn flag(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("must be 1 or 0, true or false"),
    }
}

pub(super) fn database_url(text: &str) -> Result<String, &'static str> {
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if !known {
        return Err("must begin with sqlite: or postgres://");
    }
    // What is migrated and what is served are opened one after the other: in memory they would be two databases.
    if text.strip_prefix("sqlite:").is_some_and(names_no_file) {
        return Err("must name a file, such as sqlite:gable.db: what is in memory only is lost in between");
    }
    Ok(text.to_owned())
}

fn names_no_file(rest: &str) -> bool {
    let (file, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let file = file.strip_prefix("//").unwrap_or(file);
    file.is_empty() || file.contains(":memory:") || parameters.split('&').any(|it| it == "mode=memory")
}

/// Certificates in PEM.
pub(super) fn certificates(path: &str) -> Result<Vec<u8>, String> {
    let pem = std::fs::read(path).map_err(|error| format!("must be a file that can be read: {error}"))?;
    let has_one = pem.windows(27).any(|part| part == b"-----BEGIN CERTIFICATE-----");
    if has_one { Ok(pem) } else { Err("must be a file of certificates in PEM".to_owned()) }
}

pub(super) fn redis_prefix(text: &str) -> Result<String, &'static str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    let is_short = (1..=40).contains(&text.len());
    (is_plain && is_short).then(|| text.to_owned()).ok_or("must be 1 to 40 letters, digits, - _ . or :")
}

/// Longer than this nobody should wait for what is only there to be quicker.
pub(super) fn redis_timeout(text: &str) -> Result<Duration, &'static str> {
    let time = text.parse().ok().filter(|milliseconds| (1..=1_000).contains(milliseconds));
    time.map(Duration::from_millis).ok_or("must be a whole number of milliseconds from 1 to 1000")
}

/// What a secret key has at least where the site is public.
pub(super) const SECRET_KEY_CHARACTERS: usize = 16;

/// Any length: Django's own `.env` says `dev-secret-key`, and it must go on working on a developer's machine. Where the
/// site is public, a short key is refused beside the other rules for public addresses.
pub(super) fn secret_key(key: &str) -> Result<Secret, &'static str> {
    text(key).map(Secret)
}

pub(super) fn host(text: &str) -> Result<String, &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    plain.then(|| text.to_owned()).ok_or("must be a host name or an IP address")
}

pub(super) fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().ok().filter(|&port| port > 0).ok_or("must be a port from 1 to 65535")
}

pub(super) fn site_url(text: &str) -> Result<String, &'static str> {
    let url = text.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let plain = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    };
    host.filter(|host| plain(host))
        .map(|_| url.to_owned())
        .ok_or("must be http:// or https:// and a host, without a path")
}

/// A whole number of bytes with an optional unit: `KiB`, `MiB`, `GiB` (powers of 1,024) or `KB`, `MB`, `GB`.
pub(super) fn bytes(text: &str) -> Result<u64, &'static str> {
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let factor: u64 = match text[digits.len()..].trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => 0,
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    number.filter(|_| factor > 0).ok_or("must be a number of bytes with a unit, such as 256MiB")
}

/// Less would not hold one page beside another.
pub(super) fn cache_memory(text: &str) -> Result<u64, String> {
    let least = larder::tier::memory::LEAST_BYTES as u64;
    let given = bytes(text)?;
    if given >= least {
        Ok(given)
    } else {
        Err(format!("must be {}MiB or more: less would not hold one page beside another", least >> 20))
    }
}

pub(super) fn milliseconds(text: &str) -> Result<Duration, &'static str> {
    text.parse().map(Duration::from_millis).map_err(|_| "must be a whole number of milliseconds")
}

/// Longer than this no balancer takes to notice, and no supervisor waits.
pub(super) fn shutdown_notice(text: &str) -> Result<Duration, &'static str> {
    let time = text.parse().ok().filter(|milliseconds| (0..=60_000).contains(milliseconds));
    time.map(Duration::from_millis).ok_or("must be a whole number of milliseconds up to 60000")
}

pub(super) fn seconds(text: &str) -> Result<Duration, &'static str> {
    text.parse().map(Duration::from_secs).map_err(|_| "must be a whole number of seconds")
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json"),
    }
}
