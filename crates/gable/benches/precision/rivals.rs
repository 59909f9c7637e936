//! Two other ways to keep the same pages, simulated over the same operations.
//!
//! * **Any change outdates every list**: what a cache does that drops by name. The page and the data of a listing go with
//!   that listing, every list goes with any write. The other listings at the foot of a listing's page are nobody's business,
//!   so there it can be stale.
//! * **As in the Django project**: a page stays for 900 s whatever happens; behind it the data of a list are deleted by every
//!   write, those of a listing by its own (the project's signals). Searches, which the project has not, are kept in the same
//!   manner.
//!
//! Both keep data for 3600 s and pages for 900 s, have room for everything, and are never late. A statement is counted where
//! the data of a page are not there: as many as gable sends for the same.

use std::collections::HashMap;

use listings::search::Parameter;

use crate::traffic::{Question, parsed};

const PAGE_SECONDS: f64 = 900.0;
const DATA_SECONDS: f64 = 3_600.0;

/// How often was written so far: at all, and to each listing.
#[derive(Debug, Default)]
pub(crate) struct Written {
    at_all: u64,
    to: HashMap<i64, u64>,
}

impl Written {
    pub(crate) fn note(&mut self, id: i64) {
        self.at_all += 1;
        *self.to.entry(id).or_default() += 1;
    }

    pub(crate) fn times(&self) -> u64 {
        self.at_all
    }

    /// What is read of a listing, or of lists, is the same as long as this is.
    fn version(&self, of: Option<i64>) -> u64 {
        of.map_or(self.at_all, |id| self.to.get(&id).copied().unwrap_or_default())
    }
}

/// Something kept: what it is, from when, and what had been written by then.
#[derive(Debug, Clone, Copy)]
struct Kept {
    bytes: u64,
    at: f64,
    version: u64,
}

/// What a page is made of.
struct Datum {
    /// None where it is not kept.
    name: Option<String>,
    listing: Option<i64>,
    statements: u64,
}

/// One way to keep pages.
pub(crate) struct Rival {
    pub(crate) name: &'static str,
    pages_hear_of_writes: bool,
    pages: HashMap<String, Kept>,
    data: HashMap<String, Kept>,
    pub(crate) hits: u64,
    pub(crate) outdated: u64,
    pub(crate) wasted: u64,
    pub(crate) stale: u64,
    pub(crate) statements: u64,
}

impl Rival {
    pub(crate) fn any_change() -> Rival {
        Rival::named("any change, every list", true)
    }

    pub(crate) fn django() -> Rival {
        Rival::named("as in the Django project", false)
    }

    fn named(name: &'static str, pages_hear_of_writes: bool) -> Rival {
        Rival {
            name,
            pages_hear_of_writes,
            pages: HashMap::new(),
            data: HashMap::new(),
            hits: 0,
            outdated: 0,
            wasted: 0,
            stale: 0,
            statements: 0,
        }
    }

    /// Answers a question to which `right` is the answer, if that is one that is kept.
    pub(crate) fn answer(
        &mut self,
        question: &Question,
        right: Option<u64>,
        written: &Written,
        seconds: f64,
    ) {
        let version = written.version(listing_of(question));
        if let Some(kept) = self.pages.get(&question.uri()).copied()
            && seconds - kept.at < PAGE_SECONDS
        {
            if !self.pages_hear_of_writes || kept.version == version {
                self.hits += 1;
                self.stale += u64::from(Some(kept.bytes) != right);
                return;
            }
            self.outdated += 1;
            self.wasted += u64::from(Some(kept.bytes) == right);
        }
        for datum in data_of(question) {
            self.read(&datum, written, seconds);
        }
        match right {
            Some(bytes) => self.pages.insert(question.uri(), Kept { bytes, at: seconds, version }),
            None => self.pages.remove(&question.uri()),
        };
    }

    fn read(&mut self, datum: &Datum, written: &Written, seconds: f64) {
        let version = written.version(datum.listing);
        let Some(name) = &datum.name else {
            self.statements += datum.statements;
            return;
        };
        let is_there = |kept: &Kept| kept.version == version && seconds - kept.at < DATA_SECONDS;
        if !self.data.get(name).is_some_and(is_there) {
            self.statements += datum.statements;
            self.data.insert(name.clone(), Kept { bytes: 0, at: seconds, version });
        }
    }
}

fn listing_of(question: &Question) -> Option<i64> {
    match question {
        Question::Listing(id) | Question::Record(id) => i64::try_from(*id).ok(),
        _ => None,
    }
}

fn data_of(question: &Question) -> Vec<Datum> {
    let list = |name: String, statements| Datum { name: Some(name), listing: None, statements };
    let listing = || Datum {
        name: listing_of(question).map(|id| format!("property_{id}")),
        listing: listing_of(question),
        statements: 1,
    };
    match question {
        Question::Search(query) => {
            let filters = parsed(query).filters_only();
            let facets = [Parameter::Kind, Parameter::Location, Parameter::MinBedrooms];
            let applied = facets.iter().filter(|facet| filters.without(**facet) != filters).count();
            let overview =
                list(format!("overview?{}", filters.canonical()), 1 + u64::try_from(applied).unwrap());
            vec![overview, list(format!("glimpses?{query}"), 1)]
        }
        Question::List(query) => vec![list(format!("search?{query}"), 1)],
        Question::Feed(query) => vec![list(format!("feed?{query}"), 1)],
        Question::Django => vec![list("all_properties".to_owned(), 1)],
        Question::Record(_) => vec![listing()],
        // The others at its foot are read each time.
        Question::Listing(_) => vec![listing(), Datum { name: None, listing: None, statements: 1 }],
    }
}
