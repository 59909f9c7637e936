//! Where: a place by its name, or a box of coordinates.

use std::fmt;

/// A place name as searches compare it: without white space around it, ASCII letters lower-cased. Both databases fold the
/// same way, whatever their locale; other letters are compared as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location(String);

impl Location {
    pub(super) fn parse(text: &str) -> Result<Location, String> {
        if text.contains('\0') {
            return Err("must not hold the character U+0000".to_owned());
        }
        let folded = text.trim().to_ascii_lowercase();
        if !(1..=100).contains(&folded.chars().count()) {
            return Err("must have 1 to 100 characters".to_owned());
        }
        Ok(Location(folded))
    }

    /// The folded name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A box of coordinates in degrees, WGS 84, edges included: `west,south,east,north` (RFC 7946 §5). A west edge east of
/// the east edge means that the box crosses the antimeridian (§5.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox {
    /// −180 to 180.
    pub west: f64,
    /// −90 to 90.
    pub south: f64,
    /// −180 to 180.
    pub east: f64,
    /// −90 to 90, not below `south`.
    pub north: f64,
}

impl BoundingBox {
    pub(super) fn parse(text: &str) -> Result<BoundingBox, String> {
        let form = || {
            "must be west,south,east,north in degrees, -180 to 180 and -90 to 90, south not above north"
                .to_owned()
        };
        let edges: Vec<f64> = text.split(',').map(degrees).collect::<Option<_>>().ok_or_else(form)?;
        let [west, south, east, north] = edges[..] else { return Err(form()) };
        let inside = |value: f64, most: f64| (-most..=most).contains(&value);
        let right = inside(west, 180.0) && inside(east, 180.0) && inside(south, 90.0) && inside(north, 90.0);
        if right && south <= north { Ok(BoundingBox { west, south, east, north }) } else { Err(form()) }
    }

    /// Whether the box crosses the 180th meridian.
    #[must_use]
    pub fn crosses_antimeridian(&self) -> bool {
        self.west > self.east
    }
}

/// A plain decimal number: no exponent, no `inf`, no `NaN`; `-0` is 0.
fn degrees(text: &str) -> Option<f64> {
    let plain =
        text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    text.parse().ok().filter(|_| plain).map(|value: f64| value + 0.0)
}

impl fmt::Display for BoundingBox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BoundingBox { west, south, east, north } = self;
        write!(formatter, "{west},{south},{east},{north}")
    }
}

impl super::Search {
    /// This search at the place of that name; `None` where the name is none that could be searched for.
    #[must_use]
    pub fn at(&self, place: &str) -> Option<super::Search> {
        Location::parse(place).ok().map(|location| super::Search { location: Some(location), ..self.clone() })
    }
}
