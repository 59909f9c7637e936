//! A store for one test: a SQLite file in a folder of its own, or a database in a PostgreSQL of its own.

use listings::Store;
use listings::store::Options;
use testkit::{Folder, Postgres};

/// A migrated, empty store and its database.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    pub(crate) url: String,
    folder: Option<Folder>,
}

pub(crate) async fn sqlite() -> TestStore {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("listings.db").display());
    TestStore { store: migrated(&url).await, url, folder: Some(folder) }
}

pub(crate) async fn postgres() -> TestStore {
    let url = Postgres::shared().fresh_database();
    TestStore { store: migrated(&url).await, url, folder: None }
}

async fn migrated(url: &str) -> Store {
    let store = Store::connect(url, &Options::default()).await.unwrap();
    store.migrate().await.unwrap();
    store
}

impl TestStore {
    pub(crate) fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    /// Runs SQL past the store, as another program would: `psql`, or a second connection to the file.
    pub(crate) async fn elsewhere(&self, sql: &'static str) {
        if self.folder.is_some() {
            let pool = sqlx::SqlitePool::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&pool).await.unwrap();
            pool.close().await;
        } else {
            Postgres::shared().sql(&self.url, sql);
        }
    }
}

/// Makes of each function of a store one test over SQLite and one over PostgreSQL.
macro_rules! over_both_stores {
    ($($name:ident),* $(,)?) => {
        mod over_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(crate::stores::sqlite().await).await; })*
        }
        mod over_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(crate::stores::postgres().await).await; })*
        }
    };
}
pub(crate) use over_both_stores;
