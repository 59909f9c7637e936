//! A writer's own connection to the database, past the program.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, Row as _, SqliteConnection};
use tokio::runtime::{Builder, Runtime};

use super::population::LaneNow;
use super::record::Change;
use super::state::{PLACES, State};

/// How a writer begins its name, by which the database's sessions tell it from the program.
pub(crate) const NAME: &str = "history";

/// How long SQLite waits for another writer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that is made when it is needed, and made anew after every error.
#[derive(Debug)]
pub(crate) struct Database {
    url: String,
    name: String,
    runtime: Runtime,
    client: Option<Client>,
}

#[derive(Debug)]
enum Client {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Database {
    /// `who` must differ between writers.
    pub(crate) fn new(url: &str, who: &str) -> Self {
        let runtime =
            Builder::new_current_thread().enable_all().build().expect("a process may have another pipe");
        Self { url: url.to_owned(), name: format!("{NAME} {who}"), runtime, client: None }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// Runs statements; those that are sent together are one transaction in PostgreSQL.
    pub(crate) fn run(&mut self, statements: &str) -> sqlx::Result<()> {
        self.value(statements).map(|_| ())
    }

    /// Deletes every listing and puts all back by COPY, in one transaction. PostgreSQL only.
    pub(crate) fn copy<'a>(
        &mut self,
        changes: impl Iterator<Item = (&'a LaneNow, &'a Change)>,
    ) -> sqlx::Result<()> {
        let rows: String = changes.flat_map(|(lane, change)| rows_of(lane, change)).collect();
        let outcome = self.runtime.block_on(copy(&mut self.client, &self.url, &self.name, rows));
        if outcome.is_err() {
            self.client = None;
        }
        outcome
    }

    /// The first column of the first row as text.
    pub(crate) fn value(&mut self, statements: &str) -> sqlx::Result<Option<String>> {
        let outcome = self.runtime.block_on(value(&mut self.client, &self.url, &self.name, statements));
        if outcome.is_err() {
            // Its transaction ends with it.
            self.client = None;
        }
        outcome
    }

    /// Whether a session that this writer has lost is still at work.
    pub(crate) fn has_a_forgotten_session(&mut self) -> sqlx::Result<bool> {
        if self.is_sqlite() {
            return Ok(false);
        }
        let name = &self.name;
        let others = format!(
            "select count(*)::text from pg_stat_activity where application_name = '{name}' and pid <> pg_backend_pid()"
        );
        Ok(self.value(&others)?.as_deref() != Some("0"))
    }

    /// The statements that make a change out of what was there before, one for each listing.
    pub(crate) fn statements(
        &self,
        listings: &[i64],
        before: &[Option<State>],
        change: &Change,
    ) -> Vec<String> {
        let states = before.iter().zip(&change.states);
        let each = listings.iter().zip(states).filter_map(|(id, (before, after))| match (before, after) {
            (None, None) => None,
            (_, None) => Some(format!("delete from properties_property where id = {id}")),
            (None, Some(after)) => Some(self.insert(*id, after)),
            (Some(_), Some(after)) => Some(self.update(*id, after)),
        });
        each.collect()
    }

    pub(crate) fn insert(&self, id: i64, state: &State) -> String {
        let columns = self.columns(id, state);
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let values: Vec<&str> = columns.iter().map(|(_, value)| value.as_str()).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        format!("insert into properties_property (id, {names}) values ({id}, {values})")
    }

    fn update(&self, id: i64, state: &State) -> String {
        let columns = self.columns(id, state);
        let columns: Vec<String> = columns.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        format!("update properties_property set {} where id = {id}", columns.join(", "))
    }

    fn columns(&self, id: i64, state: &State) -> [(&'static str, String); 5] {
        let price =
            if self.is_sqlite() { ("price_cents", state.price() * 100) } else { ("price", state.price()) };
        [
            ("title", format!("'{}'", state.title(id))),
            ("description", format!("'{}'", state.description(id))),
            (price.0, price.1.to_string()),
            ("location", format!("'{}'", PLACES[state.place])),
            ("status", format!("'{}'", state.status())),
        ]
    }
}

/// As COPY reads them. No text of a state holds what would have to be quoted.
fn rows_of(lane: &LaneNow, change: &Change) -> Vec<String> {
    let there =
        lane.listings.iter().zip(&change.states).filter_map(|(id, state)| Some((id, state.as_ref()?)));
    let row = |(id, state): (&i64, &State)| {
        let (title, description, price) = (state.title(*id), state.description(*id), state.price());
        format!("{id}\t{title}\t{description}\t{price}\t{}\t{}\n", PLACES[state.place], state.status())
    };
    there.map(row).collect()
}

async fn copy(client: &mut Option<Client>, url: &str, name: &str, rows: String) -> sqlx::Result<()> {
    value(client, url, name, "begin; delete from properties_property").await?;
    let Some(Client::Postgres(connection)) = client else {
        return Err(sqlx::Error::Protocol("COPY is PostgreSQL's".to_owned()));
    };
    let columns = "id, title, description, price, location, status";
    let mut copy =
        connection.copy_in_raw(&format!("copy properties_property ({columns}) from stdin")).await?;
    copy.send(rows.into_bytes()).await?;
    copy.finish().await?;
    value(client, url, name, "commit").await.map(|_| ())
}

async fn value(
    client: &mut Option<Client>,
    url: &str,
    name: &str,
    statements: &str,
) -> sqlx::Result<Option<String>> {
    let client = match client {
        Some(client) => client,
        None => client.insert(connect(url, name).await?),
    };
    let statements = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
    match client {
        Client::Postgres(connection) => {
            statements.fetch_optional(connection).await?.map(|row| row.try_get(0)).transpose()
        }
        Client::Sqlite(connection) => {
            statements.fetch_optional(connection).await?.map(|row| row.try_get(0)).transpose()
        }
    }
}

async fn connect(url: &str, name: &str) -> sqlx::Result<Client> {
    if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url)?.busy_timeout(PATIENCE);
        return options.connect().await.map(Client::Sqlite);
    }
    let options = PgConnectOptions::from_str(url)?.application_name(name);
    options.connect().await.map(Client::Postgres)
}
