//! The page of one listing.

use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};

use super::card::{Badge, Card};
use super::layout::{Layout, Link};
use super::structured::StructuredData;

/// The page at `/properties/<id>/`.
#[derive(Clone, Debug, Template)]
#[template(path = "listing.html")]
pub struct ListingPage {
    /// What is around it.
    pub layout: Layout,
    /// The listing's number.
    pub id: i64,
    /// Title as written by the owner.
    pub title: String,
    /// `250,000`, from [`super::wording::price`]; None reads "Price on request".
    pub price: Option<String>,
    /// `House`, with the search for that kind.
    pub kind: Link,
    /// The place, with the search for that place.
    pub location: Link,
    /// A word over the drawing.
    pub badge: Option<Badge>,
    /// Address of the drawing, from [`crate::drawing::href`].
    pub drawing_href: String,
    /// Bedrooms, bathrooms, floor area, as far as known, from [`super::wording::facts`].
    pub facts: Vec<Fact>,
    /// The description's paragraphs, from [`super::wording::paragraphs`].
    pub description: Vec<String>,
    /// Where it is, when known.
    pub position: Option<Position>,
    /// When it was listed.
    pub listed: Moment,
    /// When it was last changed, if it was since.
    pub updated: Option<Moment>,
    /// Listings like it.
    pub similar: Vec<Card>,
    /// The search that continues `similar`.
    pub similar_href: Option<String>,
    /// The same facts for machines.
    pub structured: StructuredData,
}

/// A name and a value in the list of facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// `Bedrooms`.
    pub name: &'static str,
    /// `3`.
    pub value: String,
}

/// Coordinates, ready to read.
#[derive(Clone, Debug, Default)]
pub struct Position {
    /// `5.60372° N, 0.18696° W`, from [`super::wording::coordinates`].
    pub text: String,
    /// The search for what is near, when there is one.
    pub nearby_href: Option<String>,
}

/// A point in time for people and for machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339: `2025-08-31T18:45:12Z`.
    pub machine: String,
    /// `31 August 2025`.
    pub human: String,
}

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        Self {
            machine: at.to_rfc3339_opts(SecondsFormat::Secs, true),
            human: at.format("%-d %B %Y").to_string(),
        }
    }
}
