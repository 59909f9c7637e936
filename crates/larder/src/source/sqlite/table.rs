//! What there is to know of a table before it can be watched.

use sqlx::SqliteConnection;

use super::install::InstallError;

/// A table whose rows can be told apart by one column.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) primary_key: String,
    /// What a row can be in the way of another by, the primary key among them.
    pub(super) keys: Vec<Key>,
    /// Whether rows can be in each other's way by something that cannot be compared here: an index over an expression or
    /// over a part of the table.
    pub(super) has_opaque_key: bool,
}

/// Columns with their collations, which no two rows have the same values of.
#[derive(Debug)]
pub(super) struct Key(pub(super) Vec<(String, Option<String>)>);

#[derive(sqlx::FromRow)]
struct Column {
    name: String,
    pk: i64,
}

#[derive(sqlx::FromRow)]
struct IndexColumn {
    index: String,
    partial: bool,
    origin: String,
    column: Option<String>,
    collation: Option<String>,
}

impl Table {
    pub(super) async fn describe(
        connection: &mut SqliteConnection,
        name: &str,
    ) -> Result<Table, InstallError> {
        let without_rowid = is_without_rowid(connection, name).await?;
        let columns: Vec<Column> =
            sqlx::query_as(include_str!("columns.sql")).bind(name).fetch_all(&mut *connection).await?;
        let indexes: Vec<IndexColumn> =
            sqlx::query_as(include_str!("unique_indexes.sql")).bind(name).fetch_all(&mut *connection).await?;
        let primary_key = primary_key(name, &columns)?;
        // SQLite documentation, "Rowid Tables": such a table has no index for its primary key, which is the rowid itself.
        let is_rowid = !without_rowid && !indexes.iter().any(|index| index.origin == "pk");
        refuse_collation(name, &indexes)?;
        let has_opaque_key = indexes.iter().any(|index| index.partial || index.column.is_none());
        let mut keys = keys(indexes);
        if is_rowid {
            keys.push(Key(vec![(primary_key.clone(), None)]));
        } else if !without_rowid && let Some(rowid) = rowid_name(&columns) {
            keys.push(Key(vec![(rowid.to_owned(), None)]));
        }
        let columns = columns.into_iter().map(|column| column.name).collect();
        Ok(Table { name: name.to_owned(), columns, primary_key, keys, has_opaque_key })
    }
}

async fn is_without_rowid(connection: &mut SqliteConnection, name: &str) -> Result<bool, InstallError> {
    let found: Option<(String, bool)> =
        sqlx::query_as("select type, wr from pragma_table_list where schema = 'main' and name = ?1")
            .bind(name)
            .fetch_optional(connection)
            .await?;
    match found {
        Some((kind, without_rowid)) if kind == "table" => Ok(without_rowid),
        Some((kind, _)) => Err(InstallError::NotATable { name: name.to_owned(), kind }),
        None => Err(InstallError::NoSuchTable(name.to_owned())),
    }
}

fn primary_key(table: &str, columns: &[Column]) -> Result<String, InstallError> {
    let mut of_key = columns.iter().filter(|column| column.pk > 0);
    match (of_key.next(), of_key.next()) {
        (Some(column), None) => Ok(column.name.clone()),
        _ => Err(InstallError::NoPrimaryKey(table.to_owned())),
    }
}

/// Where `a` and `A` are one key, a reader may ask for the one and a change name the other.
fn refuse_collation(table: &str, indexes: &[IndexColumn]) -> Result<(), InstallError> {
    let of_key = indexes.iter().filter(|index| index.origin == "pk");
    match of_key
        .filter_map(|index| index.collation.as_deref())
        .find(|name| !name.eq_ignore_ascii_case("BINARY"))
    {
        Some(collation) => {
            Err(InstallError::Collation { table: table.to_owned(), collation: collation.to_owned() })
        }
        None => Ok(()),
    }
}

/// One key of each index that can be compared; the query orders them by index.
fn keys(columns: Vec<IndexColumn>) -> Vec<Key> {
    let opaque: Vec<String> = columns
        .iter()
        .filter(|column| column.partial || column.column.is_none())
        .map(|column| column.index.clone())
        .collect();
    let mut keys: Vec<(String, Key)> = Vec::new();
    for IndexColumn { index, column, collation, .. } in columns {
        let Some(column) = column.filter(|_| !opaque.contains(&index)) else { continue };
        match keys.last_mut() {
            Some((last, key)) if *last == index => key.0.push((column, collation)),
            _ => keys.push((index, Key(vec![(column, collation)]))),
        }
    }
    keys.into_iter().map(|(_, key)| key).collect()
}

/// A name of the rowid that no column hides. A row can be given one although it is not the primary key.
fn rowid_name(columns: &[Column]) -> Option<&'static str> {
    let is_free = |name: &&str| !columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    ["rowid", "_rowid_", "oid"].into_iter().find(is_free)
}
