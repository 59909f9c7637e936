//! From a URL to a pool of connections.

use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Options, Pool};

/// Why no store could be had from a URL. Never holds the password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither `sqlite:` nor `postgres://`.
    #[error(
        "{0} is no database URL: it must begin with sqlite: (sqlite:gable.db) or postgres:// (postgres://user:password@host:5432/name)"
    )]
    Kind(String),
    /// The scheme is known, the rest cannot be read.
    #[error("{url} cannot be read as a database URL: {reason}")]
    Url {
        /// The URL without its password.
        url: String,
        /// What could not be read.
        reason: String,
    },
    /// The database does not answer, or refuses us.
    #[error("cannot open {url}: {reason}")]
    Unreachable {
        /// The URL without its password.
        url: String,
        /// What the database or the system says.
        reason: String,
    },
}

/// `url` with its password, if there is one, replaced by `***`: for logs and messages.
#[must_use]
pub fn redacted(url: &str) -> String {
    let url = url.split_once('?').map_or_else(
        || url.to_owned(),
        |(before, query)| {
            let parameters = query.split('&').map(|pair| match pair.split_once('=') {
                Some((name, _)) if name.contains("password") => format!("{name}=***"),
                _ => pair.to_owned(),
            });
            format!("{before}?{}", parameters.collect::<Vec<_>>().join("&"))
        },
    );
    // A password may hold any character, `@`, `/` and `?` too where somebody forgot to encode them: all up to the last
    // `@` goes.
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (credentials, host))) => match credentials.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
            None => url,
        },
        None => url,
    }
}

pub(super) async fn pool(url: &str, options: &Options) -> Result<Pool, ConnectError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => sqlite(url, options).await.map(Pool::Sqlite),
        Some("postgres" | "postgresql") => postgres(url, options).await.map(Pool::Postgres),
        _ => Err(ConnectError::Kind(redacted(url))),
    }
}

async fn postgres(url: &str, options: &Options) -> Result<sqlx::PgPool, ConnectError> {
    let connect = PgConnectOptions::from_str(url)
        .map_err(|error| unreadable(url, &error))?
        .application_name("gable")
        .options([(
            "statement_timeout",
            options.statement_timeout.map_or(0, |time| time.as_millis()).to_string(),
        )]);
    answers(url, &connect).await?;
    Ok(PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .connect_lazy_with(connect))
}

/// A pool would try again and again until its time is over, and then only say that it timed out: the first connection is
/// made without one, to hear the reason.
async fn answers(url: &str, connect: &PgConnectOptions) -> Result<(), ConnectError> {
    let probe = sqlx::PgConnection::connect_with(connect);
    let probe = tokio::time::timeout(Duration::from_secs(10), probe)
        .await
        .map_err(|_| unreachable(url, &"no answer within 10 s"))?
        .map_err(|error| unreachable(url, &error))?;
    // The probe is over; how it ends changes nothing.
    let _ = probe.close().await;
    Ok(())
}

async fn sqlite(url: &str, options: &Options) -> Result<sqlx::SqlitePool, ConnectError> {
    let file = SqliteConnectOptions::from_str(url).map_err(|error| unreadable(url, &error))?;
    if !options.creates_file && !file.get_filename().exists() {
        return in_memory(options).await.map_err(|error| unreachable(url, &error));
    }
    let mut connect =
        file.busy_timeout(Duration::from_secs(5)).foreign_keys(true).synchronous(SqliteSynchronous::Normal);
    if options.creates_file && !url.contains("mode=") {
        connect = connect.create_if_missing(true);
    }
    if options.creates_file && !url.contains("mode=ro") {
        connect = connect.journal_mode(SqliteJournalMode::Wal);
    }
    opened(options, &connect).await.map_err(|error| unreachable(url, &error))
}

/// To put a new file into its mode takes the file for oneself, and SQLite does not wait for that while another program makes its
/// tables, whatever its busy timeout.
async fn opened(options: &Options, connect: &SqliteConnectOptions) -> sqlx::Result<sqlx::SqlitePool> {
    const PAUSE: Duration = Duration::from_millis(50);
    for _ in 0..100 {
        match pool_of_files(options).connect_with(connect.clone()).await {
            Err(error) if is_locked(&error) => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
    pool_of_files(options).connect_with(connect.clone()).await
}

/// `SQLITE_BUSY`.
fn is_locked(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(DatabaseError::code).as_deref() == Some("5")
}

fn pool_of_files(options: &Options) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
}

/// An empty database that nobody else sees. Each connection would have one of its own, so there is one for good.
async fn in_memory(options: &Options) -> sqlx::Result<sqlx::SqlitePool> {
    let pool = pool_of_files(options).max_connections(1).idle_timeout(None).max_lifetime(None);
    pool.connect_with(SqliteConnectOptions::from_str("sqlite::memory:")?).await
}

fn unreadable(url: &str, error: &sqlx::Error) -> ConnectError {
    ConnectError::Url { url: redacted(url), reason: without_credentials(url, &error.to_string()) }
}

fn unreachable(url: &str, reason: &impl ToString) -> ConnectError {
    ConnectError::Unreachable { url: redacted(url), reason: without_credentials(url, &reason.to_string()) }
}

/// Error texts of libraries may quote their input.
fn without_credentials(url: &str, reason: &str) -> String {
    let password = url
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'))
        .and_then(|(credentials, _)| credentials.split_once(':'))
        .map_or("", |(_, password)| password);
    let reason = reason.replace(url, &redacted(url));
    if password.is_empty() { reason } else { reason.replace(password, "***") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn a_redacted_url_keeps_all_but_the_password() {
        for (url, shown) in [
            ("sqlite:gable.db", "sqlite:gable.db"),
            ("postgres://ann@db/gable", "postgres://ann@db/gable"),
            ("postgres://ann:s3cret@db:5432/gable", "postgres://ann:***@db:5432/gable"),
            ("postgres://ann:s3@c/r?et@db/gable", "postgres://ann:***@db/gable"),
            ("postgres://db/gable?user=ann&password=s3cret", "postgres://db/gable?user=ann&password=***"),
        ] {
            assert_eq!(redacted(url), shown);
        }
    }

    #[tokio::test]
    async fn a_url_of_no_known_kind_is_refused_without_its_password() {
        let error = Store::connect("mysql://ann:s3cret@db/gable", &Options::default()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "mysql://ann:***@db/gable is no database URL: it must begin with sqlite: (sqlite:gable.db) or \
             postgres:// (postgres://user:password@host:5432/name)"
        );
    }

    #[tokio::test]
    async fn an_unreachable_database_is_named_without_its_password() {
        for url in
            ["postgres://ann:s3cret@127.0.0.1:1/gable", "postgres://ann:s3cret@127.0.0.1:notaport/gable"]
        {
            let text = Store::connect(url, &Options::default()).await.unwrap_err().to_string();
            assert!(text.contains("postgres://ann:***@127.0.0.1"), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
}
