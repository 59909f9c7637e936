//! The facets: what else there is, and how much of it.

use listings::read::{Facet, Overview};
use listings::search::Parameter;
use listings::{Kind, Search};

use super::wording;
use crate::handlers::address;
use crate::pages::search::{FacetGroup, FacetValue};
use crate::pages::wording as words;

/// Values of one facet that are shown.
const VALUES: usize = 8;

/// The facets as groups of links; those that would not narrow anything are left out.
pub(super) fn groups(search: &Search, overview: &Overview) -> Vec<FacetGroup> {
    let facets = overview.facets.iter();
    facets.map(|facet| group(search, facet)).filter(|group| !group.values.is_empty()).collect()
}

fn group(search: &Search, facet: &Facet) -> FacetGroup {
    let mut values = facet.values.clone();
    values.truncate(VALUES);
    if facet.parameter == Parameter::MinBedrooms {
        // Numbers are looked for in their own order, not by how many there are.
        values.sort_by_key(|(bedrooms, _)| bedrooms.parse::<i32>().unwrap_or_default());
    }
    // Counted among the newest only, there are at least so many.
    let counted = |listings: i64| words::number(listings.unsigned_abs(), !facet.is_exact);
    let found = values
        .iter()
        .filter_map(|(value, listings)| link(search, facet.parameter, value, Some(counted(*listings))));
    let others =
        other_kinds(search, facet).filter_map(|kind| link(search, facet.parameter, kind.name(), None));
    FacetGroup { name: name(facet.parameter).to_owned(), values: found.chain(others).collect() }
}

/// Where one kind was chosen, the others to choose from. How many there are of these is not said, since that would have to be
/// said anew whenever one of them came or went.
fn other_kinds(search: &Search, facet: &Facet) -> impl Iterator<Item = Kind> {
    let is_chosen = facet.parameter == Parameter::Kind && search.kind.is_some();
    let chosen = search.kind;
    Kind::ALL.into_iter().filter(move |&kind| is_chosen && Some(kind) != chosen)
}

fn name(parameter: Parameter) -> &'static str {
    match parameter {
        Parameter::Kind => "Kind",
        Parameter::Location => "Location",
        _ => "Bedrooms",
    }
}

/// One value as a link; none for a value that cannot be searched for (a place name that another program left empty).
fn link(search: &Search, parameter: Parameter, value: &str, count: Option<String>) -> Option<FacetValue> {
    let (narrowed, widened) = match parameter {
        Parameter::Kind => (
            Search { kind: Some(Kind::named(value)?), ..search.first_page() },
            search.without(Parameter::Kind),
        ),
        Parameter::Location => (search.first_page().at(value)?, search.without(Parameter::Location)),
        _ => {
            let bedrooms = Some(value.parse().ok()?);
            (
                Search { min_bedrooms: bedrooms, max_bedrooms: bedrooms, ..search.first_page() },
                search.without(Parameter::MinBedrooms).without(Parameter::MaxBedrooms),
            )
        }
    };
    let applied = narrowed.canonical() == search.first_page().canonical();
    let target = if applied { widened } else { narrowed };
    Some(FacetValue {
        label: label(parameter, value),
        count,
        href: address(super::PATH, &target.canonical()),
        applied,
    })
}

fn label(parameter: Parameter, value: &str) -> String {
    match parameter {
        Parameter::Kind => words::kind_label(value),
        Parameter::Location => value.to_owned(),
        _ if value == "0" => "No bedroom".to_owned(),
        _ => wording::number(value, "bedroom"),
    }
}
