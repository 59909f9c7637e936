//! What the two databases spell differently, and all that a search needs to know of it.

use super::Bind;
use crate::Price;
use crate::search::{Sort, Terms};
use chrono::{DateTime, Utc};

/// How one database spells what searches are made of. Each text is SQL over the columns of `properties_property`.
#[derive(Debug)]
pub struct Dialect {
    /// The select list of a listing, in the types that both databases share.
    pub columns: &'static str,
    /// The place name as [`crate::search::Location`] folds it.
    pub location: &'static str,
    /// The price as a sort key.
    pub price: SortKey,
    /// The floor area as a sort key.
    pub floor_area: SortKey,
    /// The condition "some words begin with …", around the bind's placeholder.
    pub text: (&'static str, &'static str),
    /// What [`Dialect::text`] is asked with.
    pub terms: fn(&Terms) -> String,
    /// A price as it is bound.
    pub money: fn(Price) -> Bind,
    /// A time as it is bound.
    pub time: fn(DateTime<Utc>) -> Bind,
    /// The column that a price is written to.
    pub price_column: &'static str,
    /// The column of which a change tells the words that are searched, if there is one.
    pub words_column: Option<&'static str>,
    /// The columns that searches filter and sort by: what a change must tell of a listing.
    pub watched: &'static [&'static str],
    /// A statement whose rows say when they were read.
    pub stamped: fn(&str) -> String,
    /// What a read of a row ends with that nobody else may change meanwhile. (In SQLite nobody can: there is one writer.)
    pub locking: &'static str,
    /// The condition "id is one of …", around the placeholder of a text of numbers with commas.
    pub ids: (&'static str, &'static str),
    /// What stands around a JSON array where a column is compared with each of its numbers.
    pub one_of_numbers: (&'static str, &'static str),
    /// The same with texts.
    pub one_of_texts: (&'static str, &'static str),
}

/// A column that may be null, as two expressions that never are, so that one index serves both the order and the keyset
/// condition: nulls come last in either direction.
#[derive(Debug)]
pub struct SortKey {
    /// With nulls above every value.
    pub ascending: &'static str,
    /// What stands for null there.
    pub above_all: &'static str,
    /// With nulls below every value.
    pub descending: &'static str,
}

impl SortKey {
    /// The expression that a list in this order is sorted by. Other orders filter by the descending one: any would do,
    /// and one index is enough.
    #[must_use]
    pub fn expression(&self, ascending: bool) -> &'static str {
        if ascending { self.ascending } else { self.descending }
    }
}

impl Dialect {
    /// The expression that a list in this order is sorted by, before the id.
    #[must_use]
    pub fn sort_key(&self, sort: Sort) -> &'static str {
        match sort {
            Sort::Newest | Sort::Oldest => "created_at",
            Sort::Cheapest | Sort::Dearest => self.price.expression(sort.is_ascending()),
            Sort::Smallest | Sort::Largest => self.floor_area.expression(sort.is_ascending()),
            Sort::Id => "id",
        }
    }

    /// The column that a list in this order is sorted by, before the id. An order by id alone is one by status, of which a
    /// search has one, and id: so it can be told from the watched columns.
    pub(super) fn sort_column(&self, sort: Sort) -> &'static str {
        match sort {
            Sort::Newest | Sort::Oldest => "created_at",
            Sort::Cheapest | Sort::Dearest => self.price_column,
            Sort::Smallest | Sort::Largest => "floor_area",
            Sort::Id => "status",
        }
    }
}
