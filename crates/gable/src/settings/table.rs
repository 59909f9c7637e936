//! The table of settings: one row each for its name, meaning, default and flag.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// The name in the environment and in `.env`.
    pub name: &'static str,
    /// A second name that means the same: Django's.
    pub alias: Option<&'static str>,
    /// What it is when nothing says otherwise; empty for "not set".
    pub default: &'static str,
    /// Whether its value is hidden, may come from a file named by `<NAME>_FILE`, and has no flag: the command line of a
    /// process is for all to see.
    pub is_secret: bool,
    /// What it means.
    pub help: &'static str,
}

const fn setting(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, alias: None, default, is_secret: false, help }
}

const fn secret(name: &'static str, help: &'static str) -> Setting {
    Setting { name, alias: None, default: "", is_secret: true, help }
}

/// Every setting there is.
pub const SETTINGS: [Setting; 26] = [
    Setting {
        is_secret: true,
        ..setting(
            "DATABASE_URL",
            "",
            "sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/NAME [default: sqlite:gable.db]",
        )
    },
    setting("POSTGRES_DB", "", "Name of the PostgreSQL database, where DATABASE_URL is not given"),
    setting("POSTGRES_USER", "postgres", "User of the PostgreSQL database"),
    secret("POSTGRES_PASSWORD", "Password of the PostgreSQL database"),
    setting("POSTGRES_HOST", "127.0.0.1", "Host of the PostgreSQL database"),
    setting("POSTGRES_PORT", "5432", "Port of the PostgreSQL database"),
    secret(
        "REDIS_URL",
        "Redis that all nodes share: redis://HOST:PORT/NUMBER, rediss:// for TLS, several HOST:PORT with commas for a cluster, or redis+sentinel://NAME@HOST:PORT,…; only with PostgreSQL",
    ),
    setting("REDIS_USER", "", "User at Redis; needs GET, MGET, SET and PING on the prefix's keys"),
    secret("REDIS_PASSWORD", "Password at Redis, in the place of that in REDIS_URL"),
    setting(
        "REDIS_CA_FILE",
        "",
        "Certificates in PEM that are trusted at Redis, in the place of the system's",
    ),
    setting("REDIS_PREFIX", "gable", "What names in Redis begin with: gable:page:/properties/"),
    setting("REDIS_TIMEOUT_MS", "20", "Milliseconds after which an answer of Redis is not waited for"),
    Setting {
        alias: Some("DJANGO_SECRET_KEY"),
        ..secret("GABLE_SECRET_KEY", "At least 16 random characters; required off loopback")
    },
    setting("DEBUG", "0", "1 adds Server-Timing to answers and drops the rules for public addresses"),
    setting(
        "ALLOWED_HOSTS",
        "",
        "Names that requests may be addressed to, with commas: homes.example,.homes.example",
    ),
    setting("BIND", "127.0.0.1:8000", "Address and port to listen on"),
    setting(
        "SITE_URL",
        "",
        "How the site is addressed from outside, for links in feeds and sitemaps [default: http:// and where it listens, or the first of ALLOWED_HOSTS]",
    ),
    setting(
        "TRUSTED_PROXIES",
        "",
        "Proxies that are believed when X-Forwarded-For says for whom they come: addresses and networks with commas, such as 10.0.0.7,192.168.0.0/16",
    ),
    setting("CACHE_MEMORY", "256MiB", "Memory for all that is kept, at least 1MiB"),
    setting(
        "CACHE_LEASE_MS",
        "100",
        "An answer shows all that was committed longer than this before the request; with 0, and always with SQLite, all that was committed before it",
    ),
    setting("CACHE_POLL_MS", "20", "Milliseconds between two questions to the database what has changed"),
    setting("PAGE_CACHE_TTL", "900", "Seconds that a page is kept at the most, changed or not"),
    setting("DATA_CACHE_TTL", "3600", "Seconds that data is kept at the most, changed or not"),
    setting(
        "STALE_IF_ERROR",
        "3600",
        "Seconds beyond its lifetime that an answer may be given, labelled as stale, while the database can't be asked; 0 for never",
    ),
    setting(
        "SHUTDOWN_NOTICE_MS",
        "0",
        "Milliseconds that everything is still served after SIGTERM while /readyz says 503, so that balancers turn elsewhere first",
    ),
    setting("LOG_FORMAT", "text", "text or json"),
];

impl Setting {
    /// The setting of that name.
    ///
    /// # Panics
    /// Where no setting has it: names are literals of this program.
    #[must_use]
    pub fn named(name: &str) -> &'static Setting {
        SETTINGS.iter().find(|setting| setting.name == name).expect("a name from the table")
    }

    /// Whether a variable of that name says something about this setting.
    pub(super) fn reads(&self, variable: &str) -> bool {
        let named = |name: &str| {
            variable == name
                || self.is_secret && variable.strip_suffix("_FILE").is_some_and(|own| own == name)
        };
        named(self.name) || self.alias.is_some_and(named)
    }

    /// `database-url` for `DATABASE_URL`.
    fn flag(&self) -> String {
        self.name.to_ascii_lowercase().replace('_', "-")
    }

    /// Whether it may be given on the command line.
    fn has_flag(&self) -> bool {
        !self.is_secret || self.name == "DATABASE_URL"
    }
}

/// The settings given as flags; every command takes them.
#[derive(Debug, Clone, Default)]
pub struct Flags(pub BTreeMap<&'static str, String>);

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().filter(|setting| setting.has_flag()).map(|setting| {
            let default = if setting.default.is_empty() {
                String::new()
            } else {
                format!(" [default: {}]", setting.default)
            };
            Arg::new(setting.name)
                .long(setting.flag())
                .value_name("VALUE")
                .global(true)
                .allow_hyphen_values(true)
                .help(format!("{}{default} [env: {}]", setting.help, setting.name))
                .help_heading("Settings (also in the environment and in .env)")
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Flags, clap::Error> {
        let given = SETTINGS.iter().filter(|setting| setting.has_flag()).filter_map(|setting| {
            matches.get_one::<String>(setting.name).map(|value| (setting.name, value.clone()))
        });
        Ok(Flags(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Flags::from_arg_matches(matches)?;
        Ok(())
    }
}
