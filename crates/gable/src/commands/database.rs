//! Opening the database for a command.

use std::time::Duration;

use anyhow::Context as _;
use listings::Store;
use listings::migrate::{MigrateError, Plan};
use listings::store::Options;

use crate::settings::Settings;

/// A store for a command that takes its time: few connections, no limit for a statement.
pub(super) async fn open_for_work(settings: &Settings) -> anyhow::Result<Store> {
    let options = Options {
        connections: 2,
        acquire_timeout: Duration::from_secs(30),
        statement_timeout: None,
        ..Options::default()
    };
    Ok(Store::connect(&settings.database_url, &options).await?)
}

/// A store to look at what is there, and make nothing.
pub(super) async fn open_to_look(settings: &Settings) -> anyhow::Result<Store> {
    let options = Options { connections: 1, creates_file: false, ..Options::default() };
    Ok(Store::connect(&settings.database_url, &options).await?)
}

/// A store for a server.
pub(super) async fn open_for_serving(settings: &Settings) -> anyhow::Result<Store> {
    Ok(Store::connect(&settings.database_url, &Options::default()).await?)
}

/// Brings the database to this version.
pub(super) async fn migrate(store: &Store) -> anyhow::Result<Plan> {
    store.migrate().await.map_err(advised).context("the database cannot be brought to this version")
}

/// What [`migrate`] would do.
pub(super) async fn plan(store: &Store) -> anyhow::Result<Plan> {
    store.migration_plan().await.map_err(advised).context("the database is not as this program needs it")
}

/// The error with what to do about it.
fn advised(error: MigrateError) -> anyhow::Error {
    let advice = match &error {
        MigrateError::Store(listings::StoreError::ReadOnly) => Some(
            "make the file and its folder writable for this user, or serve it as it is with --no-migrate",
        ),
        _ => None,
    };
    match advice {
        Some(advice) => anyhow::anyhow!("{error}; {advice}"),
        None => error.into(),
    }
}
