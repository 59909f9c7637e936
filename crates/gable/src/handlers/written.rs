//! The bodies of writes as the documentation shows them; what is right is decided by [`listings::record`] alone.
#![expect(dead_code, reason = "read by the macro that documents them")]

use listings::{Kind, Status};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

/// A listing to be kept. A member that is not named here is refused; one that is left out has its default.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecord {
    /// One line, 1 to 200 characters; surrounding white space is dropped.
    #[schema(min_length = 1, max_length = 200, example = "Two-bedroom apartment with sea view")]
    title: String,
    /// Plain text; an empty line divides paragraphs.
    #[schema(
        required = false,
        default = "",
        max_length = 100_000,
        example = "By the sea.\n\nWith a terrace."
    )]
    description: String,
    #[schema(schema_with = price, required = false)]
    price: (),
    /// A place name, 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100, example = "Accra")]
    location: String,
    #[schema(schema_with = status, required = false)]
    status: (),
    #[schema(schema_with = kind, required = false)]
    kind: (),
    /// Null for "not said".
    #[schema(minimum = 0, maximum = 1000, example = 2)]
    bedrooms: Option<i32>,
    /// Null for "not said".
    #[schema(minimum = 0, maximum = 1000, example = 1)]
    bathrooms: Option<i32>,
    /// Square metres; null for "not said".
    #[schema(minimum = 1, maximum = 10_000_000, example = 80)]
    floor_area: Option<i32>,
    /// Degrees north, WGS 84; together with `longitude` or not at all.
    #[schema(minimum = -90, maximum = 90, example = 5.55)]
    latitude: Option<f64>,
    /// Degrees east, WGS 84.
    #[schema(minimum = -180, maximum = 180, example = -0.2)]
    longitude: Option<f64>,
}

/// What is to become of a listing (RFC 7396): the members that are given, null for none. The others stay.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPatch {
    /// One line, 1 to 200 characters.
    #[schema(
        required = false,
        min_length = 1,
        max_length = 200,
        example = "Two-bedroom apartment with sea view"
    )]
    title: String,
    /// Plain text.
    #[schema(required = false, max_length = 100_000)]
    description: String,
    #[schema(schema_with = price, required = false)]
    price: (),
    /// A place name, 1 to 100 characters.
    #[schema(required = false, min_length = 1, max_length = 100, example = "Accra")]
    location: String,
    #[schema(schema_with = status_of_patch, required = false)]
    status: (),
    #[schema(schema_with = kind_of_patch, required = false)]
    kind: (),
    /// Null for "not said".
    #[schema(minimum = 0, maximum = 1000)]
    bedrooms: Option<i32>,
    /// Null for "not said".
    #[schema(minimum = 0, maximum = 1000)]
    bathrooms: Option<i32>,
    /// Square metres; null for "not said".
    #[schema(minimum = 1, maximum = 10_000_000)]
    floor_area: Option<i32>,
    /// Degrees north, WGS 84; null, with `longitude`, takes the position away.
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<f64>,
    /// Degrees east, WGS 84.
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<f64>,
}

fn price() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Number, Type::Null]))
        .pattern(Some(r"^[0-9]{1,10}(\.[0-9]{1,2})?$"))
        .minimum(Some(0))
        .maximum(Some(9_999_999_999.99))
        .description(Some(
            "A decimal from 0 to 9999999999.99 with at most two places, as a text or as a number, which is read from its \
             digits; null for \"on request\"",
        ))
        .examples([json!("1200.00")])
        .build()
}

fn words(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
}

fn status() -> Object {
    status_words().default(Some(json!("active"))).build()
}

fn status_of_patch() -> Object {
    status_words().build()
}

fn status_words() -> ObjectBuilder {
    words(Status::ALL.map(Status::name)).description(Some(
        "Where it stands in its life. Drafts and withdrawn listings are not shown to the public.",
    ))
}

fn kind() -> Object {
    kind_words().default(Some(json!("other"))).build()
}

fn kind_of_patch() -> Object {
    kind_words().build()
}

fn kind_words() -> ObjectBuilder {
    words(Kind::ALL.map(Kind::name)).description(Some("What it is."))
}
