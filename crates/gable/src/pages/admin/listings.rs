//! The table of all listings.

use askama::Template;

use super::AdminLayout;
use super::listing_form::STATUSES;
use crate::pages::form::{Choice, Field, KINDS, SORTS};

/// Every status, or none in particular.
const ANY_STATUS: [Choice; 6] = {
    let [draft, active, pending, sold, withdrawn] = STATUSES;
    [("", "Any status"), draft, active, pending, sold, withdrawn]
};

/// Every kind, or none in particular.
const ANY_KIND: [Choice; 8] = {
    let [house, apartment, studio, villa, townhouse, land, other] = KINDS;
    [("", "Any kind"), house, apartment, studio, villa, townhouse, land, other]
};

/// The page at `/admin/listings/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/listings.html")]
pub struct ListingsPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// What was done just before, in a sentence.
    pub done: Option<String>,
    /// What was looked for.
    pub filter: Filter,
    /// The listings of this page.
    pub rows: Vec<Row>,
    /// How many match: `1,234`, `≈ 120,000`, `more than 10,000`.
    pub tally: String,
    /// The order by each column that can be sorted by.
    pub orders: Orders,
    /// The next page, if there is one.
    pub next_href: Option<String>,
    /// The first page, where this is another.
    pub first_href: Option<String>,
    /// What matches, as the query of an address; empty where everything does.
    pub query: String,
    /// Whether who looks may write.
    pub is_writable: bool,
}

/// What is looked for, as it was typed.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the parameter of its name")]
pub struct Filter {
    pub q: Field,
    pub location: Field,
    pub status: Field,
    pub kind: Field,
    pub min_price: Field,
    pub max_price: Field,
    pub sort: Field,
    /// What was wrong with what has no field here, as whole sentences.
    pub other_errors: Vec<String>,
}

impl Filter {
    /// Whether anything narrows the list.
    #[must_use]
    pub fn is_set(&self) -> bool {
        let fields = [&self.q, &self.location, &self.status, &self.kind, &self.min_price, &self.max_price];
        fields.iter().any(|field| field.is_set())
    }
}

/// One listing in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub id: i64,
    /// Its title; never empty.
    pub title: String,
    /// The status's name and words.
    pub status: (&'static str, &'static str),
    /// The kind's words.
    pub kind: String,
    /// The place.
    pub location: String,
    /// The price, or `on request`.
    pub price: String,
    /// When it was listed.
    pub listed: String,
    /// Its public page, if it has one.
    pub public_href: Option<String>,
}

/// Addresses that sort by a column, and the way it is sorted now (`ascending`, `descending`, empty).
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// By price.
    pub price: Order,
    /// By the time of listing.
    pub listed: Order,
    /// By floor area.
    pub area: Order,
}

/// The order by one column.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// The address that sorts by it, the other way round where it is sorted by already.
    pub href: String,
    /// `ascending`, `descending`, or `none`, as `aria-sort` has it.
    pub now: &'static str,
}
