//! The form of one listing: what was typed, kept as it was typed, and what was wrong with it.

use askama::Template;
use listings::property::FIELDS;
use listings::record::Fault;
use listings::{Draft, Kind, Price, Property, Status};

use super::{AdminLayout, FormError};
use crate::pages::form::{Choice, Field, KINDS};

/// Every status with its words, in the order of a listing's life.
pub const STATUSES: [Choice; 5] = [
    ("draft", "Draft (not public)"),
    ("active", "Active"),
    ("pending", "Pending"),
    ("sold", "Sold"),
    ("withdrawn", "Withdrawn (not public)"),
];

/// The fields of a listing. Names in the form are the names of these fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of the record of its name")]
pub struct ListingForm {
    pub title: Field,
    pub description: Field,
    pub price: Field,
    pub location: Field,
    pub status: Field,
    pub kind: Field,
    pub bedrooms: Field,
    pub bathrooms: Field,
    pub floor_area: Field,
    pub latitude: Field,
    pub longitude: Field,
}

impl ListingForm {
    /// The form as it was sent.
    #[must_use]
    pub fn typed(pairs: &[(String, String)]) -> ListingForm {
        let mut form = ListingForm::default();
        for name in FIELDS {
            let given = pairs.iter().find(|(given, _)| given == name);
            // A browser sends the lines of a text area with CR LF (HTML, "Constructing the entry list").
            form.field_mut(name).value =
                given.map(|(_, value)| value.replace("\r\n", "\n")).unwrap_or_default();
        }
        form
    }

    /// What would write these values again.
    #[must_use]
    pub fn of(draft: &Draft) -> ListingForm {
        let optional = |number: Option<String>| Field::new(number.unwrap_or_default());
        ListingForm {
            title: Field::new(&draft.title),
            description: Field::new(&draft.description),
            price: optional(draft.price.clone()),
            location: Field::new(&draft.location),
            status: Field::new(draft.status.name()),
            kind: Field::new(draft.kind.unwrap_or(Kind::Other).name()),
            bedrooms: optional(draft.bedrooms.map(|number| number.to_string())),
            bathrooms: optional(draft.bathrooms.map(|number| number.to_string())),
            floor_area: optional(draft.floor_area.map(|number| number.to_string())),
            latitude: optional(draft.latitude.map(|number| number.to_string())),
            longitude: optional(draft.longitude.map(|number| number.to_string())),
        }
    }

    /// A form to begin with: a draft, which nobody sees yet.
    #[must_use]
    pub fn blank() -> ListingForm {
        ListingForm {
            status: Field::new(Status::Draft.name()),
            kind: Field::new(Kind::House.name()),
            ..ListingForm::default()
        }
    }

    /// The same with what was wrong beside each field.
    #[must_use]
    pub fn refused(mut self, faults: &[Fault]) -> ListingForm {
        for fault in faults {
            self.field_mut(&fault.field).error = Some(fault.rule.clone());
        }
        self
    }

    /// The value of a field as it was typed.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        &self.field(name).value
    }

    /// The same listing as an address would carry it, so that two forms can be compared.
    #[must_use]
    pub fn value(&self, name: &str) -> String {
        let text = self.text(name).trim().to_owned();
        match name {
            "price" => text.parse::<Price>().map_or(text, |price| price.to_string()),
            _ => text,
        }
    }

    /// What was wrong, in the order of the page.
    #[must_use]
    pub fn errors(&self) -> Vec<FormError> {
        super::errors(FIELDS.into_iter().map(|name| (name, label(name), self.field(name))))
    }

    fn field(&self, name: &str) -> &Field {
        match name {
            "title" => &self.title,
            "description" => &self.description,
            "price" => &self.price,
            "location" => &self.location,
            "status" => &self.status,
            "kind" => &self.kind,
            "bedrooms" => &self.bedrooms,
            "bathrooms" => &self.bathrooms,
            "floor_area" => &self.floor_area,
            "latitude" => &self.latitude,
            _ => &self.longitude,
        }
    }

    fn field_mut(&mut self, name: &str) -> &mut Field {
        match name {
            "title" => &mut self.title,
            "description" => &mut self.description,
            "price" => &mut self.price,
            "location" => &mut self.location,
            "status" => &mut self.status,
            "kind" => &mut self.kind,
            "bedrooms" => &mut self.bedrooms,
            "bathrooms" => &mut self.bathrooms,
            "floor_area" => &mut self.floor_area,
            "latitude" => &mut self.latitude,
            _ => &mut self.longitude,
        }
    }
}

/// The words for a field.
#[must_use]
pub fn label(name: &str) -> &'static str {
    match name {
        "title" => "Title",
        "description" => "Description",
        "price" => "Price",
        "location" => "Location",
        "status" => "Status",
        "kind" => "Kind",
        "bedrooms" => "Bedrooms",
        "bathrooms" => "Bathrooms",
        "floor_area" => "Floor area in m²",
        "latitude" => "Latitude",
        "longitude" => "Longitude",
        "created_at" => "Listed at",
        _ => "Another field",
    }
}

/// The page on which a listing is written, or looked at by who may not write.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/listing.html")]
pub struct ListingPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// The form.
    pub form: ListingForm,
    /// The listing that is changed; none for a new one.
    pub subject: Option<Subject>,
    /// The transaction that was just committed, of which the public page below is proof.
    pub saved: Option<Saved>,
    /// What nobody but the one who looks has written, if somebody else was quicker.
    pub conflict: Option<Conflict>,
    /// Whether who looks may write.
    pub is_writable: bool,
}

/// The listing that a page is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its number.
    pub id: i64,
    /// Its title as it is kept.
    pub title: String,
    /// The version that the form was made from.
    pub version: i64,
    /// When it was last changed.
    pub updated: String,
    /// Its public page, if it has one.
    pub public_href: Option<String>,
}

impl From<&Property> for Subject {
    fn from(property: &Property) -> Subject {
        Subject {
            id: property.id,
            title: property.title.clone(),
            version: property.version,
            updated: super::moment(property.updated_at),
            public_href: property.status.is_public().then(|| format!("/properties/{}/", property.id)),
        }
    }
}

/// What was just saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The transaction's number, where the database tells it.
    pub number: Option<String>,
    /// The version that is kept now.
    pub version: i64,
    /// The public page, which shows at least this state to who has just saved it.
    pub public_href: String,
    /// Whether the public sees it.
    pub is_public: bool,
}

/// Somebody else has saved first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflict {
    /// Who, as the history knows it.
    pub author: String,
    /// From where.
    pub origin: String,
    /// When.
    pub at: String,
    /// Each field in which the three are not all the same.
    pub rows: Vec<Disagreement>,
}

/// A field in three states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disagreement {
    /// The field's name in the form.
    pub name: &'static str,
    /// Its words.
    pub label: &'static str,
    /// What both started from; none where that can't be told any more.
    pub base: Option<String>,
    /// What was typed.
    pub yours: String,
    /// What is kept now.
    pub theirs: String,
    /// Whether both changed it, so that only a person can tell what is right.
    pub is_contested: bool,
}
