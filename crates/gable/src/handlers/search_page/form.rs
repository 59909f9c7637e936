//! The search form, filled with a search or with what somebody typed.

use hyper::Uri;
use listings::Search;
use listings::read::Facet;
use listings::search::{Parameter, Refusal};

use crate::pages::form::{Field, Hidden, SearchForm};

/// The form of a search that was understood: its values in their normal spelling.
pub(super) fn of(search: &Search, facets: &[Facet]) -> SearchForm {
    let default = Search::default();
    let value = |parameter: Parameter| {
        let value = parameter.value(search).filter(|_| parameter.value(search) != parameter.value(&default));
        Field::new(as_people_write(&value.unwrap_or_default()))
    };
    SearchForm { locations: places(facets), ..form(value) }
}

/// Nobody types `.00` after a price.
fn as_people_write(value: &str) -> &str {
    value.strip_suffix(".00").unwrap_or(value)
}

/// The form of a search that was refused: every value as it was typed, with what was wrong with it.
pub(super) fn as_typed(uri: &Uri, refusals: &[Refusal]) -> SearchForm {
    let typed: Vec<_> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect();
    let value = |parameter: Parameter| {
        let name = parameter.name();
        let value = typed.iter().find(|(typed, _)| typed == name).map(|(_, value)| value.to_string());
        let error =
            refusals.iter().find(|refusal| refusal.parameter == name).map(|refusal| refusal.rule.clone());
        Field { value: value.unwrap_or_default(), error }
    };
    let hidden =
        [Parameter::Bbox, Parameter::Limit, Parameter::Cursor, Parameter::Count].map(Parameter::name);
    let other_errors = refusals.iter().filter(|refusal| hidden.contains(&refusal.parameter.as_str()));
    SearchForm { other_errors: other_errors.map(ToString::to_string).collect(), ..form(value) }
}

fn form(value: impl Fn(Parameter) -> Field) -> SearchForm {
    let kept = [Parameter::Bbox, Parameter::Limit].map(|parameter| (parameter, value(parameter)));
    SearchForm {
        q: value(Parameter::Q),
        location: value(Parameter::Location),
        kind: value(Parameter::Kind),
        status: value(Parameter::Status),
        min_price: value(Parameter::MinPrice),
        max_price: value(Parameter::MaxPrice),
        min_bedrooms: value(Parameter::MinBedrooms),
        max_bedrooms: value(Parameter::MaxBedrooms),
        min_bathrooms: value(Parameter::MinBathrooms),
        min_area: value(Parameter::MinArea),
        max_area: value(Parameter::MaxArea),
        sort: value(Parameter::Sort),
        hidden: kept
            .into_iter()
            // What was refused would be refused again.
            .filter(|(_, field)| field.error.is_none() && !field.value.is_empty())
            .map(|(parameter, field)| Hidden { name: parameter.name().to_owned(), value: field.value })
            .collect(),
        other_errors: Vec::new(),
        locations: Vec::new(),
    }
}

fn places(facets: &[Facet]) -> Vec<String> {
    facets
        .iter()
        .filter(|facet| facet.parameter == Parameter::Location)
        .flat_map(|facet| facet.values.iter().map(|(place, _)| place.clone()))
        .collect()
}
