//! A database for one test: a SQLite file in a folder of its own, or a database in a PostgreSQL of its own.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use listings::samples::samples;
use listings::store::Options;
use listings::{Draft, Kind, Property, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use testkit::{Folder, Postgres, Program};

/// A database, which nobody has opened yet, and the folder that gable works in.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) folder: Folder,
}

impl Database {
    /// A file that is not there yet.
    pub(crate) fn sqlite() -> Database {
        let folder = Folder::new();
        Database { url: format!("sqlite:{}", folder.path().join("listings.db").display()), folder }
    }

    /// An empty database.
    pub(crate) fn postgres() -> Database {
        Database::on(Postgres::shared())
    }

    /// An empty database on a server that the test may stop.
    pub(crate) fn on(postgres: &Postgres) -> Database {
        Database { url: postgres.fresh_database(), folder: Folder::new() }
    }

    /// gable as it is to be run on this database, in the test's folder, on a free port.
    pub(crate) fn gable(&self, arguments: &[&str]) -> Program {
        gable(&self.folder, arguments).environment("DATABASE_URL", &self.url)
    }

    /// The listings, past the program; brings the database to this version.
    pub(crate) async fn store(&self) -> Store {
        let store = Store::connect(&self.url, &Options::default()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Adds the first so many samples.
    pub(crate) async fn add_samples(&self, count: usize) {
        let now = "2026-11-01T00:00:00Z".parse().unwrap();
        let store = self.store().await;
        store.insert_many(samples(1).take(count), false, now, |_| {}).await.unwrap();
        store.close().await;
    }

    /// Adds listings and returns them as the database has them.
    pub(crate) async fn add(&self, drafts: impl IntoIterator<Item = Draft>) -> Vec<Property> {
        let store = self.store().await;
        let mut added = Vec::new();
        for draft in drafts {
            added.push(store.insert(&draft.check().unwrap()).await.unwrap());
        }
        store.close().await;
        added
    }

    /// Adds so many active listings with a description of so many characters, quickly.
    pub(crate) async fn fill(&self, count: u32, description_characters: u32) {
        self.store().await.close().await;
        let (numbers, description) = if self.is_sqlite() {
            let numbers =
                format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {count})");
            (numbers, format!("substr(hex(zeroblob({description_characters})), 1, {description_characters})"))
        } else {
            let numbers = format!("with n(i) as (select generate_series(1, {count}))");
            (numbers, format!("repeat('0', {description_characters})"))
        };
        self.sql(&format!(
            "{numbers} insert into properties_property (title, description, location, created_at) \
             select 'Home ' || i, {description}, 'Accra', '2026-01-02T03:04:05.678901Z' from n"
        ))
        .await;
    }

    /// A time so many hours ago, as this database's SQL says it.
    pub(crate) fn hours_ago(&self, hours: u32) -> String {
        if self.is_sqlite() {
            format!("strftime('%Y-%m-%dT%H:%M:%f', 'now', '-{hours} hours') || '000Z'")
        } else {
            format!("now() - interval '{hours} hours'")
        }
    }

    /// The number that a query past the program gives.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        let query = AssertSqlSafe(query.to_owned());
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        }
    }

    fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// Locks the listings of a PostgreSQL against every reader, until the connection is closed.
    pub(crate) async fn lock_listings(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let lock = "begin; lock table properties_property in access exclusive mode";
        sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
        connection
    }

    /// Runs statements past the program, as `psql` or `sqlite3` would.
    pub(crate) async fn sql(&self, statements: &str) {
        let statements = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            statements.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            statements.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

/// gable with nothing set but a free port.
pub(crate) fn gable(folder: &Folder, arguments: &[&str]) -> Program {
    Program::new(env!("CARGO_BIN_EXE_gable"))
        .in_folder(folder)
        .arguments(arguments.iter().copied())
        .environment("BIND", "127.0.0.1:0")
}

/// A listing with the least that it needs.
pub(crate) fn draft(title: &str) -> Draft {
    Draft { title: title.to_owned(), location: "Accra".to_owned(), ..Draft::default() }
}

/// A listing with everything that one can have, and text that breaks what does not escape it.
pub(crate) fn villa() -> Draft {
    Draft {
        description: "By the sea.\n\nWith a terrace; \"quoted\", <b>not bold</b> & more.".into(),
        price: Some("1200.50".into()),
        location: "Tórshavn".into(),
        created_at: Some("2025-08-31T18:45:12.345678Z".parse().unwrap()),
        kind: Some(Kind::Villa),
        bedrooms: Some(4),
        bathrooms: Some(2),
        floor_area: Some(250),
        latitude: Some(62.01),
        longitude: Some(-6.77),
        ..draft("Villa with a view")
    }
}

/// Makes of each function of a database one test over SQLite and one over PostgreSQL.
macro_rules! over_both_databases {
    ($($name:ident),* $(,)?) => {
        mod over_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(crate::database::Database::sqlite()).await; })*
        }
        mod over_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(crate::database::Database::postgres()).await; })*
        }
    };
}
pub(crate) use over_both_databases;
