//! The page of one listing.

use std::sync::Arc;

use askama::Template as _;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use hyper::Uri;
use listings::property::Property;
use listings::search::BoundingBox;
use listings::{Kind, Search};

use super::{Answer, address, card, listing_path, public_property, search_page};
use crate::application::Application;
use crate::assets;
use crate::clock::Timings;
use crate::error::Error;
use crate::pages::layout::{Layout, Link};
use crate::pages::listing::{ListingPage, Moment, Position};
use crate::pages::structured::{Described, StructuredData};
use crate::pages::wording;
use crate::reads::Reads;
use crate::representation::Representation;

const SIMILAR: u16 = 4;

/// The page of a listing that everybody may see.
pub async fn show(
    State(application): State<Arc<Application>>,
    Reads(reading): Reads,
    Path(id): Path<String>,
) -> Answer {
    let mut timings = Timings::default();
    let property = timings.database(public_property(&application.catalogue, &reading, &id)).await?;
    let similar = timings.database(application.store.similar(&reading, &property, SIMILAR)).await?;
    let page = page(&application.site_url, &property, &similar);
    let text = timings.render(|| page.render())?;
    Ok(Representation::html(text).timed(timings))
}

/// The one address of a listing's page.
pub fn page_address(uri: &Uri) -> Option<String> {
    super::id_between(uri, "/properties/", "/").map(listing_path)
}

/// Without its last slash the address is not the listing's own, but what is meant is clear.
pub async fn with_slash(Path(id): Path<String>) -> Result<Response, Error> {
    match super::id(&id) {
        Some(id) => Ok(Redirect::permanent(&listing_path(id)).into_response()),
        None => Err(Error::NotFound(format!("There is no listing {id}"))),
    }
}

fn page(site: &str, property: &Property, similar: &[Property]) -> ListingPage {
    let alike = Search { kind: Some(property.kind), ..Search::default() };
    let nearby = Search::default().at(&property.location);
    let nearby_href = nearby.as_ref().map_or(search_page::PATH.to_owned(), search_href);
    ListingPage {
        layout: layout(site, property),
        id: property.id,
        title: property.title.clone(),
        price: card::price(property),
        kind: Link::new(wording::kind_label(property.kind.name()), search_href(&alike)),
        location: Link::new(property.location.clone(), nearby_href),
        badge: card::badge(property.status),
        drawing_href: card::drawing_path(property),
        facts: wording::facts(
            card::whole(property.bedrooms),
            card::whole(property.bathrooms),
            property.floor_area.map(Into::into),
        ),
        description: wording::paragraphs(&property.description),
        position: property.latitude.zip(property.longitude).map(position),
        listed: Moment::from(property.created_at),
        updated: (property.version > 1).then(|| Moment::from(property.updated_at)),
        similar: similar.iter().map(card::of).collect(),
        similar_href: Some(search_href(&alike)),
        structured: structured(site, property),
    }
}

fn search_href(search: &Search) -> String {
    address(search_page::PATH, &search.canonical())
}

fn layout(site: &str, property: &Property) -> Layout {
    let price = card::price(property).unwrap_or_else(|| "Price on request".to_owned());
    Layout {
        title: property.title.clone(),
        description: format!("{} in {}. {price}.", kind_in_words(property.kind), property.location),
        canonical: Some(format!("{site}{}", listing_path(property.id))),
        image: Some(format!("{site}{}", card::drawing_path(property))),
        assets: assets::hrefs(),
        ..Layout::default()
    }
}

fn kind_in_words(kind: Kind) -> String {
    wording::kind_label(kind.name())
}

/// The coordinates in words, and what lies within about 5 km (0.045° of latitude; less of longitude away from the
/// equator, where degrees are narrower).
fn position((latitude, longitude): (f64, f64)) -> Position {
    const AROUND: f64 = 0.045;
    let rounded = |degrees: f64, most: f64| (degrees.clamp(-most, most) * 1_000.0).round() / 1_000.0;
    let bbox = BoundingBox {
        west: rounded(longitude - AROUND, 180.0),
        south: rounded(latitude - AROUND, 90.0),
        east: rounded(longitude + AROUND, 180.0),
        north: rounded(latitude + AROUND, 90.0),
    };
    let nearby = Search { bbox: Some(bbox), ..Search::default() };
    Position { text: wording::coordinates(latitude, longitude), nearby_href: Some(search_href(&nearby)) }
}

fn structured(site: &str, property: &Property) -> StructuredData {
    let rfc3339 = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    StructuredData::of(&Described {
        url: &format!("{site}{}", listing_path(property.id)),
        name: &property.title,
        description: &property.description,
        image: &format!("{site}{}", card::drawing_path(property)),
        kind: property.kind.name(),
        status: property.status.name(),
        location: &property.location,
        price: property.price.map(|price| price.to_string()),
        currency: None,
        bedrooms: card::whole(property.bedrooms),
        bathrooms: card::whole(property.bathrooms),
        floor_area: property.floor_area.map(f64::from),
        position: property.latitude.zip(property.longitude),
        published: &rfc3339(property.created_at),
        modified: &rfc3339(property.updated_at),
    })
}
