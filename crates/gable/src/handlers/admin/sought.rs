//! Which listings staff look for: a search, in any status or in one.

use form_urlencoded::Serializer;
use listings::search::{Parameter, Refusal, Unknown};
use listings::{Search, Status};

use crate::pages::admin::listings::Filter;
use crate::pages::form::Field;

/// Listings on one page.
const LIMIT: u16 = 50;

/// What staff look for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sought {
    /// All but the status; its own is not heard.
    pub(super) search: Search,
    /// The one status, or none for all.
    pub(super) status: Option<Status>,
}

impl Sought {
    /// Reads a query string. What no search has is passed over.
    pub(super) fn parse(query: &str) -> Result<Sought, Vec<Refusal>> {
        let (mut status, mut rest, mut refusals) = (None, Vec::new(), Vec::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name != Parameter::Status.name() {
                rest.push((name, value));
            } else if !value.is_empty() {
                status = Status::named(&value);
                refusals.extend(status.is_none().then(|| unknown_status(&value)));
            }
        }
        match Search::parse(rest, Unknown::Ignore) {
            Ok(search) if refusals.is_empty() => {
                Ok(Sought { search: Search { limit: LIMIT, ..search }, status })
            }
            Ok(_) => Err(refusals),
            Err(others) => Err(refusals.into_iter().chain(others).collect()),
        }
    }

    /// The statuses that are looked through.
    #[must_use]
    pub(super) fn statuses(&self) -> Vec<Status> {
        self.status.map_or_else(|| Status::ALL.to_vec(), |status| vec![status])
    }

    /// What narrows the list, as the query of an address.
    #[must_use]
    pub(super) fn filters(&self) -> String {
        Sought { search: self.search.filters_only(), ..self.clone() }.query()
    }

    /// All of it, as the query of an address.
    #[must_use]
    pub(super) fn query(&self) -> String {
        let search = Search { limit: listings::search::DEFAULT_LIMIT, ..self.search.clone() };
        let canonical = search.canonical();
        let Some(status) = self.status else { return canonical };
        Serializer::new(canonical).append_pair(Parameter::Status.name(), status.name()).finish()
    }

    /// The same with another search.
    #[must_use]
    pub(super) fn with(&self, search: Search) -> Sought {
        Sought { search, status: self.status }
    }
}

fn unknown_status(value: &str) -> Refusal {
    let names = Status::ALL.map(Status::name).join(", ");
    Refusal {
        parameter: Parameter::Status.name().to_owned(),
        value: value.chars().take(100).collect(),
        rule: format!("must be one of {names}"),
    }
}

/// What was typed, with what was wrong with it.
#[must_use]
pub(super) fn filter(query: &str, refusals: &[Refusal]) -> Filter {
    let field = |name: &str| {
        let given = form_urlencoded::parse(query.as_bytes()).find(|(given, _)| given == name);
        let error = refusals.iter().find(|refusal| refusal.parameter == name);
        Field {
            value: given.map(|(_, value)| value.into_owned()).unwrap_or_default(),
            error: error.map(|refusal| refusal.rule.clone()),
        }
    };
    let shown = ["q", "location", "status", "kind", "min_price", "max_price", "sort"];
    let others = refusals.iter().filter(|refusal| !shown.contains(&refusal.parameter.as_str()));
    Filter {
        q: field("q"),
        location: field("location"),
        status: field("status"),
        kind: field("kind"),
        min_price: field("min_price"),
        max_price: field("max_price"),
        sort: field("sort"),
        other_errors: others.map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_comes_back_as_it_was_meant() {
        for query in ["", "q=sea", "kind=villa&status=draft", "status=sold", "sort=price&status=active"] {
            let sought = Sought::parse(query).unwrap();
            assert_eq!(sought.query(), query);
            assert_eq!(Sought::parse(&sought.query()).unwrap(), sought);
        }
    }

    #[test]
    fn no_status_is_every_status() {
        assert_eq!(Sought::parse("status=").unwrap().statuses(), Status::ALL);
        assert_eq!(Sought::parse("status=draft").unwrap().statuses(), [Status::Draft]);
    }

    #[test]
    fn each_wrong_value_is_refused_beside_its_field() {
        let refusals = Sought::parse("status=gone&min_price=x&bbox=1").unwrap_err();
        let filter = filter("status=gone&min_price=x&bbox=1", &refusals);
        assert_eq!(filter.status.value, "gone");
        assert!(filter.status.error.is_some() && filter.min_price.error.is_some());
        assert_eq!(filter.other_errors.len(), 1);
    }
}
