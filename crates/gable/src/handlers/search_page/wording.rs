//! A search in words: its heading, and its filters as chips.

use listings::search::{Parameter, Search};
use listings::{Kind, Status};

use crate::handlers::address;
use crate::pages::layout::Link;
use crate::pages::wording;

/// `Villas in Accra`. Place names are folded in a search; here each word gets its capital back.
#[must_use]
pub fn heading(search: &Search) -> String {
    let place = search.location.as_ref().map(|location| capitals(location.as_str()));
    wording::search_heading(search.kind.map(Kind::name), place.as_deref())
}

/// The applied filters, each with the search without it.
pub(super) fn chips(search: &Search) -> Vec<Link> {
    search
        .applied_filters()
        .into_iter()
        .map(|(parameter, value)| {
            let without = address(super::PATH, &search.without(parameter).canonical());
            Link::new(filter(search, parameter, &value), without)
        })
        .collect()
}

/// One filter in words: `Up to 300,000`.
pub(super) fn filter(search: &Search, parameter: Parameter, value: &str) -> String {
    let price = |price: Option<listings::Price>| {
        price.map(|price| wording::price(price.decimal())).unwrap_or_default()
    };
    match parameter {
        Parameter::Q => format!("“{value}”"),
        Parameter::Location => capitals(value),
        Parameter::Kind => wording::kind_label(value),
        Parameter::Status => status(search.status).to_owned(),
        Parameter::MinPrice => format!("From {}", price(search.min_price)),
        Parameter::MaxPrice => format!("Up to {}", price(search.max_price)),
        Parameter::MinBedrooms => format!("At least {}", number(value, "bedroom")),
        Parameter::MaxBedrooms => format!("At most {}", number(value, "bedroom")),
        Parameter::MinBathrooms => format!("At least {}", number(value, "bathroom")),
        Parameter::MinArea => format!("From {value} m²"),
        Parameter::MaxArea => format!("Up to {value} m²"),
        Parameter::Bbox => "Inside the map section".to_owned(),
        Parameter::Sort | Parameter::Limit | Parameter::Cursor | Parameter::Count => value.to_owned(),
    }
}

/// What a filter is called where it is offered to be dropped.
pub(super) fn name(parameter: Parameter) -> &'static str {
    match parameter {
        Parameter::Q => "the words",
        Parameter::Location => "the place",
        Parameter::Kind => "the kind",
        Parameter::Status => "the status",
        Parameter::MinPrice => "the lowest price",
        Parameter::MaxPrice => "the highest price",
        Parameter::MinBedrooms => "the fewest bedrooms",
        Parameter::MaxBedrooms => "the most bedrooms",
        Parameter::MinBathrooms => "the fewest bathrooms",
        Parameter::MinArea => "the smallest area",
        Parameter::MaxArea => "the largest area",
        Parameter::Bbox => "the map section",
        Parameter::Sort | Parameter::Limit | Parameter::Cursor | Parameter::Count => "this",
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Draft => "Draft",
        Status::Active => "Available",
        Status::Pending => "Pending",
        Status::Sold => "Sold",
        Status::Withdrawn => "Withdrawn",
    }
}

/// `1 bedroom`, `3 bedrooms`.
pub(super) fn number(value: &str, noun: &str) -> String {
    let ending = if value == "1" { "" } else { "s" };
    format!("{value} {noun}{ending}")
}

fn capitals(place: &str) -> String {
    let capital = |word: &str| {
        let mut characters = word.chars();
        characters
            .next()
            .map(|first| first.to_uppercase().chain(characters).collect::<String>())
            .unwrap_or_default()
    };
    place.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}
