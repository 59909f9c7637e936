//! The search page: form, applied filters, facets, results.

use askama::Template;

use super::card::Card;
use super::form::{KINDS, SORTS, STATUSES, SearchForm};
use super::layout::{Layout, Link};

/// The page at `/`.
#[derive(Clone, Debug, Template)]
#[template(path = "search.html")]
pub struct SearchPage {
    /// What is around it.
    pub layout: Layout,
    /// The page's heading: `Houses in Accra`; from [`super::wording::search_heading`].
    pub heading: String,
    /// The form as it was sent.
    pub form: SearchForm,
    /// Applied filters; a chip's link is the same search without that filter: `Up to 300,000` → `/?kind=house`.
    pub chips: Vec<Link>,
    /// The search narrowed by one more value; groups without values are left out.
    pub facets: Vec<FacetGroup>,
    /// What the search came to.
    pub outcome: Outcome,
    /// This search as an Atom feed; None leaves the link out.
    pub feed_href: Option<String>,
    /// This search as a CSV file; None leaves the link out.
    pub csv_href: Option<String>,
}

/// What a search came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Listings.
    Found(Results),
    /// None; what could be relaxed, best first.
    Nothing(Vec<Relaxation>),
    /// The form had errors, so nothing was searched.
    Refused,
}

/// A page of results.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// `1,234 homes`, from [`super::wording::count`].
    pub count: String,
    /// This page's listings.
    pub cards: Vec<Card>,
    /// The next page, when there is one.
    pub next_href: Option<String>,
    /// The first page, when this is a deeper one.
    pub first_href: Option<String>,
}

/// One change that might find something: `Without the lowest price`.
#[derive(Clone, Debug, Default)]
pub struct Relaxation {
    /// What is changed.
    pub label: String,
    /// The changed search.
    pub href: String,
    /// What it would find, when known: `12 homes`.
    pub count: Option<String>,
}

/// The values of one property among the results.
#[derive(Clone, Debug, Default)]
pub struct FacetGroup {
    /// `Kind`, `Location`, `Bedrooms`.
    pub name: String,
    /// Its values, most frequent first.
    pub values: Vec<FacetValue>,
}

/// One value and how many listings have it.
#[derive(Clone, Debug, Default)]
pub struct FacetValue {
    /// `Apartment`, `Accra`, `3 bedrooms`.
    pub label: String,
    /// `1,234`; `None` where they were not counted.
    pub count: Option<String>,
    /// The search with this value, or without it when `applied`.
    pub href: String,
    /// True when the search is narrowed to it already.
    pub applied: bool,
}

impl SearchPage {
    /// True when nothing was searched for: the page then opens with a few words of welcome.
    fn is_front(&self) -> bool {
        self.chips.is_empty()
            && !self.form.is_refused()
            && !matches!(&self.outcome, Outcome::Found(results) if results.first_href.is_some())
    }

    /// True when there is a list of results, above which the sort order stands.
    fn is_found(&self) -> bool {
        matches!(self.outcome, Outcome::Found(_))
    }

    /// True when something under "More filters" is set or wrong.
    fn opens_advanced(&self) -> bool {
        self.form.advanced_count() > 0 || (self.form.sort.error.is_some() && !self.is_found())
    }
}
