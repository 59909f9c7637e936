//! A listing as a card, for every page that shows lists.

use listings::{Property, Status};

use super::listing_path;
use crate::drawing;
use crate::pages::card::{Badge, Card};
use crate::pages::wording;

/// The card of a listing. It is the same on every page: nothing in it says where it is shown.
pub(super) fn of(property: &Property) -> Card {
    Card {
        href: listing_path(property.id),
        drawing_href: drawing_path(property),
        title: property.title.clone(),
        price: price(property),
        location: property.location.clone(),
        facts: wording::short_facts(
            whole(property.bedrooms),
            whole(property.bathrooms),
            property.floor_area.map(Into::into),
        ),
        badge: badge(property.status),
    }
}

pub(super) fn drawing_path(property: &Property) -> String {
    drawing::href(property.kind.name(), property.id, whole(property.bedrooms))
}

pub(super) fn price(property: &Property) -> Option<String> {
    property.price.map(|price| wording::price(price.decimal()))
}

pub(super) fn badge(status: Status) -> Option<Badge> {
    match status {
        Status::Pending => Some(Badge::Pending),
        Status::Sold => Some(Badge::Sold),
        Status::Draft | Status::Active | Status::Withdrawn => None,
    }
}

/// A number of rooms; check constraints keep out those below 0.
pub(super) fn whole(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}
