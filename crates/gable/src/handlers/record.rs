//! A listing as programs read it.

use listings::property::{Kind, Property, Status};
use listings::record::guarded;
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp;

/// The full record of a listing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Record {
    /// Never used twice.
    #[schema(example = 17)]
    id: i64,
    /// One line, 1 to 200 characters.
    #[schema(example = "Two-bedroom apartment with sea view")]
    title: String,
    /// Plain text; an empty line divides paragraphs.
    description: String,
    /// A decimal with two places, or null for "on request".
    #[schema(example = "1200.00", required = true)]
    price: Option<String>,
    /// A place name, 1 to 100 characters.
    #[schema(example = "Accra")]
    location: String,
    /// When it was made (RFC 3339, UTC, to the microsecond).
    #[schema(format = DateTime, example = "2025-08-31T18:45:12.345678Z")]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime, example = "2025-08-31T18:45:12.345678Z")]
    updated_at: String,
    /// 1 for a new listing, one more with every change.
    version: i64,
    /// Where it stands in its life.
    #[schema(value_type = String, example = "active")]
    status: Status,
    /// What it is.
    #[schema(value_type = String, example = "apartment")]
    kind: Kind,
    /// Null for "not said".
    #[schema(required = true)]
    bedrooms: Option<i32>,
    /// Null for "not said".
    #[schema(required = true)]
    bathrooms: Option<i32>,
    /// Square metres; null for "not said".
    #[schema(required = true)]
    floor_area: Option<i32>,
    /// Degrees north, WGS 84; null for "not said".
    #[schema(required = true)]
    latitude: Option<f64>,
    /// Degrees east, WGS 84; null for "not said".
    #[schema(required = true)]
    longitude: Option<f64>,
}

impl Record {
    /// The same for a table that somebody opens in a spreadsheet: whoever wrote a listing makes it calculate nothing.
    pub(super) fn guarded(&self) -> Record {
        let [title, description, location] =
            [&self.title, &self.description, &self.location].map(|text| guarded(text));
        Record { title, description, location, ..self.clone() }
    }
}

impl From<Property> for Record {
    fn from(property: Property) -> Record {
        Record {
            id: property.id,
            title: property.title,
            description: property.description,
            price: property.price.map(|price| price.to_string()),
            location: property.location,
            created_at: timestamp(property.created_at),
            updated_at: timestamp(property.updated_at),
            version: property.version,
            status: property.status,
            kind: property.kind,
            bedrooms: property.bedrooms,
            bathrooms: property.bathrooms,
            floor_area: property.floor_area,
            latitude: property.latitude,
            longitude: property.longitude,
        }
    }
}

/// A listing as the Django project's endpoint shows it: these six fields, in this order, for good.
#[derive(Debug, Serialize, ToSchema)]
pub struct DjangoRecord {
    id: i64,
    title: String,
    description: String,
    #[schema(example = "1200.00", required = true)]
    price: Option<String>,
    location: String,
    #[schema(format = DateTime, example = "2025-08-31T18:45:12.345678Z")]
    created_at: String,
}

impl From<Property> for DjangoRecord {
    fn from(property: Property) -> DjangoRecord {
        DjangoRecord {
            id: property.id,
            title: property.title,
            description: property.description,
            price: property.price.map(|price| price.to_string()),
            location: property.location,
            created_at: timestamp(property.created_at),
        }
    }
}
