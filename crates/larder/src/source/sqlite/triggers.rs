//! The triggers that write a table's changes.
//!
//! What `REPLACE` deletes to make room fires no delete trigger unless `recursive_triggers` is on (SQLite documentation, "The ON
//! CONFLICT Clause"). So triggers that run *before* an insert or update look up the rows that are in its way, and record that
//! they go. Where the statement then fails, ignores them or updates them, that was a change too many, which costs a load.
//!
//! Nothing here may fail the writer: `json_object()` raises an error for a blob, and writes an infinite number as no JSON.

use super::table::{Key, Table};

/// A trigger: its name, and its text as `sqlite_schema` keeps it.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    pub(super) sql: String,
}

/// The names that the triggers of a table have.
pub(super) fn names(table: &str) -> [String; 5] {
    ["before_insert", "before_update", "insert", "update", "delete"]
        .map(|event| format!("larder_{event}_of_{table}"))
}

/// The triggers of a table, with the columns whose values they write.
pub(super) fn triggers(table: &Table, columns: &[String]) -> [Trigger; 5] {
    let writer = Writer { table, columns };
    let [before_insert, before_update, insert, update, delete] = names(&table.name);
    [
        writer.trigger(before_insert, "before insert", &writer.displaced("true")),
        writer.trigger(before_update, "before update", &writer.displaced(&writer.is_not_the_updated_row())),
        writer.trigger(insert, "after insert", &[writer.row("new", None, Some("new"))]),
        writer.trigger(update, "after update", &writer.updated()),
        writer.trigger(delete, "after delete", &[writer.row("old", Some("old"), None)]),
    ]
}

struct Writer<'a> {
    table: &'a Table,
    columns: &'a [String],
}

impl Writer<'_> {
    fn trigger(&self, name: String, event: &str, statements: &[String]) -> Trigger {
        let table = identifier(&self.table.name);
        let body = statements.join(";\n    ");
        // `sqlite_schema` keeps the text from the name on, after these two words.
        let name_in_sql = identifier(&name);
        let sql =
            format!("CREATE TRIGGER {name_in_sql} {event} on {table} for each row begin\n    {body};\nend");
        Trigger { name, sql }
    }

    /// The row of `at`, before and after.
    fn row(&self, at: &str, old: Option<&str>, new: Option<&str>) -> String {
        let values = |row: Option<&str>| row.map_or("null".to_owned(), |row| self.json(row));
        self.insert(at, &values(old), &values(new))
    }

    /// Where the primary key has changed, a row has gone and another one has come.
    fn updated(&self) -> [String; 2] {
        let key = identifier(&self.table.primary_key);
        let new = self.json("new");
        let after = format!("case when new.{key} is old.{key} then {new} end");
        [
            self.insert("old", &self.json("old"), &after),
            format!("{} where new.{key} is not old.{key}", self.row("new", None, Some("new"))),
        ]
    }

    /// The rows that may be deleted to make room for the new one.
    fn displaced(&self, other_than: &str) -> Vec<String> {
        let going = self.row("displaced", Some("displaced"), None);
        let table = identifier(&self.table.name);
        let of_key =
            |key: &Key| format!("{going} from {table} as displaced where {} and {other_than}", same(key));
        let mut statements: Vec<String> = self.table.keys.iter().map(of_key).collect();
        if self.table.has_opaque_key {
            statements
                .push(format!("insert into larder_change (relation) values ({})", literal(&self.table.name)));
        }
        statements
    }

    fn is_not_the_updated_row(&self) -> String {
        let key = identifier(&self.table.primary_key);
        format!("displaced.{key} is not old.{key}")
    }

    fn insert(&self, at: &str, old: &str, new: &str) -> String {
        let (relation, key) = (literal(&self.table.name), identifier(&self.table.primary_key));
        format!(
            "insert into larder_change (relation, id, old, new) select {relation}, {at}.{key}, {old}, {new}"
        )
    }

    /// The watched columns of a row as the text of a JSON object.
    fn json(&self, row: &str) -> String {
        let member = |(place, column): (usize, &String)| {
            let separator = if place == 0 { "" } else { "," };
            let name = format!("{separator}{}:", serde_json::Value::from(column.as_str()));
            format!("{} || {}", literal(&name), value(&format!("{row}.{}", identifier(column))))
        };
        let members = self.columns.iter().enumerate().map(member);
        ["'{'".to_owned()]
            .into_iter()
            .chain(members)
            .chain(["'}'".to_owned()])
            .collect::<Vec<_>>()
            .join(" || ")
    }
}

/// A value as the text of JSON; what JSON has no exact text for is an empty array, which every condition may hold for.
fn value(column: &str) -> String {
    // 15 digits are the most that every number of this kind has an exact text of (SQLite documentation, "Floating Point
    // Numbers"). With 17 the text could lie beyond the number that a condition names.
    let digits = format!("printf('%!.15g', {column})");
    format!(
        "case typeof({column}) when 'null' then 'null' when 'integer' then cast({column} as text) \
         when 'text' then json_quote({column}) \
         when 'real' then case when cast({digits} as real) = {column} then {digits} else '[]' end else '[]' end"
    )
}

fn same(key: &Key) -> String {
    let same = |(column, collation): &(String, Option<String>)| {
        let column = identifier(column);
        let collation =
            collation.as_ref().map_or(String::new(), |name| format!(" collate {}", identifier(name)));
        format!("displaced.{column} = new.{column}{collation}")
    };
    key.0.iter().map(same).collect::<Vec<_>>().join(" and ")
}

/// A name in SQL (SQLite documentation, "SQLite Keywords").
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
