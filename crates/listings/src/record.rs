//! A listing as somebody has written it down, in JSON or in a row of a table: from texts and numbers to what may be kept.

mod formula;
mod json;
mod number;
mod text;

use std::collections::HashSet;

use chrono::{DateTime, Utc};

pub use formula::{guarded, unguarded};
pub use json::Malformed;

use crate::property::{FIELDS, Violation};
use crate::{Draft, Kind, NewProperty, Property, Status};

/// The members that the database gives.
pub const READ_ONLY: [&str; 4] = ["id", "version", "created_at", "updated_at"];

/// The member that is the name of a listing in another system. Records in files have it.
pub const REFERENCE: &str = "reference";

/// What was given for one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Nothing, expressly.
    Null,
    /// A text.
    Text(String),
    /// A number, as it was written.
    Number(String),
    /// What no listing has: a truth value, an array, an object; cut to 100 characters.
    Other(String),
}

/// The members of one listing as they were given, none twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record(pub(crate) Vec<(String, Given)>);

/// One member of a [`Record`] that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule} (given: {value})")]
pub struct Fault {
    /// The member's name.
    pub field: String,
    /// What was given, cut to 100 characters.
    pub value: String,
    /// What would be right.
    pub rule: String,
}

/// What a record is to become.
#[derive(Debug, Clone, Copy)]
pub enum Onto<'a> {
    /// A new listing. What is not given has its default.
    New,
    /// A new listing that may have been made elsewhere at another time, which is kept.
    Imported,
    /// All of a listing that is there. What is not given has its default; the status must be given, so that nobody makes a
    /// draft public by leaving it out.
    Whole(&'a Property),
    /// Some members of a listing that is there, the others stay (RFC 7396).
    Part(&'a Property),
}

impl Fault {
    /// A fault of a member that was given.
    pub fn new(field: &str, value: &str, rule: impl Into<String>) -> Fault {
        Fault { field: cut(field), value: cut(value), rule: rule.into() }
    }
}

impl From<Violation> for Fault {
    fn from(Violation { field, value, rule }: Violation) -> Fault {
        Fault { field: field.to_owned(), value, rule }
    }
}

impl Given {
    /// The whole number that was given.
    pub(crate) fn whole(&self) -> Option<i64> {
        match self {
            Given::Number(text) if number::is_number(text) => number::whole(text),
            _ => None,
        }
    }

    /// As an error shows it.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Given::Null => "null",
            Given::Text(text) | Given::Number(text) | Given::Other(text) => text,
        }
    }
}

impl Record {
    /// What was given for a member.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&Given> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, given)| given)
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Given> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(place).1)
    }

    /// What the record makes of a listing, checked by every rule.
    ///
    /// # Errors
    /// Every member that breaks a rule, in the order of a record's members; those that no record has come last.
    pub fn check(&self, onto: Onto<'_>) -> Result<NewProperty, Vec<Fault>> {
        let mut reading = Reading { faults: Vec::new() };
        let draft = reading.draft(self, onto);
        reading.missing(self, onto);
        self.0.iter().for_each(|(name, given)| reading.read_only(name, given, onto));
        let mut faults = reading.faults;
        let checked = draft.check();
        let known: HashSet<String> = faults.iter().map(|fault| fault.field.clone()).collect();
        if let Err(violations) = &checked {
            let more = violations.iter().filter(|it| !known.contains(it.field)).cloned();
            faults.extend(more.map(Fault::from));
        }
        match checked {
            Ok(new) if faults.is_empty() => Ok(new),
            _ => {
                faults.sort_by_key(|fault| place_of(&fault.field));
                Err(faults)
            }
        }
    }
}

fn place_of(field: &str) -> usize {
    let all = FIELDS.iter().chain(&READ_ONLY);
    all.clone().position(|name| *name == field).unwrap_or(all.count())
}

/// Members turned into the fields of a draft, with all that was wrong with them.
struct Reading {
    faults: Vec<Fault>,
}

impl Reading {
    fn draft(&mut self, record: &Record, onto: Onto<'_>) -> Draft {
        let mut draft = match onto {
            Onto::Part(property) => Draft::from(property),
            _ => Draft::default(),
        };
        for (name, given) in &record.0 {
            match name.as_str() {
                "title" => draft.title = self.text(name, given).unwrap_or_default(),
                "description" => draft.description = self.text(name, given).unwrap_or_default(),
                "location" => draft.location = self.text(name, given).unwrap_or_default(),
                "price" => draft.price = self.price(name, given),
                "status" => {
                    draft.status = self.one_of(name, given, &Status::ALL, Status::name).unwrap_or_default();
                }
                "kind" => draft.kind = self.one_of(name, given, &Kind::ALL, Kind::name),
                "bedrooms" => draft.bedrooms = self.whole(name, given),
                "bathrooms" => draft.bathrooms = self.whole(name, given),
                "floor_area" => draft.floor_area = self.whole(name, given),
                "latitude" => draft.latitude = self.degrees(name, given),
                "longitude" => draft.longitude = self.degrees(name, given),
                "created_at" if matches!(onto, Onto::Imported) => draft.created_at = self.time(name, given),
                _ => {}
            }
        }
        draft
    }

    fn refuse(&mut self, name: &str, given: &Given, rule: impl Into<String>) {
        self.faults.push(Fault::new(name, given.shown(), rule));
    }

    fn missing(&mut self, record: &Record, onto: Onto<'_>) {
        let required: &[&str] = match onto {
            Onto::New | Onto::Imported => &["title", "location"],
            Onto::Whole(_) => &["title", "location", "status"],
            Onto::Part(_) => &[],
        };
        for name in required.iter().filter(|name| record.given(name).is_none()) {
            self.faults.push(Fault::new(name, "", "is required"));
        }
    }

    fn text(&mut self, name: &str, given: &Given) -> Option<String> {
        if let Given::Text(text) = given {
            return Some(text.clone());
        }
        self.refuse(name, given, "must be a text");
        None
    }

    /// Whether its digits make a price is asked of the draft.
    fn price(&mut self, name: &str, given: &Given) -> Option<String> {
        match given {
            Given::Null => None,
            Given::Text(text) | Given::Number(text) => Some(text.clone()),
            Given::Other(_) => {
                self.refuse(name, given, "must be a text such as \"1200.50\", a number, or null");
                None
            }
        }
    }

    fn one_of<T: Copy>(
        &mut self,
        name: &str,
        given: &Given,
        all: &[T],
        named: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = match given {
            Given::Text(text) => all.iter().copied().find(|value| named(*value) == text),
            _ => None,
        };
        if found.is_none() {
            let words: Vec<_> = all.iter().map(|value| named(*value)).collect();
            self.refuse(name, given, format!("must be one of {}", words.join(", ")));
        }
        found
    }

    /// Whether it is in its range is asked of the draft.
    fn whole(&mut self, name: &str, given: &Given) -> Option<i32> {
        let number = match given {
            Given::Null => return None,
            _ => given.whole(),
        };
        let number = number.and_then(|number| i32::try_from(number).ok());
        if number.is_none() {
            let (least, most) = if name == "floor_area" { (1, 10_000_000) } else { (0, 1_000) };
            self.refuse(name, given, format!("must be a whole number from {least} to {most}, or null"));
        }
        number
    }

    fn degrees(&mut self, name: &str, given: &Given) -> Option<f64> {
        let number = match given {
            Given::Null => return None,
            Given::Number(text) if number::is_number(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.refuse(name, given, "must be a number of degrees, or null");
            // Something was given: that the other one stands alone is not what is wrong.
            return Some(0.0);
        }
        number
    }

    fn time(&mut self, name: &str, given: &Given) -> Option<DateTime<Utc>> {
        let time = time(given);
        if time.is_none() {
            self.refuse(name, given, "must be a time such as 2025-08-31T18:45:12.345678Z");
        }
        time
    }

    fn read_only(&mut self, name: &str, given: &Given, onto: Onto<'_>) {
        if !READ_ONLY.contains(&name) {
            if !FIELDS.contains(&name) {
                let rule =
                    format!("is no member of a listing; those that can be written are {}", FIELDS.join(", "));
                self.refuse(name, given, rule);
            }
            return;
        }
        match onto {
            Onto::Imported if name == "created_at" => {}
            Onto::New | Onto::Imported => {
                self.refuse(name, given, "is given by the database and can't be set");
            }
            Onto::Whole(property) | Onto::Part(property) => {
                if let Err(is) = is_as_it_is(name, given, property) {
                    self.refuse(
                        name,
                        given,
                        format!("is given by the database and can't be changed; it is {is}"),
                    );
                }
            }
        }
    }
}

/// Whether somebody has given back what they were given; if not, what it is.
fn is_as_it_is(name: &str, given: &Given, property: &Property) -> Result<(), String> {
    let number = given.whole();
    let same_number = |is: i64| if number == Some(is) { Ok(()) } else { Err(is.to_string()) };
    let same_time = |is: DateTime<Utc>| {
        if time(given) == Some(is) {
            Ok(())
        } else {
            Err(is.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
        }
    };
    match name {
        "id" => same_number(property.id),
        "version" => same_number(property.version),
        "created_at" => same_time(property.created_at),
        _ => same_time(property.updated_at),
    }
}

/// A time to the microsecond, which is as exact as the databases are.
fn time(given: &Given) -> Option<DateTime<Utc>> {
    let Given::Text(text) = given else { return None };
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    DateTime::from_timestamp_micros(time.timestamp_micros())
}

pub(crate) fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests;
