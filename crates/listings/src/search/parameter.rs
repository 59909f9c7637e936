//! The parameters of a search: their names, and the way of each value in and out of a query string.

use serde::{Deserialize, Serialize};

use super::{BoundingBox, Location, MAX_LIMIT, Search, Sort, Terms};
use crate::property::InvalidPrice;
use crate::{Kind, Price, Status};

/// One parameter of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the parameter of its name; `Search` says what it means")]
pub enum Parameter {
    Q,
    Location,
    Kind,
    Status,
    MinPrice,
    MaxPrice,
    MinBedrooms,
    MaxBedrooms,
    MinBathrooms,
    MinArea,
    MaxArea,
    Bbox,
    Sort,
    Limit,
    Cursor,
    Count,
}

/// A parameter that was refused: which, what was given, and the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: {rule} (given: {value})")]
pub struct Refusal {
    /// The parameter's name as it was given.
    pub parameter: String,
    /// The value as it was given, cut to 100 characters.
    pub value: String,
    /// What would be right.
    pub rule: String,
}

impl Refusal {
    pub(super) fn new(parameter: Parameter, value: &str, rule: impl Into<String>) -> Refusal {
        Refusal { parameter: parameter.name().to_owned(), value: cut(value), rule: rule.into() }
    }

    pub(super) fn unknown(name: &str, value: &str) -> Refusal {
        let known: Vec<_> = Parameter::ALL.iter().map(|parameter| parameter.name()).collect();
        let hint = if name == "page" { "pages are followed by `cursor`; " } else { "" };
        let rule = format!("unknown parameter; {hint}known are {}", known.join(", "));
        Refusal { parameter: cut(name), value: cut(value), rule }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}

impl Parameter {
    /// Every parameter, in the order of the canonical form: first those that narrow the answer.
    pub const ALL: [Parameter; 16] = [
        Parameter::Q,
        Parameter::Location,
        Parameter::Kind,
        Parameter::Status,
        Parameter::MinPrice,
        Parameter::MaxPrice,
        Parameter::MinBedrooms,
        Parameter::MaxBedrooms,
        Parameter::MinBathrooms,
        Parameter::MinArea,
        Parameter::MaxArea,
        Parameter::Bbox,
        Parameter::Sort,
        Parameter::Limit,
        Parameter::Cursor,
        Parameter::Count,
    ];

    /// The parameters that narrow the answer.
    pub const FILTERS: &'static [Parameter] = Parameter::ALL.split_at(12).0;

    /// The name in query strings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Parameter::Q => "q",
            Parameter::Location => "location",
            Parameter::Kind => "kind",
            Parameter::Status => "status",
            Parameter::MinPrice => "min_price",
            Parameter::MaxPrice => "max_price",
            Parameter::MinBedrooms => "min_bedrooms",
            Parameter::MaxBedrooms => "max_bedrooms",
            Parameter::MinBathrooms => "min_bathrooms",
            Parameter::MinArea => "min_area",
            Parameter::MaxArea => "max_area",
            Parameter::Bbox => "bbox",
            Parameter::Sort => "sort",
            Parameter::Limit => "limit",
            Parameter::Cursor => "cursor",
            Parameter::Count => "count",
        }
    }

    /// The parameter of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Parameter> {
        Parameter::ALL.into_iter().find(|parameter| parameter.name() == name)
    }

    /// Puts a value into a search, or says the rule that it breaks. A cursor is not set here: it takes the rest of the
    /// search to read one.
    pub(super) fn set(self, search: &mut Search, value: &str) -> Result<(), String> {
        match self {
            Parameter::Q => search.q = Some(Terms::parse(value)?),
            Parameter::Location => search.location = Some(Location::parse(value)?),
            Parameter::Kind => search.kind = Some(one_of(value, &Kind::ALL, Kind::name)?),
            Parameter::Status => search.status = one_of(value, &Status::ALL, Status::name)?,
            Parameter::MinPrice => search.min_price = Some(price(value)?),
            Parameter::MaxPrice => search.max_price = Some(price(value)?),
            Parameter::MinBedrooms => search.min_bedrooms = Some(whole(value, 0, 1_000)?),
            Parameter::MaxBedrooms => search.max_bedrooms = Some(whole(value, 0, 1_000)?),
            Parameter::MinBathrooms => search.min_bathrooms = Some(whole(value, 0, 1_000)?),
            Parameter::MinArea => search.min_area = Some(whole(value, 0, 10_000_000)?),
            Parameter::MaxArea => search.max_area = Some(whole(value, 0, 10_000_000)?),
            Parameter::Bbox => search.bbox = Some(BoundingBox::parse(value)?),
            Parameter::Sort => search.sort = one_of(value, &Sort::ALL, Sort::name)?,
            Parameter::Limit => search.limit = whole(value, 1, MAX_LIMIT.into())?,
            Parameter::Cursor => return Err("is read with the whole search".to_owned()),
            Parameter::Count => search.count = flag(value)?,
        }
        Ok(())
    }

    /// The value in a search, as the canonical form spells it.
    #[must_use]
    pub fn value(self, search: &Search) -> Option<String> {
        match self {
            Parameter::Q => search.q.as_ref().map(ToString::to_string),
            Parameter::Location => search.location.as_ref().map(ToString::to_string),
            Parameter::Kind => search.kind.map(|kind| kind.name().to_owned()),
            Parameter::Status => Some(search.status.name().to_owned()),
            Parameter::MinPrice => search.min_price.map(|price| price.to_string()),
            Parameter::MaxPrice => search.max_price.map(|price| price.to_string()),
            Parameter::MinBedrooms => search.min_bedrooms.map(|number| number.to_string()),
            Parameter::MaxBedrooms => search.max_bedrooms.map(|number| number.to_string()),
            Parameter::MinBathrooms => search.min_bathrooms.map(|number| number.to_string()),
            Parameter::MinArea => search.min_area.map(|number| number.to_string()),
            Parameter::MaxArea => search.max_area.map(|number| number.to_string()),
            Parameter::Bbox => search.bbox.map(|bbox| bbox.to_string()),
            Parameter::Sort => Some(search.sort.name().to_owned()),
            Parameter::Limit => Some(search.limit.to_string()),
            Parameter::Cursor => search.after.map(|position| position.to_cursor(search)),
            Parameter::Count => search.count.then(|| "true".to_owned()),
        }
    }

    pub(super) fn clear(self, search: &mut Search) {
        let Search { status, sort, limit, .. } = Search::default();
        match self {
            Parameter::Q => search.q = None,
            Parameter::Location => search.location = None,
            Parameter::Kind => search.kind = None,
            Parameter::Status => search.status = status,
            Parameter::MinPrice => search.min_price = None,
            Parameter::MaxPrice => search.max_price = None,
            Parameter::MinBedrooms => search.min_bedrooms = None,
            Parameter::MaxBedrooms => search.max_bedrooms = None,
            Parameter::MinBathrooms => search.min_bathrooms = None,
            Parameter::MinArea => search.min_area = None,
            Parameter::MaxArea => search.max_area = None,
            Parameter::Bbox => search.bbox = None,
            Parameter::Sort => search.sort = sort,
            Parameter::Limit => search.limit = limit,
            Parameter::Cursor => search.after = None,
            Parameter::Count => search.count = false,
        }
    }
}

fn price(value: &str) -> Result<Price, String> {
    value.parse().map_err(|rule: InvalidPrice| rule.to_string())
}

fn one_of<T: Copy>(value: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    all.iter().copied().find(|&choice| name(choice) == value).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|&choice| name(choice)).collect();
        format!("must be one of {}", names.join(", "))
    })
}

/// Digits only: `from_str` alone would take `+3` for a second spelling of `3`.
fn whole<T: TryFrom<i64>>(value: &str, least: i64, most: i64) -> Result<T, String> {
    Some(value)
        .filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|value| value.parse().ok())
        .filter(|number| (least..=most).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
}

fn flag(value: &str) -> Result<bool, String> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}
