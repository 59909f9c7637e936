//! Settings: read once from flags, environment and `.env`, checked, and then handed on as values.

mod dotenv;
mod source;
mod table;
mod value;

use std::net::SocketAddr;
use std::time::Duration;

use larder::tier::redis::Address;
pub use source::{Origin, Sources};
pub use table::{Flags, SETTINGS, Setting};
pub use value::{LogFormat, Refusal, Secret, shown};

use crate::access::TrustedProxies;
use crate::server::AllowedHosts;

/// Every setting, checked. What each means stands in [`SETTINGS`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the listings are; may hold a password: show only [`listings::store::redacted`].
    pub database_url: String,
    /// Where the cache is that all nodes share.
    pub redis: Option<RedisSettings>,
    /// What signs what leaves this program and comes back.
    pub secret_key: Option<Secret>,
    /// Whether to show more than a stranger should see.
    pub debug: bool,
    /// Names that requests may be addressed to.
    pub allowed_hosts: AllowedHosts,
    /// Where to listen.
    pub bind: SocketAddr,
    /// How the site is addressed from outside, without a slash at the end; none where nobody says.
    pub site_url: Option<String>,
    /// Proxies that are believed when they say for whom they come.
    pub trusted_proxies: TrustedProxies,
    /// Bytes of memory that the cache may hold.
    pub cache_memory_bytes: u64,
    /// How long a poll of the database may be relied on.
    pub cache_lease: Duration,
    /// How often the database is polled.
    pub cache_poll: Duration,
    /// How long a page may be kept.
    pub page_cache_ttl: Duration,
    /// How long data may be kept.
    pub data_cache_ttl: Duration,
    /// How long an answer may be given, labelled stale, while the database is gone.
    pub stale_if_error: Duration,
    /// How long everything is still served after SIGTERM.
    pub shutdown_notice: Duration,
    /// How log lines look.
    pub log_format: LogFormat,
}

/// A Redis that all nodes share.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// Where it is, and what to say to it.
    pub address: Address,
    /// What names in it begin with.
    pub prefix: String,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

impl Settings {
    /// Reads and checks every setting.
    ///
    /// # Errors
    /// Every setting that is wrong, with its name, what was given and what would be right.
    pub fn read(sources: &Sources) -> Result<Settings, Vec<Refusal>> {
        let mut reader = value::Reader::new(sources);
        let bind = reader.read("BIND", value::address);
        let debug = reader.read("DEBUG", value::flag);
        let allowed_hosts = reader.read_optional("ALLOWED_HOSTS", AllowedHosts::parse);
        let settings = Settings {
            database_url: database_url(&mut reader),
            redis: redis(&mut reader),
            secret_key: reader.read_optional("GABLE_SECRET_KEY", value::secret_key),
            debug,
            site_url: reader.read_optional("SITE_URL", value::site_url),
            allowed_hosts: allowed_hosts.clone().unwrap_or_else(AllowedHosts::loopback),
            bind,
            trusted_proxies: reader
                .read_optional("TRUSTED_PROXIES", TrustedProxies::parse)
                .unwrap_or_default(),
            cache_memory_bytes: reader.read("CACHE_MEMORY", value::cache_memory),
            cache_lease: reader.read("CACHE_LEASE_MS", value::milliseconds),
            cache_poll: reader.read("CACHE_POLL_MS", value::milliseconds),
            page_cache_ttl: reader.read("PAGE_CACHE_TTL", value::seconds),
            data_cache_ttl: reader.read("DATA_CACHE_TTL", value::seconds),
            stale_if_error: reader.read("STALE_IF_ERROR", value::seconds),
            shutdown_notice: reader.read("SHUTDOWN_NOTICE_MS", value::shutdown_notice),
            log_format: reader.read("LOG_FORMAT", value::log_format),
        };
        if !debug && !bind.ip().is_loopback() {
            let rule = "is required where DEBUG is off and BIND is not a loopback address";
            let key_length = settings.secret_key.as_ref().map(|key| key.reveal().chars().count());
            if key_length.is_none_or(|length| length < value::SECRET_KEY_CHARACTERS) {
                let given = key_length.map_or("nothing".to_owned(), |length| format!("{length} characters"));
                reader.refuse("GABLE_SECRET_KEY", &given, &format!("{rule}: at least 16 random characters"));
            }
            if allowed_hosts.is_none() {
                reader.refuse(
                    "ALLOWED_HOSTS",
                    "nothing",
                    &format!("{rule}: for example homes.example,.homes.example"),
                );
            }
        }
        reader.finish(settings)
    }
}

/// `REDIS_URL` and what goes with it. What goes with it is looked at in any case: a wrong value is told before it matters.
fn redis(reader: &mut value::Reader<'_>) -> Option<RedisSettings> {
    let user = reader.read_optional("REDIS_USER", value::text);
    let password = reader.read_optional("REDIS_PASSWORD", value::text);
    let certificates = reader.read_optional("REDIS_CA_FILE", value::certificates);
    let prefix = reader.read("REDIS_PREFIX", value::redis_prefix);
    let timeout = reader.read("REDIS_TIMEOUT_MS", value::redis_timeout);
    let address = reader.read_optional("REDIS_URL", Address::parse)?;
    let address = address.with_credentials(user.as_deref(), password.as_deref());
    let address = match certificates {
        Some(certificates) => address.with_authorities(certificates),
        None => address,
    };
    Some(RedisSettings { address, prefix, timeout })
}

/// `DATABASE_URL`, else PostgreSQL as `POSTGRES_…` describe it, else the embedded default.
fn database_url(reader: &mut value::Reader<'_>) -> String {
    if let Some(url) = reader.read_optional("DATABASE_URL", value::database_url) {
        refuse_flags_that_lose(reader);
        return url;
    }
    if let Some(database) = reader.read_optional("POSTGRES_DB", value::text) {
        return postgres_url(reader, &database);
    }
    let others = ["POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_PORT"];
    if let Some(other) = others.into_iter().find(|name| reader.is_given(name)) {
        let rule = format!("is required where {other} is given and DATABASE_URL is not");
        reader.refuse("POSTGRES_DB", "nothing", &rule);
    }
    "sqlite:gable.db".to_owned()
}

/// A flag goes before everything else, but `DATABASE_URL` goes before `POSTGRES_…`: whoever gives such a flag means another
/// database than the one that would be opened.
fn refuse_flags_that_lose(reader: &mut value::Reader<'_>) {
    for name in ["POSTGRES_DB", "POSTGRES_USER", "POSTGRES_HOST", "POSTGRES_PORT"] {
        if let Some(given) = reader.flag(name) {
            reader.refuse(name, &given, "is not heard while DATABASE_URL is given: leave one of them out");
        }
    }
}

fn postgres_url(reader: &mut value::Reader<'_>, database: &str) -> String {
    let encoded = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let user = reader.read("POSTGRES_USER", value::text);
    let password = reader.read_optional("POSTGRES_PASSWORD", value::text);
    let password = password.map(|password| format!(":{}", encoded(&password))).unwrap_or_default();
    let host = reader.read("POSTGRES_HOST", value::host);
    let port = reader.read("POSTGRES_PORT", value::port);
    format!("postgres://{}{password}@{host}:{port}/{}", encoded(&user), encoded(database))
}

#[cfg(test)]
mod tests;
