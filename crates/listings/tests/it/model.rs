//! What a search should find, said a second time and without SQL: the oracle for both stores.

use std::cmp::Ordering;

use listings::search::{Search, Sort};
use listings::{Price, Property};

/// Everything in `all` that matches, in the order of the search.
pub(crate) fn expected(all: &[Property], search: &Search) -> Vec<i64> {
    let mut found: Vec<&Property> = all.iter().filter(|property| matches(property, search)).collect();
    found.sort_by(|left, right| order(left, right, search.sort));
    found.into_iter().map(|property| property.id).collect()
}

fn matches(property: &Property, search: &Search) -> bool {
    property.status == search.status
        && search.kind.is_none_or(|kind| property.kind == kind)
        && search
            .location
            .as_ref()
            .is_none_or(|place| property.location.to_ascii_lowercase() == place.as_str())
        && within(
            property.price.map(Price::cents),
            search.min_price.map(Price::cents),
            search.max_price.map(Price::cents),
        )
        && within(property.bedrooms, search.min_bedrooms, search.max_bedrooms)
        && within(property.bathrooms, search.min_bathrooms, None)
        && within(property.floor_area, search.min_area, search.max_area)
        && is_inside(property, search)
        && has_words(property, search)
}

fn within<T: PartialOrd>(value: Option<T>, least: Option<T>, most: Option<T>) -> bool {
    if least.is_none() && most.is_none() {
        return true;
    }
    let Some(value) = value else { return false };
    least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
}

fn is_inside(property: &Property, search: &Search) -> bool {
    let Some(bbox) = search.bbox else { return true };
    let Some((latitude, longitude)) = property.latitude.zip(property.longitude) else { return false };
    let east_west = if bbox.west <= bbox.east {
        (bbox.west..=bbox.east).contains(&longitude)
    } else {
        longitude >= bbox.west || longitude <= bbox.east
    };
    east_west && (bbox.south..=bbox.north).contains(&latitude)
}

fn has_words(property: &Property, search: &Search) -> bool {
    let Some(terms) = &search.q else { return true };
    let text = format!("{} {} {}", property.title, property.description, property.location).to_lowercase();
    let words: Vec<&str> = text.split(|character: char| !character.is_alphanumeric()).collect();
    terms.words().iter().all(|term| words.iter().any(|word| word.starts_with(term)))
}

fn order(left: &Property, right: &Property, sort: Sort) -> Ordering {
    let key = |property: &Property| match sort {
        Sort::Newest | Sort::Oldest => Some(property.created_at.timestamp_micros()),
        Sort::Cheapest | Sort::Dearest => property.price.map(Price::cents),
        Sort::Smallest | Sort::Largest => property.floor_area.map(i64::from),
        Sort::Id => Some(property.id),
    };
    let ascending = |left: &Property, right: &Property| (key(left), left.id).cmp(&(key(right), right.id));
    match (key(left), key(right)) {
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        _ if sort.is_ascending() => ascending(left, right),
        _ => ascending(right, left),
    }
}
