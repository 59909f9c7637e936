//! The answers: a page of a search, one listing, counts, and everything that matches.

use std::time::Duration;

use async_stream::try_stream;
use chrono::{DateTime, Utc};
use futures::Stream;

use crate::search::{Parameter, Position, Sort};
use crate::store::{PropertyRow, statement};
use crate::{Property, Search, Store, StoreError};

/// Counts go no further than this: a number that takes longer to count than to read helps nobody.
pub const MOST_COUNTED: i64 = 10_000;

/// Listings that an export reads at a time.
const EXPORT_BATCH: u16 = 1_000;

/// How long an export waits before it asks a busy database again, time after time.
const EXPORT_PAUSES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// One page of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The listings, in the order of the search.
    pub properties: Vec<Property>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Position>,
}

/// A number of listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// As many as were counted.
    pub listings: i64,
    /// False where counting stopped at [`MOST_COUNTED`] and there are more.
    pub is_exact: bool,
}

/// The values of one property of listings, with how often each occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The parameter that narrows a search to one of the values.
    pub parameter: Parameter,
    /// The value and its number of listings, most frequent first, at most 50.
    pub values: Vec<(String, i64)>,
    /// False where only the newest [`MOST_COUNTED`] were looked at and there are more.
    pub is_exact: bool,
}

/// How many listings match a search, and how they divide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// How many match, on all pages together.
    pub count: Count,
    /// How they divide by kind, location and bedrooms. Each facet leaves its own filter out, so that it shows what else
    /// there is to choose.
    pub facets: Vec<Facet>,
}

/// A column that listings are counted by, and the parameters that narrow a search to some of its values.
#[derive(Debug, Clone, Copy)]
struct FacetOf {
    column: &'static str,
    parameters: &'static [Parameter],
}

const FACETS: [FacetOf; 3] = [
    FacetOf { column: "kind", parameters: &[Parameter::Kind] },
    FacetOf { column: "location", parameters: &[Parameter::Location] },
    FacetOf { column: "bedrooms", parameters: &[Parameter::MinBedrooms, Parameter::MaxBedrooms] },
];

impl FacetOf {
    fn is_applied(self, search: &Search) -> bool {
        self.opened(search) != search.first_page()
    }

    /// The search without this facet's own filter.
    fn opened(self, search: &Search) -> Search {
        self.parameters.iter().fold(search.first_page(), |search, &parameter| search.without(parameter))
    }
}

/// The rows of [`statement::tally`]: column, value, number.
struct Tally(Vec<(String, String, i64)>);

impl Tally {
    fn count(&self) -> Count {
        Count::up_to_most(self.of("listings").map(|(_, listings)| listings).sum())
    }

    fn facet(&self, facet: FacetOf) -> Facet {
        let mut values: Vec<_> =
            self.of(facet.column).map(|(value, listings)| (value.to_owned(), listings)).collect();
        values.sort_by(|(left, most), (right, least)| (least, left).cmp(&(most, right)));
        Facet { parameter: facet.parameters[0], values, is_exact: self.count().is_exact }
    }

    fn of(&self, column: &str) -> impl Iterator<Item = (&str, i64)> {
        self.0
            .iter()
            .filter(move |(name, ..)| name == column)
            .map(|(_, value, listings)| (value.as_str(), *listings))
    }
}

impl Count {
    /// The count of a statement that counts up to one more than [`MOST_COUNTED`].
    fn up_to_most(counted: i64) -> Count {
        Count { listings: counted.min(MOST_COUNTED), is_exact: counted <= MOST_COUNTED }
    }
}

impl Store {
    /// One page of a search.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(&self, search: &Search) -> Result<Page, StoreError> {
        let rows = self.fetch::<PropertyRow>(statement::page(self.dialect(), search)).await?;
        let more = rows.len() > usize::from(search.limit);
        let properties: Vec<Property> =
            rows.into_iter().take(search.limit.into()).map(Property::from).collect();
        let next = properties.last().filter(|_| more).map(|last| Position::of(last, search.sort));
        Ok(Page { properties, next })
    }

    /// The listing of an id, whatever its status; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn property_by_id(&self, id: i64) -> Result<Option<Property>, StoreError> {
        let rows = self.fetch::<PropertyRow>(statement::by_id(self.dialect(), id)).await?;
        Ok(rows.into_iter().next().map(Property::from))
    }

    /// How many listings match, on all pages together; counted up to [`MOST_COUNTED`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self, search: &Search) -> Result<Count, StoreError> {
        let rows = self.fetch::<(i64,)>(statement::count(self.dialect(), search, MOST_COUNTED + 1)).await?;
        Ok(Count::up_to_most(rows.first().map_or(0, |&(number,)| number)))
    }

    /// How many listings match, and how the newest [`MOST_COUNTED`] of them divide by kind, location and bedrooms.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overview(&self, search: &Search) -> Result<Overview, StoreError> {
        let open: Vec<_> = FACETS.into_iter().filter(|facet| !facet.is_applied(search)).collect();
        let shared = self.tally(search, &open).await?;
        let mut facets = Vec::with_capacity(FACETS.len());
        for facet in FACETS {
            facets.push(if facet.is_applied(search) {
                self.tally(&facet.opened(search), &[facet]).await?.facet(facet)
            } else {
                shared.facet(facet)
            });
        }
        Ok(Overview { count: shared.count(), facets })
    }

    async fn tally(&self, search: &Search, facets: &[FacetOf]) -> Result<Tally, StoreError> {
        let columns: Vec<&'static str> = facets.iter().map(|facet| facet.column).collect();
        self.fetch(statement::tally(self.dialect(), search, &columns, MOST_COUNTED + 1)).await.map(Tally)
    }

    /// At most `most` other active listings of the same kind in the same place, newest first; filled up with the same
    /// kind elsewhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn similar(&self, property: &Property, most: u16) -> Result<Vec<Property>, StoreError> {
        let anywhere = Search { kind: Some(property.kind), limit: 2 * most + 1, ..Search::default() };
        let nearby = anywhere.at(&property.location);
        let mut similar: Vec<Property> = Vec::new();
        for search in nearby.iter().chain([&anywhere]) {
            if similar.len() >= usize::from(most) {
                break;
            }
            for candidate in self.page(search).await?.properties {
                if candidate.id != property.id && similar.iter().all(|kept| kept.id != candidate.id) {
                    similar.push(candidate);
                }
            }
        }
        similar.truncate(most.into());
        Ok(similar)
    }

    /// Everything that matches, in order of id, whatever the order of the search.
    ///
    /// Reads a bounded batch at a time and holds no connection in between, so a slow reader costs the database nothing. A
    /// listing that matched all along is there exactly once; one that changed meanwhile is there as it was when its batch
    /// was read, or not at all.
    pub fn export(
        &self,
        search: &Search,
    ) -> impl Stream<Item = Result<Property, StoreError>> + Send + 'static {
        let store = self.clone();
        let mut search =
            Search { sort: Sort::Id, limit: EXPORT_BATCH, after: None, count: false, ..search.clone() };
        try_stream! {
            loop {
                let page = store.batch(&search).await?;
                for property in page.properties {
                    yield property;
                }
                match page.next {
                    Some(next) => search.after = Some(next),
                    None => break,
                }
            }
        }
    }

    /// One batch of an export. Half an export is worth little, so a busy database is asked again; but for the first batch,
    /// whose reader can still be told to come again.
    async fn batch(&self, search: &Search) -> Result<Page, StoreError> {
        let pauses = if search.after.is_some() { &EXPORT_PAUSES[..] } else { &[] };
        for pause in pauses {
            match self.page(search).await {
                Err(StoreError::Busy) => tokio::time::sleep(*pause).await,
                outcome => return outcome,
            }
        }
        self.page(search).await
    }

    /// Id and time of the last change of at most `most` active listings above `id`, in order of id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn active_after(&self, id: i64, most: i64) -> Result<Vec<(i64, DateTime<Utc>)>, StoreError> {
        self.fetch(statement::active_after(id, most)).await
    }

    /// The ids after which each further stretch of `step` active listings begins, the first being 0; at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn active_stretches(&self, step: i64, most: usize) -> Result<Vec<i64>, StoreError> {
        let mut starts = vec![0];
        while starts.len() < most {
            let above = starts.last().copied().unwrap_or_default();
            match self.fetch::<(i64,)>(statement::active_step(above, step)).await?.first() {
                Some(&(first,)) => starts.push(first - 1),
                None => break,
            }
        }
        Ok(starts)
    }
}
