//! The question that every list answers: one typed, normalised search.
//!
//! A [`Search`] comes out of the parameters of a query string and goes back into them: [`Search::canonical`] is the one
//! spelling of all the query strings that mean the same. The SQL of a search comes from its fields and from nothing
//! else, so two searches have the same canonical form exactly when they have the same SQL and binds.

mod area;
mod cursor;
mod parameter;
mod sort;
mod text;

use std::fmt::Write as _;

pub use area::{BoundingBox, Location};
pub use cursor::Position;
pub use parameter::{Parameter, Refusal};
pub use sort::Sort;
pub use text::Terms;

use crate::{Kind, Price, Status};

/// How many listings a page has when nothing is said.
pub const DEFAULT_LIMIT: u16 = 20;
/// The most listings that somebody outside may ask for in one page.
pub const MAX_LIMIT: u16 = 100;

/// One typed, normalised question about listings.
///
/// Every field narrows the answer; an absent one does not. A listing whose value is not said (`null`) matches no range
/// over that value.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Words that must all begin a word of title, description or location.
    pub q: Option<Terms>,
    /// The place, the same but for the case of ASCII letters.
    pub location: Option<Location>,
    /// The kind.
    pub kind: Option<Kind>,
    /// The status; active when nothing is said.
    pub status: Status,
    /// At least this price.
    pub min_price: Option<Price>,
    /// At most this price.
    pub max_price: Option<Price>,
    /// At least so many bedrooms.
    pub min_bedrooms: Option<i32>,
    /// At most so many bedrooms.
    pub max_bedrooms: Option<i32>,
    /// At least so many bathrooms.
    pub min_bathrooms: Option<i32>,
    /// At least so many square metres.
    pub min_area: Option<i32>,
    /// At most so many square metres.
    pub max_area: Option<i32>,
    /// Coordinates inside this box, edges included.
    pub bbox: Option<BoundingBox>,
    /// The order; ties are broken by id in the same direction.
    pub sort: Sort,
    /// How many listings at the most.
    pub limit: u16,
    /// Only what comes after this place in the order.
    pub after: Option<Position>,
    /// Whether the answer should say how many match.
    pub count: bool,
}

impl Default for Search {
    fn default() -> Search {
        Search {
            q: None,
            location: None,
            kind: None,
            status: Status::default(),
            min_price: None,
            max_price: None,
            min_bedrooms: None,
            max_bedrooms: None,
            min_bathrooms: None,
            min_area: None,
            max_area: None,
            bbox: None,
            sort: Sort::default(),
            limit: DEFAULT_LIMIT,
            after: None,
            count: false,
        }
    }
}

/// What to do with a parameter that no search has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Refuse the request: a program should learn that it misspelt something.
    Refuse,
    /// Pass over it: links to a site collect parameters on their way.
    Ignore,
}

impl Search {
    /// Reads a search from the decoded pairs of a query string.
    ///
    /// A parameter with an empty value is as good as absent, since an HTML form sends every field that it has.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first: unknown parameters (where they are refused), one given twice, a
    /// value that breaks its rule, a minimum above its maximum, a cursor of another search.
    pub fn parse<Pairs, Text>(pairs: Pairs, unknown: Unknown) -> Result<Search, Vec<Refusal>>
    where
        Pairs: IntoIterator<Item = (Text, Text)>,
        Text: AsRef<str>,
    {
        let mut search = Search::default();
        let mut refusals = Vec::new();
        let mut seen = Vec::new();
        let mut cursor = None;
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref());
            let Some(parameter) = Parameter::named(name) else {
                if unknown == Unknown::Refuse {
                    refusals.push(Refusal::unknown(name, value));
                }
                continue;
            };
            if value.is_empty() {
                continue;
            }
            if seen.contains(&parameter) {
                refusals.push(Refusal::new(parameter, value, "must be given once"));
                continue;
            }
            seen.push(parameter);
            if parameter == Parameter::Cursor {
                cursor = Some(value.to_owned());
            } else if let Err(rule) = parameter.set(&mut search, value) {
                refusals.push(Refusal::new(parameter, value, rule));
            }
        }
        search.check_ranges(&mut refusals);
        // Only a search that is right otherwise can tell whether a cursor is its own.
        if let (Some(cursor), true) = (cursor, refusals.is_empty()) {
            match Position::of_cursor(&cursor, &search) {
                Some(position) => search.after = Some(position),
                None => refusals.push(Refusal::new(
                    Parameter::Cursor,
                    &cursor,
                    "must be the unchanged `next` of a page of this same search",
                )),
            }
        }
        if refusals.is_empty() { Ok(search) } else { Err(refusals) }
    }

    fn check_ranges(&self, refusals: &mut Vec<Refusal>) {
        let mut ordered = |right: bool, least: Parameter, most: Parameter| {
            if !right {
                let rule =
                    format!("must not be above {}={}", most.name(), most.value(self).unwrap_or_default());
                refusals.push(Refusal::new(least, &least.value(self).unwrap_or_default(), rule));
            }
        };
        ordered(in_order(self.min_price, self.max_price), Parameter::MinPrice, Parameter::MaxPrice);
        ordered(
            in_order(self.min_bedrooms, self.max_bedrooms),
            Parameter::MinBedrooms,
            Parameter::MaxBedrooms,
        );
        ordered(in_order(self.min_area, self.max_area), Parameter::MinArea, Parameter::MaxArea);
    }

    /// The one spelling of every query string that means this search: parameters in a fixed order, values normalised,
    /// defaults left out, percent-encoded as a browser would. Empty for the default search.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.spell(&Parameter::ALL)
    }

    /// What a cursor belongs to: the canonical form without what may differ from page to page.
    fn identity(&self) -> String {
        self.spell(Parameter::ALL.iter().filter(|parameter| {
            !matches!(parameter, Parameter::Limit | Parameter::Cursor | Parameter::Count)
        }))
    }

    fn spell<'a>(&self, parameters: impl IntoIterator<Item = &'a Parameter>) -> String {
        let default = Search::default();
        let mut spelt = String::new();
        for parameter in parameters {
            let value = parameter.value(self);
            if let Some(text) = value.as_ref().filter(|_| value != parameter.value(&default)) {
                let separator = if spelt.is_empty() { "" } else { "&" };
                let _ = write!(spelt, "{separator}{}={}", parameter.name(), text::percent_encoded(text));
            }
        }
        spelt
    }

    /// This search without that parameter, from its first page on.
    #[must_use]
    pub fn without(&self, parameter: Parameter) -> Search {
        let mut search = self.first_page();
        parameter.clear(&mut search);
        search
    }

    /// This search from its first page on.
    #[must_use]
    pub fn first_page(&self) -> Search {
        Search { after: None, ..self.clone() }
    }

    /// The page of this search that begins after `position`.
    #[must_use]
    pub fn after(&self, position: Position) -> Search {
        Search { after: Some(position), ..self.clone() }
    }

    /// Only what narrows the answer: this search in default order, first page, default length.
    #[must_use]
    pub fn filters_only(&self) -> Search {
        Search { sort: Sort::default(), limit: DEFAULT_LIMIT, after: None, count: false, ..self.clone() }
    }

    /// The parameters that narrow the answer, with their values as the canonical form spells them.
    #[must_use]
    pub fn applied_filters(&self) -> Vec<(Parameter, String)> {
        let default = Search::default();
        Parameter::FILTERS
            .iter()
            .filter(|parameter| parameter.value(self) != parameter.value(&default))
            .filter_map(|&parameter| parameter.value(self).map(|value| (parameter, value)))
            .collect()
    }
}

fn in_order<T: PartialOrd>(least: Option<T>, most: Option<T>) -> bool {
    least.zip(most).is_none_or(|(least, most)| least <= most)
}
