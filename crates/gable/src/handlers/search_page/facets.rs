//! The facets: what else there is, and how much of it.

use listings::Search;
use listings::read::{Facet, Overview};
use listings::search::Parameter;

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
    FacetGroup {
        name: name(facet.parameter).to_owned(),
        values: values
            .into_iter()
            .filter_map(|(value, listings)| link(search, facet.parameter, &value, listings, !facet.is_exact))
            .collect(),
    }
}

fn name(parameter: Parameter) -> &'static str {
    match parameter {
        Parameter::Kind => "Kind",
        Parameter::Location => "Location",
        _ => "Bedrooms",
    }
}

/// One value as a link; none for a value that cannot be searched for (a place name that another program left empty).
fn link(
    search: &Search,
    parameter: Parameter,
    value: &str,
    listings: i64,
    is_sample: bool,
) -> Option<FacetValue> {
    let (narrowed, widened) = match parameter {
        Parameter::Kind => (
            Search { kind: Some(listings::Kind::named(value)?), ..search.first_page() },
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
        // Counted among the newest only, there are at least so many.
        count: words::number(listings.unsigned_abs(), is_sample),
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
