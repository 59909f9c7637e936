//! From what somebody typed to a listing that may be kept.

use chrono::{DateTime, Utc};

use super::{Kind, Price, Status};

/// What somebody would like to keep, not yet checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// 1 to 200 characters.
    pub title: String,
    /// Any length.
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
        let price = self.price.as_deref().map(str::parse::<Price>).transpose();
        if let (Some(given), Err(rule)) = (&self.price, price) {
            refuse(&mut broken, "price", given, &rule.to_string());
        }
        in_range(&mut broken, "bedrooms", self.bedrooms, 0, 1_000);
        in_range(&mut broken, "bathrooms", self.bathrooms, 0, 1_000);
        in_range(&mut broken, "floor_area", self.floor_area, 1, 10_000_000);
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

fn refuse(broken: &mut Vec<Violation>, field: &'static str, value: &str, rule: &str) {
    broken.push(Violation { field, value: value.chars().take(100).collect(), rule: rule.to_owned() });
}

fn one_line(broken: &mut Vec<Violation>, field: &'static str, text: &str, at_most: usize) {
    if !(1..=at_most).contains(&text.chars().count()) {
        refuse(broken, field, text, &format!("must have 1 to {at_most} characters"));
    } else if text.chars().any(char::is_control) {
        refuse(broken, field, text, "must be one line without control characters");
    }
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
    fn all_broken_rules_are_told_at_once() {
        assert_eq!(
            broken_fields(Draft { price: Some("1e400".into()), ..Draft::default() }),
            ["title", "location", "price"]
        );
    }
}
