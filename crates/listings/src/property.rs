//! One listing: as the database has it, and as somebody would like it to become.

mod draft;
mod kind;
mod price;
mod status;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use draft::{Draft, NewProperty, Violation};
pub use kind::Kind;
pub use price::{InvalidPrice, Price};
pub use status::Status;

/// The fields that somebody can write, by their names in the record.
pub const FIELDS: [&str; 11] = [
    "title",
    "description",
    "price",
    "location",
    "status",
    "kind",
    "bedrooms",
    "bathrooms",
    "floor_area",
    "latitude",
    "longitude",
];

/// A listing as the database has it.
///
/// gable writes only what passed [`Draft::check`]. Other programs write to the same table (Django, `psql`), so what is
/// read here is shown as it is: a title may be empty, a price negative. `status` and `kind` are kept in order by check
/// constraints, whoever writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Property {
    /// Given by the database; positive and never used twice.
    pub id: i64,
    /// One line, at most 200 characters.
    pub title: String,
    /// Plain text, any length, may be empty.
    pub description: String,
    /// `None` is "price on request". The currency is the site's own and not recorded.
    pub price: Option<Price>,
    /// A place name, at most 100 characters.
    pub location: String,
    /// When the row was made, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// When the row last changed, whoever changed it (a trigger sees to that).
    pub updated_at: DateTime<Utc>,
    /// 1 for a new row, one more with every change, whoever makes it (a trigger sees to that).
    pub version: i64,
    /// Where the listing stands in its life.
    pub status: Status,
    /// What kind of building or land it is.
    pub kind: Kind,
    /// Number of bedrooms; `None` is "not said".
    pub bedrooms: Option<i32>,
    /// Number of bathrooms; `None` is "not said".
    pub bathrooms: Option<i32>,
    /// Floor area in square metres; `None` is "not said".
    pub floor_area: Option<i32>,
    /// Degrees north, WGS 84, −90 to 90. Present exactly when `longitude` is, in what gable writes.
    pub latitude: Option<f64>,
    /// Degrees east, WGS 84, −180 to 180.
    pub longitude: Option<f64>,
}
