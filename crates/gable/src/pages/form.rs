//! The search form: what was typed, kept as it was typed, and what was wrong with it.

/// The search form. Field names in the query string are the names of these fields.
#[derive(Clone, Debug, Default)]
pub struct SearchForm {
    /// Free text.
    pub q: Field,
    /// Place.
    pub location: Field,
    /// One of [`KINDS`], or empty.
    pub kind: Field,
    /// One of [`STATUSES`], or empty.
    pub status: Field,
    /// Lowest price.
    pub min_price: Field,
    /// Highest price.
    pub max_price: Field,
    /// Fewest bedrooms.
    pub min_bedrooms: Field,
    /// Most bedrooms.
    pub max_bedrooms: Field,
    /// Fewest bathrooms.
    pub min_bathrooms: Field,
    /// Smallest floor area in m².
    pub min_area: Field,
    /// Largest floor area in m².
    pub max_area: Field,
    /// One of [`SORTS`]; empty is the first of them.
    pub sort: Field,
    /// Parameters without a visible field that a new search keeps: `bbox`, `limit`.
    pub hidden: Vec<Hidden>,
    /// What was wrong with parameters that have no visible field (`bbox`, `limit`, `cursor`, `count`): whole sentences.
    pub other_errors: Vec<String>,
    /// Places suggested while typing.
    pub locations: Vec<String>,
}

/// A field of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// As typed; empty when not given.
    pub value: String,
    /// What was wrong with it, without the field's name: `must be a number, such as 250000`.
    pub error: Option<String>,
}

/// A parameter kept without being shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Name in the query string.
    pub name: String,
    /// Value as given.
    pub value: String,
}

/// A value that a select offers, with its words.
pub type Choice = (&'static str, &'static str);

/// What can be listed.
pub const KINDS: [Choice; 7] = [
    ("house", "House"),
    ("apartment", "Apartment"),
    ("studio", "Studio"),
    ("villa", "Villa"),
    ("townhouse", "Townhouse"),
    ("land", "Land"),
    ("other", "Other"),
];

/// The states that a visitor can ask for; none given means the first.
pub const STATUSES: [Choice; 3] = [("active", "Available"), ("pending", "Pending"), ("sold", "Sold")];

/// The orders of the results; none given means the first.
pub const SORTS: [Choice; 6] = [
    ("-created_at", "Newest first"),
    ("created_at", "Oldest first"),
    ("price", "Lowest price"),
    ("-price", "Highest price"),
    ("-floor_area", "Largest area"),
    ("floor_area", "Smallest area"),
];

/// A field's error with what the summary at the top needs to link to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError<'a> {
    /// Name of the field, which is also its `id` in the page.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What was wrong.
    pub message: &'a str,
}

impl Field {
    /// A field with a value and nothing wrong.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// A field whose value was refused.
    pub fn refused(value: impl Into<String>, error: impl Into<String>) -> Self {
        Self { value: value.into(), error: Some(error.into()) }
    }

    /// True when it holds something or something was wrong with it.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.value.is_empty() || self.error.is_some()
    }

    /// True when the value is none of `choices`, so that a select must offer it as an extra option.
    #[must_use]
    pub fn is_foreign(&self, choices: &[Choice]) -> bool {
        !self.value.is_empty() && choices.iter().all(|(value, _)| *value != self.value)
    }
}

impl SearchForm {
    /// Every field with its name and label, in the order of the page.
    fn fields(&self) -> [(&'static str, &'static str, &Field); 12] {
        [
            ("q", "Words", &self.q),
            ("location", "Location", &self.location),
            ("kind", "Kind", &self.kind),
            ("min_price", "Lowest price", &self.min_price),
            ("max_price", "Highest price", &self.max_price),
            ("min_bedrooms", "Fewest bedrooms", &self.min_bedrooms),
            ("max_bedrooms", "Most bedrooms", &self.max_bedrooms),
            ("min_bathrooms", "Fewest bathrooms", &self.min_bathrooms),
            ("min_area", "Smallest area", &self.min_area),
            ("max_area", "Largest area", &self.max_area),
            ("status", "Status", &self.status),
            ("sort", "Sort", &self.sort),
        ]
    }

    /// The fields with something wrong, in the order of the page.
    #[must_use]
    pub fn errors(&self) -> Vec<FieldError<'_>> {
        self.fields()
            .into_iter()
            .filter_map(|(name, label, field)| {
                Some(FieldError { name, label, message: field.error.as_deref()? })
            })
            .collect()
    }

    /// True when anything was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.other_errors.is_empty() || !self.errors().is_empty()
    }

    /// How many of the fields under "More filters" are set.
    #[must_use]
    pub fn advanced_count(&self) -> usize {
        let primary = ["q", "location", "kind", "sort"];
        self.fields().iter().filter(|(name, _, field)| !primary.contains(name) && field.is_set()).count()
    }
}
