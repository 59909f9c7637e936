//! The answers: a page of a search, one listing, counts, and everything that matches.
//!
//! Every read notes in its [`Reading`] what the answer depends on, so that whoever keeps it knows when it is no longer true.

use std::time::Duration;

use async_stream::try_stream;
use chrono::{DateTime, Utc};
use futures::Stream;
use larder::Reading;
use larder::freshness::Columns;
use serde::{Deserialize, Serialize};

use crate::search::{Parameter, Position, Sort};
use crate::store::dependency::{self, PageRead};
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The listings, in the order of the search.
    pub properties: Vec<Property>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Position>,
}

/// A number of listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// As many as were counted.
    pub listings: i64,
    /// False where counting stopped there and there are more.
    pub is_exact: bool,
}

/// The values of one property of listings, with how often each occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// The parameter that narrows a search to one of the values.
    pub parameter: Parameter,
    /// The value and its number of listings, most frequent first, at most 50.
    pub values: Vec<(String, i64)>,
    /// False where only the newest [`MOST_COUNTED`] were looked at and there are more.
    pub is_exact: bool,
}

/// How many listings match a search, and how they divide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// How many match, on all pages together.
    pub count: Count,
    /// How they divide by kind, location and bedrooms. Only what matches is told of: a page of one kind or place that told
    /// of the others would have to be made again for whatever happens elsewhere.
    pub facets: Vec<Facet>,
}

/// The columns that listings are counted by, each with the parameter that narrows a search to one of its values.
const FACETS: [(&str, Parameter); 3] =
    [("kind", Parameter::Kind), ("location", Parameter::Location), ("bedrooms", Parameter::MinBedrooms)];

/// A row of [`statement::count`]: number, time of the oldest that was counted.
type CountRow = (i64, Option<DateTime<Utc>>);

/// A row of [`statement::active_after`]: id, time of the last change.
type ActiveRow = (i64, DateTime<Utc>);

/// A row of [`statement::tally`]: column, value, number, and for the number of all of them the time of the oldest.
type TallyRow = (String, String, i64, Option<DateTime<Utc>>);

/// The rows of [`statement::tally`].
struct Tally(Vec<TallyRow>);

impl Tally {
    fn count(&self) -> Count {
        Count::up_to(MOST_COUNTED, self.of("listings").map(|(_, listings)| listings).sum())
    }

    fn facet(&self, column: &str, parameter: Parameter) -> Facet {
        let mut values: Vec<_> =
            self.of(column).map(|(value, listings)| (value.to_owned(), listings)).collect();
        values.sort_by(|(left, most), (right, least)| (least, left).cmp(&(most, right)));
        Facet { parameter, values, is_exact: self.count().is_exact }
    }

    fn of(&self, column: &str) -> impl Iterator<Item = (&str, i64)> {
        self.0
            .iter()
            .filter(move |(name, ..)| name == column)
            .map(|(_, value, listings, _)| (value.as_str(), *listings))
    }
}

impl Count {
    /// The count of a statement that counts up to one more than `most`.
    fn up_to(most: i64, counted: i64) -> Count {
        Count { listings: counted.min(most), is_exact: counted <= most }
    }

    /// The time of the last listing that was counted, if counting stopped there; `None` where all were counted.
    fn where_stopped(most: i64, counted: i64, oldest: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        oldest.filter(|_| !Count::up_to(most, counted).is_exact)
    }
}

impl Store {
    /// One page of a search.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(&self, reading: &Reading, search: &Search) -> Result<Page, StoreError> {
        let (dialect, limit) = (self.dialect(), usize::from(search.limit));
        let statement = statement::page(dialect, search);
        let mut properties: Vec<Property> = self
            .read::<PropertyRow, _>(reading, statement, |rows: &[Property]| {
                let (shown, beyond) = rows.split_at(limit.min(rows.len()));
                dependency::of_page(dialect, search, PageRead { shown, beyond: beyond.first() })
            })
            .await?;
        let more = properties.len() > limit;
        properties.truncate(limit);
        let next = properties.last().filter(|_| more).map(|last| Position::of(last, search.sort));
        Ok(Page { properties, next })
    }

    /// The listing of an id, whatever its status; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn property_by_id(&self, reading: &Reading, id: i64) -> Result<Option<Property>, StoreError> {
        let statement = statement::by_id(self.dialect(), id);
        let rows = self
            .read::<PropertyRow, _>(reading, statement, |_: &[Property]| vec![dependency::of_id(id)])
            .await?;
        Ok(rows.into_iter().next())
    }

    /// How many listings match, on all pages together; counted up to `most`, and to [`MOST_COUNTED`] at the most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self, reading: &Reading, search: &Search, most: i64) -> Result<Count, StoreError> {
        let (dialect, most) = (self.dialect(), most.min(MOST_COUNTED));
        let statement = statement::count(dialect, search, most + 1);
        let rows = self
            .read::<CountRow, _>(reading, statement, |rows: &[CountRow]| {
                let oldest =
                    rows.first().and_then(|&(counted, oldest)| Count::where_stopped(most, counted, oldest));
                vec![dependency::of_count(dialect, search, oldest)]
            })
            .await?;
        Ok(Count::up_to(most, rows.first().map_or(0, |&(number, _)| number)))
    }

    /// How many listings match, and how the newest [`MOST_COUNTED`] of them divide by kind, location and bedrooms.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overview(&self, reading: &Reading, search: &Search) -> Result<Overview, StoreError> {
        let dialect = self.dialect();
        let columns = FACETS.map(|(column, _)| column);
        let statement = statement::tally(dialect, search, &columns, MOST_COUNTED + 1);
        let tally = self
            .read::<TallyRow, _>(reading, statement, |rows: &[TallyRow]| {
                let oldest = rows
                    .iter()
                    .find_map(|&(.., counted, oldest)| Count::where_stopped(MOST_COUNTED, counted, oldest));
                vec![dependency::of_newest(dialect, search, &columns, oldest)]
            })
            .await
            .map(Tally)?;
        let facets = FACETS.map(|(column, parameter)| tally.facet(column, parameter));
        Ok(Overview { count: tally.count(), facets: facets.into() })
    }

    /// At most `most` other active listings of the same kind in the same place, newest first; filled up with the same
    /// kind elsewhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn similar(
        &self,
        reading: &Reading,
        property: &Property,
        most: u16,
    ) -> Result<Vec<Property>, StoreError> {
        let anywhere = Search { kind: Some(property.kind), limit: 2 * most + 1, ..Search::default() };
        let nearby = anywhere.at(&property.location);
        let mut similar: Vec<Property> = Vec::new();
        for search in nearby.iter().chain([&anywhere]) {
            if similar.len() >= usize::from(most) {
                break;
            }
            for candidate in self.page(reading, search).await?.properties {
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
    pub fn export(&self, search: &Search) -> impl Stream<Item = Result<Property, StoreError>> + Send + use<> {
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
        // Nobody keeps an export.
        let unkept = Reading::new();
        let pauses = if search.after.is_some() { &EXPORT_PAUSES[..] } else { &[] };
        for pause in pauses {
            match self.page(&unkept, search).await {
                Err(StoreError::Busy) => tokio::time::sleep(*pause).await,
                outcome => return outcome,
            }
        }
        self.page(&unkept, search).await
    }

    /// Id and time of the last change of at most `most` active listings above `id`, in order of id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn active_after(
        &self,
        reading: &Reading,
        id: i64,
        most: i64,
    ) -> Result<Vec<(i64, DateTime<Utc>)>, StoreError> {
        let dialect = self.dialect();
        self.read::<ActiveRow, _>(reading, statement::active_after(id, most), |rows: &[ActiveRow]| {
            let is_full = i64::try_from(rows.len()).is_ok_and(|number| number >= most);
            let last = rows.last().filter(|_| is_full).map(|&(last, _)| last);
            vec![dependency::of_active(dialect, id, last, Columns::All)]
        })
        .await
    }

    /// The ids after which each further stretch of `step` active listings begins, the first being 0; at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn active_stretches(
        &self,
        reading: &Reading,
        step: i64,
        most: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let mut starts = vec![0];
        while starts.len() < most {
            let above = starts.last().copied().unwrap_or_default();
            match self.active_step(reading, above, step).await? {
                Some(first) => starts.push(first - 1),
                None => break,
            }
        }
        Ok(starts)
    }

    /// The id of the active listing that comes after `step` others above an id.
    async fn active_step(&self, reading: &Reading, above: i64, step: i64) -> Result<Option<i64>, StoreError> {
        let dialect = self.dialect();
        let rows = self
            .read::<(i64,), _>(reading, statement::active_step(above, step), |rows: &[(i64,)]| {
                let found = rows.first().map(|&(first,)| first);
                vec![dependency::of_active(dialect, above, found, dependency::nothing_shown())]
            })
            .await?;
        Ok(rows.first().map(|&(first,)| first))
    }
}
