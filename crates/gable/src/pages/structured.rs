//! A listing for machines: schema.org's vocabulary as JSON-LD.

use serde_json::{Map, Value, json};

/// JSON that is safe between `<script type="application/ld+json">` and `</script>`.
#[derive(Clone, Debug, Default)]
pub struct StructuredData(String);

/// What is said of a listing; absent values are left out.
#[derive(Clone, Debug, Default)]
pub struct Described<'a> {
    /// Absolute address of the listing's page.
    pub url: &'a str,
    /// Title.
    pub name: &'a str,
    /// Description.
    pub description: &'a str,
    /// Absolute address of the drawing.
    pub image: &'a str,
    /// `house`, `apartment`, …
    pub kind: &'a str,
    /// `active`, `pending`, `sold`.
    pub status: &'a str,
    /// Place.
    pub location: &'a str,
    /// `1200.00`.
    pub price: Option<String>,
    /// ISO 4217, only where it is known.
    pub currency: Option<&'a str>,
    /// Number of bedrooms.
    pub bedrooms: Option<u32>,
    /// Number of bathrooms.
    pub bathrooms: Option<u32>,
    /// Floor area in m²: `120.5`.
    pub floor_area: Option<f64>,
    /// Latitude and longitude in degrees.
    pub position: Option<(f64, f64)>,
    /// RFC 3339, when listed.
    pub published: &'a str,
    /// RFC 3339, when last changed.
    pub modified: &'a str,
}

impl StructuredData {
    /// Describes a listing.
    #[must_use]
    pub fn of(listing: &Described<'_>) -> Self {
        Self(escaped(&listing_json(listing)))
    }
}

impl std::fmt::Display for StructuredData {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl askama::FastWritable for StructuredData {
    fn write_into(&self, dest: &mut dyn std::fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

impl askama::filters::HtmlSafe for StructuredData {}

/// JSON in which no `<` is left, so that neither `</script>` nor `<!--` can be written.
fn escaped(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The listing, what it lists, and what is asked for it.
fn listing_json(listing: &Described<'_>) -> Value {
    without_nulls(json!({
        "@context": "https://schema.org",
        "@type": "RealEstateListing",
        "@id": listing.url,
        "url": listing.url,
        "name": listing.name,
        "description": (!listing.description.is_empty()).then_some(listing.description),
        "image": listing.image,
        "datePosted": listing.published,
        "dateModified": listing.modified,
        "mainEntity": home_json(listing),
        "offers": offer_json(listing),
    }))
}

/// The home itself.
fn home_json(listing: &Described<'_>) -> Value {
    without_nulls(json!({
        "@type": home_type(listing.kind),
        "name": listing.name,
        "address": {"@type": "PostalAddress", "addressLocality": listing.location},
        "numberOfBedrooms": listing.bedrooms,
        "numberOfBathroomsTotal": listing.bathrooms,
        "floorSize": listing.floor_area.map(|area| {
            json!({"@type": "QuantitativeValue", "value": area, "unitCode": "MTK"})
        }),
        "geo": listing.position.map(|(latitude, longitude)| {
            json!({"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude})
        }),
    }))
}

/// What is asked for it; nothing when the price is on request.
fn offer_json(listing: &Described<'_>) -> Option<Value> {
    let price = listing.price.as_ref()?;
    Some(without_nulls(json!({
        "@type": "Offer",
        "price": price,
        "priceCurrency": listing.currency,
        "availability": availability(listing.status),
    })))
}

/// schema.org's word for a state.
fn availability(status: &str) -> &'static str {
    match status {
        "sold" => "https://schema.org/SoldOut",
        "pending" => "https://schema.org/LimitedAvailability",
        _ => "https://schema.org/InStock",
    }
}

/// schema.org's type for a kind.
fn home_type(kind: &str) -> &'static str {
    match kind {
        "apartment" | "studio" => "Apartment",
        "house" | "villa" => "SingleFamilyResidence",
        "townhouse" => "House",
        "land" => "Place",
        _ => "Accommodation",
    }
}

/// The object without the members that are null.
fn without_nulls(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    Value::Object(members.into_iter().filter(|(_, member)| !member.is_null()).collect::<Map<_, _>>())
}
