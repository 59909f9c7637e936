//! The drawings that stand in for photos: pure functions of their address.

use axum::extract::Path;
use listings::Kind;

use super::Answer;
use crate::drawing;
use crate::error::Error;
use crate::representation::Representation;

/// A drawing. Its address says all that it is made from, so it may be kept for good.
pub async fn show(Path(name): Path<String>) -> Answer {
    let parsed = drawing::parse(&name).filter(|(kind, id, bedrooms)| {
        // One address for each drawing, and none for what no listing can be.
        Kind::named(kind).is_some() && *id > 0 && drawing::href(kind, *id, *bedrooms).ends_with(&name)
    });
    let (kind, id, bedrooms) =
        parsed.ok_or_else(|| Error::NotFound(format!("There is no drawing {name}")))?;
    Ok(Representation::new("image/svg+xml", drawing::drawing(kind, id, bedrooms)).immutable())
}
