//! The grammar of the command line.

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use super::Flags;

/// A property-listings platform: a site, a JSON API and this command line.
///
/// Without a command it serves. Without any setting it uses SQLite in ./gable.db, listens on 127.0.0.1:8000, and fills a
/// new and empty database with sample listings.
#[derive(Debug, Parser)]
#[command(
    name = "gable",
    version,
    max_term_width = 110,
    subcommand_precedence_over_arg = true,
    args_conflicts_with_subcommands = false,
    after_help = "Examples:\n  \
        gable                                          a first look: http://127.0.0.1:8000\n  \
        gable serve --bind 127.0.0.1:9000              on another port\n  \
        DATABASE_URL=postgres://me@db/homes gable migrate --plan\n  \
        gable seed --count 1000                        a thousand sample listings\n  \
        gable config show                              every setting and where it came from"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) serve: Serve,
    #[command(flatten)]
    pub(super) settings: Flags,
}

impl Cli {
    /// What is to be done. The flags of `serve` may stand before it as well, since they may stand alone; before another
    /// command they would mean nothing, and somebody means something by them.
    pub(super) fn into_command(self) -> Result<(Command, Flags), clap::Error> {
        let command = match (self.command, self.serve.given()) {
            (None, _) => Command::Serve(self.serve),
            (Some(Command::Serve(after)), _) => Command::Serve(after.and(&self.serve)),
            (Some(_), Some(flag)) => {
                let message = format!("{flag} is for serve, not for another command");
                return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
            }
            (Some(other), None) => other,
        };
        Ok((command, self.settings))
    }
}

impl Serve {
    fn and(&self, other: &Serve) -> Serve {
        Serve {
            no_migrate: self.no_migrate || other.no_migrate,
            no_sample_data: self.no_sample_data || other.no_sample_data,
        }
    }

    /// A flag that was given.
    fn given(&self) -> Option<&'static str> {
        let flags = [(self.no_migrate, "--no-migrate"), (self.no_sample_data, "--no-sample-data")];
        flags.into_iter().find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}

/// What `gable` can be told to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bring the database to this version, then serve (also without a command)
    #[command(
        after_help = "Examples:\n  gable serve --bind 127.0.0.1:9000\n  gable serve --no-migrate\n\nSIGTERM or Ctrl-C ends it in an orderly way within 10 s; twice, at once."
    )]
    Serve(Serve),
    /// Bring the database to this version; adopt a table that Django made
    #[command(
        after_help = "Examples:\n  gable migrate --plan\n  DATABASE_URL=postgres://me@db/homes gable migrate"
    )]
    Migrate(Migrate),
    /// Add realistic sample listings, the same for the same seed
    #[command(
        alias = "seed_properties",
        after_help = "Examples:\n  gable seed\n  gable seed --flush --count 40\n  gable seed --count 1000000 --seed 7"
    )]
    Seed(Seed),
    /// Make an admin, who can log in at /admin/
    #[command(
        name = "createsuperuser",
        after_help = "Examples:\n  gable createsuperuser\n  GABLE_SUPERUSER_PASSWORD=… gable createsuperuser --no-input --username ann --email ann@homes.example"
    )]
    CreateSuperuser(CreateSuperuser),
    /// Check or show the settings
    #[command(after_help = "Examples:\n  gable config check && gable serve\n  gable config show")]
    Config(Config),
    /// Exit with 0 when the node that listens on BIND answers, else with 1
    #[command(after_help = "Example, in a container file:\n  HEALTHCHECK CMD [\"gable\", \"healthcheck\"]")]
    Healthcheck,
}

#[derive(Debug, Args, Default)]
pub(super) struct Serve {
    /// Leave the database as it is; refuse to start where it is not at this version
    #[arg(long)]
    pub(super) no_migrate: bool,
    /// Leave a new and empty SQLite file empty, as a PostgreSQL database is
    #[arg(long)]
    pub(super) no_sample_data: bool,
}

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Only say what would be done
    #[arg(long)]
    pub(super) plan: bool,
}

#[derive(Debug, Args)]
pub(super) struct Seed {
    /// How many listings, up to 10,000,000
    #[arg(long, default_value_t = 25, value_name = "NUMBER", allow_negative_numbers = true, value_parser = count)]
    pub(super) count: u64,
    /// Delete every listing first; all or nothing
    #[arg(long)]
    pub(super) flush: bool,
    /// Which listings: the same number, the same listings
    #[arg(long = "seed", default_value_t = 1, value_name = "NUMBER", allow_negative_numbers = true, value_parser = number)]
    pub(super) number: u64,
}

#[derive(Debug, Args)]
pub(super) struct CreateSuperuser {
    #[arg(
        long,
        help = "The name to log in with [env with --no-input: DJANGO_SUPERUSER_USERNAME]",
        value_name = "NAME"
    )]
    pub(super) username: Option<String>,
    #[arg(
        long,
        help = "The address; may be empty [env with --no-input: DJANGO_SUPERUSER_EMAIL]",
        value_name = "ADDRESS"
    )]
    pub(super) email: Option<String>,
    #[arg(
        long,
        alias = "noinput",
        help = "Ask nothing: the password is in GABLE_SUPERUSER_PASSWORD or DJANGO_SUPERUSER_PASSWORD"
    )]
    pub(super) no_input: bool,
}

// Numbers are refused in our own words: clap's are "invalid digit found in string".

fn number(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "must be a whole number from 0 to 18446744073709551615")
}

fn count(text: &str) -> Result<u64, &'static str> {
    const MOST: u64 = 10_000_000;
    text.parse().ok().filter(|count| *count <= MOST).ok_or("must be a whole number from 0 to 10000000")
}

#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(subcommand)]
    pub(super) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Exit with 0 when every setting is right, else say what is wrong
    #[command(after_help = "Example:\n  gable config check && gable serve")]
    Check,
    /// Every setting, its value, and where it came from; secrets hidden
    #[command(after_help = "Example:\n  DEBUG=1 gable config show")]
    Show,
}
