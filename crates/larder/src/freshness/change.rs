//! What one committed row operation did.

use std::sync::Arc;

use super::{Value, Xid};

/// The watched columns of a row, with their values; short, so looked through in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowValues(Vec<(Box<str>, Value)>);

impl RowValues {
    /// The values of these columns.
    #[must_use]
    pub fn new<Name: Into<Box<str>>>(columns: impl IntoIterator<Item = (Name, Value)>) -> RowValues {
        RowValues(columns.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// The values of a JSON object; `None` where it is none.
    #[must_use]
    pub fn of_json(json: &serde_json::Value) -> Option<RowValues> {
        let object = json.as_object()?;
        Some(RowValues::new(object.iter().map(|(name, value)| (name.as_str(), Value::of_json(value)))))
    }

    /// The value of a column; `None` where the column is not watched.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| &**name == column).map(|(_, value)| value)
    }

    fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(Box<str>, Value)>()
            + self.0.iter().map(|(name, value)| name.len() + value.heap_bytes()).sum::<usize>()
    }
}

/// What a transaction did to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// One row was inserted (no old values), updated, or deleted (no new values).
    Row {
        /// The primary key.
        id: Value,
        /// The watched columns before.
        old: Option<RowValues>,
        /// The watched columns after.
        new: Option<RowValues>,
    },
    /// So much, or so unclear what, that all of the table must be taken for changed.
    Table,
}

/// What a transaction did to a table, and which transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The transaction.
    pub xid: Xid,
    /// The table's name, as its watch names it.
    pub table: Arc<str>,
    /// What happened.
    pub happened: Happened,
}

impl Change {
    /// Bytes that keeping it takes, on the heap and off.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let values = |values: &Option<RowValues>| values.as_ref().map_or(0, RowValues::heap_bytes);
        size_of::<Change>()
            + match &self.happened {
                Happened::Row { id, old, new } => id.heap_bytes() + values(old) + values(new),
                Happened::Table => 0,
            }
    }
}
