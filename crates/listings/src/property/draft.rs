//! From what somebody typed to a listing that may be kept.

use chrono::{DateTime, Datelike as _, Utc};

use super::{Kind, Price, Property, Status};

/// What somebody would like to keep, not yet checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 100,000 characters: PostgreSQL's index of words holds no more than a megabyte of one listing (`tsvector`).
    pub description: String,
    /// A decimal as [`Price`] reads it; `None` is "on request".
    pub price: Option<String>,
    /// 1 to 100 characters.
    pub location: String,
    /// `None` leaves the time to the database.
    pub created_at: Option<DateTime<Utc>>,
    /// Where it stands in its life.
    pub status: Status,
    /// What it is; `None` is [`Kind::Other`].
    pub kind: Option<Kind>,
    /// 0 to 1,000.
    pub bedrooms: Option<i32>,
    /// 0 to 1,000.
    pub bathrooms: Option<i32>,
    /// 1 to 10,000,000 square metres.
    pub floor_area: Option<i32>,
    /// −90 to 90 degrees; with `longitude` or not at all.
    pub latitude: Option<f64>,
    /// −180 to 180 degrees; with `latitude` or not at all.
    pub longitude: Option<f64>,
}

/// One field of a [`Draft`] that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule} (given: {value})")]
pub struct Violation {
    /// The field's name as in the JSON record.
    pub field: &'static str,
    /// What was given, cut to 100 characters.
    pub value: String,
    /// What would be right.
    pub rule: String,
}

/// A listing that passed every rule and may be kept; only [`Draft::check`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProperty {
    draft: Draft,
    price: Option<Price>,
}

impl NewProperty {
    /// The checked fields. Its `price` is the text that was given; see [`NewProperty::price`].
    #[must_use]
    pub fn fields(&self) -> &Draft {
        &self.draft
    }

    /// The price, exact.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        self.price
    }

    /// This listing with `now` as its time, if it has none of its own.
    #[must_use]
    pub(crate) fn created_by(mut self, now: DateTime<Utc>) -> NewProperty {
        self.draft.created_at.get_or_insert(now);
        self
    }

    /// The kind, [`Kind::Other`] where none was said.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.draft.kind.unwrap_or(Kind::Other)
    }
}

/// What a listing would be kept as, if it were written as it is.
impl From<&Property> for Draft {
    fn from(property: &Property) -> Draft {
        Draft {
            title: property.title.clone(),
            description: property.description.clone(),
            price: property.price.map(|price| price.to_string()),
            location: property.location.clone(),
            created_at: Some(property.created_at),
            status: property.status,
            kind: Some(property.kind),
            bedrooms: property.bedrooms,
            bathrooms: property.bathrooms,
            floor_area: property.floor_area,
            latitude: property.latitude,
            longitude: property.longitude,
        }
    }
}

impl Draft {
    /// Checks every rule; surrounding white space of the one-line texts is dropped.
    ///
    /// # Errors
    /// All rules that are broken, not only the first.
    pub fn check(self) -> Result<NewProperty, Vec<Violation>> {
        let (title, location) = (self.title.trim().to_owned(), self.location.trim().to_owned());
        Draft { title, location, ..self }.check_trimmed()
    }

    fn check_trimmed(self) -> Result<NewProperty, Vec<Violation>> {
        let mut broken = Vec::new();
        one_line(&mut broken, "title", &self.title, 200);
        one_line(&mut broken, "location", &self.location, 100);
        if self.description.contains('\0') {
            refuse(&mut broken, "description", &self.description, "must not hold the character U+0000");
        }
        if self.description.chars().count() > LONGEST_DESCRIPTION {
            let rule = format!("must have at most {LONGEST_DESCRIPTION} characters");
            refuse(&mut broken, "description", &self.description, &rule);
        }
        let price = self.price.as_deref().map(str::parse::<Price>).transpose();
        if let (Some(given), Err(rule)) = (&self.price, price) {
            refuse(&mut broken, "price", given, &rule.to_string());
        }
        in_range(&mut broken, "bedrooms", self.bedrooms, 0, 1_000);
        in_range(&mut broken, "bathrooms", self.bathrooms, 0, 1_000);
        in_range(&mut broken, "floor_area", self.floor_area, 1, 10_000_000);
        if let Some(time) = self.created_at.filter(|time| !(1..=9999).contains(&time.year())) {
            refuse(&mut broken, "created_at", &time.to_rfc3339(), "must be in the years 1 to 9999");
        }
        degrees(&mut broken, "latitude", self.latitude, 90.0);
        degrees(&mut broken, "longitude", self.longitude, 180.0);
        if self.latitude.is_some() != self.longitude.is_some() {
            refuse(&mut broken, "latitude", "one of the two", "must be given together with longitude");
        }
        if broken.is_empty() {
            Ok(NewProperty { draft: self, price: price.unwrap_or_default() })
        } else {
            Err(broken)
        }
    }
}

/// Characters of the longest description.
const LONGEST_DESCRIPTION: usize = 100_000;

fn refuse(broken: &mut Vec<Violation>, field: &'static str, value: &str, rule: &str) {
    broken.push(Violation { field, value: value.chars().take(100).collect(), rule: rule.to_owned() });
}

fn one_line(broken: &mut Vec<Violation>, field: &'static str, text: &str, at_most: usize) {
    if !(1..=at_most).contains(&text.chars().count()) {
        refuse(broken, field, text, &format!("must have 1 to {at_most} characters"));
    } else if text.chars().any(|character| character.is_control() || breaks_line(character)) {
        refuse(broken, field, text, "must be one line without control characters");
    } else if text.chars().any(turns_direction) {
        let rule = "must not hold characters that turn the direction of writing (U+202A to U+202E, U+2066 to U+2069)";
        refuse(broken, field, text, rule);
    }
}

/// Unicode's own separators of lines and paragraphs.
fn breaks_line(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Embeddings, overrides and isolates: with them a text can be shown as another than it is, and what stands beside it too
/// (Unicode Technical Report 36 §2.7). Right-to-left letters need none of them.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn in_range(broken: &mut Vec<Violation>, field: &'static str, value: Option<i32>, least: i32, most: i32) {
    if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
        refuse(broken, field, &value.to_string(), &format!("must be a whole number from {least} to {most}"));
    }
}

fn degrees(broken: &mut Vec<Violation>, field: &'static str, value: Option<f64>, most: f64) {
    if let Some(value) = value.filter(|value| !(-most..=most).contains(value)) {
        refuse(broken, field, &value.to_string(), &format!("must be from -{most} to {most} degrees"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Draft {
        Draft { title: "Two-bedroom apartment".into(), location: "Accra".into(), ..Draft::default() }
    }

    fn broken_fields(draft: Draft) -> Vec<&'static str> {
        draft.check().unwrap_err().into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn a_draft_within_the_rules_passes() {
        let checked = Draft { price: Some("1200.5".into()), ..good() }.check().unwrap();
        assert_eq!(checked.price().unwrap().to_string(), "1200.50");
        assert_eq!(checked.kind(), Kind::Other);
        assert_eq!(
            Draft { title: "é".repeat(200), location: "ü".repeat(100), ..good() }.check().map(|_| ()),
            Ok(())
        );
    }

    #[test]
    fn each_broken_rule_names_its_field() {
        assert_eq!(broken_fields(Draft { title: "  ".into(), ..good() }), ["title"]);
        assert_eq!(broken_fields(Draft { title: "é".repeat(201), ..good() }), ["title"]);
        assert_eq!(broken_fields(Draft { title: "a\nb".into(), ..good() }), ["title"]);
        assert_eq!(broken_fields(Draft { description: "a\0b".into(), ..good() }), ["description"]);
        assert_eq!(broken_fields(Draft { location: "x".repeat(101), ..good() }), ["location"]);
        assert_eq!(broken_fields(Draft { price: Some("1.001".into()), ..good() }), ["price"]);
        assert_eq!(
            broken_fields(Draft { bedrooms: Some(-1), bathrooms: Some(1001), ..good() }),
            ["bedrooms", "bathrooms"]
        );
        assert_eq!(broken_fields(Draft { floor_area: Some(0), ..good() }), ["floor_area"]);
        assert_eq!(broken_fields(Draft { latitude: Some(5.0), ..good() }), ["latitude"]);
        let nowhere = Draft { latitude: Some(f64::NAN), longitude: Some(180.5), ..good() };
        assert_eq!(broken_fields(nowhere), ["latitude", "longitude"]);
    }

    #[test]
    fn a_line_can_neither_break_nor_turn_its_direction() {
        for character in
            ['\r', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}']
        {
            let text = format!("a{character}b");
            assert_eq!(broken_fields(Draft { title: text.clone(), ..good() }), ["title"], "{character:?}");
            assert_eq!(
                broken_fields(Draft { location: text.clone(), ..good() }),
                ["location"],
                "{character:?}"
            );
            assert!(Draft { description: text, ..good() }.check().is_ok(), "{character:?}");
        }
        for text in ["שלום", "a\u{200f}b", "🏡👨‍👩‍👧", "e\u{301}"] {
            assert!(Draft { title: text.into(), ..good() }.check().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_time_is_one_that_both_databases_hold() {
        for (time, is_right) in
            [("0000-12-31T23:59:59Z", false), ("0001-01-01T00:00:00Z", true), ("9999-12-31T23:59:59Z", true)]
        {
            let draft = Draft { created_at: Some(time.parse().unwrap()), ..good() };
            assert_eq!(draft.check().is_ok(), is_right, "{time}");
        }
    }

    #[test]
    fn all_broken_rules_are_told_at_once() {
        assert_eq!(
            broken_fields(Draft { price: Some("1e400".into()), ..Draft::default() }),
            ["title", "location", "price"]
        );
    }
}
