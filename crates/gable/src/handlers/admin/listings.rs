//! The table of all listings.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use hyper::{StatusCode, Uri};
use listings::desk::Tally;
use listings::read::Page;
use listings::search::Sort;
use listings::{Property, Search};

use super::sought::{self, Sought};
use crate::access::{Caller, Staff};
use crate::application::Application;
use crate::error::Error;
use crate::handlers::{address, card, listing_path};
use crate::pages::admin::listing_form::STATUSES;
use crate::pages::admin::listings::{Filter, ListingsPage, Order, Orders, Row};
use crate::pages::admin::{self, AdminLayout, Section};
use crate::pages::wording;

/// Where the table is.
pub const PATH: &str = "/admin/listings/";

/// The table: filtered, sorted, page by page.
pub async fn list(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    uri: Uri,
) -> Result<Response, Error> {
    caller.need_read_all()?;
    let query = uri.query().unwrap_or_default();
    let sought = match Sought::parse(query) {
        Ok(sought) => sought,
        Err(refusals) => {
            let page = empty(&caller, sought::filter(query, &refusals));
            return super::page(StatusCode::BAD_REQUEST, &page);
        }
    };
    let store = &application.store;
    let found = store.page_over(&sought.search, &sought.statuses()).await?;
    let tally = store.tally(&sought.search, &sought.statuses()).await?;
    let page = ListingsPage {
        done: done(query),
        rows: found.properties.iter().map(row).collect(),
        tally: in_words(tally),
        orders: orders(&sought),
        next_href: next(&sought, &found),
        first_href: sought.search.after.map(|_| href(&sought.with(sought.search.first_page()))),
        query: sought.filters(),
        ..empty(&caller, sought::filter(query, &[]))
    };
    super::page(StatusCode::OK, &page)
}

fn empty(caller: &Caller, filter: Filter) -> ListingsPage {
    ListingsPage {
        layout: AdminLayout::of(caller, Section::Listings, "Listings"),
        done: None,
        filter,
        rows: Vec::new(),
        tally: "0".to_owned(),
        orders: Orders::default(),
        next_href: None,
        first_href: None,
        query: String::new(),
        is_writable: caller.may_write(),
    }
}

/// What the page before has done. Only our own words and digits out of the address: it can't be made to say anything else.
fn done(query: &str) -> Option<String> {
    let value = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(given, _)| given == name);
        found.map(|(_, value)| value.into_owned())
    };
    let digits = |name: &str| value(name).filter(|text| super::is_number(text));
    let number = digits("changed")?;
    let what = match value("done").as_deref() {
        Some("deleted") => "deleted",
        _ => "changed",
    };
    let noun = if number == "1" { "listing was" } else { "listings were" };
    let transaction = digits("transaction").map(|xid| format!(", in transaction {xid}")).unwrap_or_default();
    Some(format!(
        "{number} {noun} {what}{transaction}. Every page that showed them is made again when it is asked for."
    ))
}

fn row(property: &Property) -> Row {
    Row {
        id: property.id,
        title: super::title(&property.title),
        status: status_words(property.status.name()),
        kind: wording::kind_label(property.kind.name()),
        location: property.location.clone(),
        price: card::price(property).unwrap_or_else(|| "on request".to_owned()),
        listed: admin::moment(property.created_at),
        public_href: property.status.is_public().then(|| listing_path(property.id)),
    }
}

fn status_words(name: &str) -> (&'static str, &'static str) {
    let (name, words) = STATUSES.into_iter().find(|(known, _)| *known == name).unwrap_or(STATUSES[4]);
    (name, words.split(' ').next().unwrap_or(words))
}

/// A number of listings in words: `≈` before what was guessed.
pub(super) fn in_words(tally: Tally) -> String {
    let grouped = |number: i64| wording::number(number.unsigned_abs(), false);
    match tally {
        Tally::Exactly(number) => grouped(number),
        Tally::About(number) => format!("≈ {}", grouped(number)),
        Tally::MoreThan(number) => format!("more than {}", grouped(number)),
    }
}

fn next(sought: &Sought, page: &Page) -> Option<String> {
    page.next.map(|position| href(&sought.with(sought.search.after(position))))
}

fn href(sought: &Sought) -> String {
    address(PATH, &sought.query())
}

fn orders(sought: &Sought) -> Orders {
    let order = |ascending: Sort, descending: Sort| {
        let (now, other) = match sought.search.sort {
            sort if sort == ascending => ("ascending", descending),
            sort if sort == descending => ("descending", ascending),
            _ => ("none", ascending),
        };
        let search = Search { sort: other, ..sought.search.first_page() };
        Order { href: href(&sought.with(search)), now }
    };
    Orders {
        price: order(Sort::Cheapest, Sort::Dearest),
        listed: order(Sort::Oldest, Sort::Newest),
        area: order(Sort::Smallest, Sort::Largest),
    }
}
