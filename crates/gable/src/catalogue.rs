//! What the site reads: the store of listings behind the cache of data.
//!
//! Whatever is read here is noted in the reading that it is read for, so that the page made of it can be kept. Names follow
//! the Django project where it has the same: `all_properties`, `property_17`.

use std::sync::Arc;

use larder::{DataCache, Failed, Larder, Policy, Reading};
use listings::property::Property;
use listings::read::{Count, Overview, Page};
use listings::{Search, Store, StoreError};

use crate::error::Error;

/// The store of listings behind the cache of data.
#[derive(Debug, Clone)]
pub struct Catalogue {
    store: Store,
    properties: DataCache<Option<Property>>,
    pages: DataCache<Page>,
    overviews: DataCache<Overview>,
    counts: DataCache<Count>,
}

/// A value that is kept, whoever else uses it.
pub type Kept<T> = larder::Kept<T>;

/// The name of the frozen endpoint's first page.
pub const ALL_PROPERTIES: &str = "all_properties";

impl Catalogue {
    /// The catalogue of a store, kept in that larder.
    #[must_use]
    pub fn new(store: Store, larder: &Larder, policy: Policy) -> Catalogue {
        Catalogue {
            store,
            properties: larder.shared_data(policy),
            pages: larder.shared_data(policy),
            overviews: larder.shared_data(policy),
            counts: larder.shared_data(policy),
        }
    }

    /// The listing of an id, whatever its status. That there is none is kept too.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn property(&self, reading: &Reading, id: i64) -> Result<Kept<Option<Property>>, Error> {
        let store = self.store.clone();
        let load = move |reading: Reading| {
            let store = store.clone();
            async move { store.property_by_id(&reading, id).await.map_err(Arc::new) }
        };
        Ok(self.properties.read(reading, &format!("property_{id}"), load).await?)
    }

    /// One page of a search.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn page(&self, reading: &Reading, search: &Search) -> Result<Kept<Page>, Error> {
        self.page_named(reading, &format!("search?{}", search.canonical()), search).await
    }

    /// One page of a search that has a name of its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn page_named(
        &self,
        reading: &Reading,
        name: &str,
        search: &Search,
    ) -> Result<Kept<Page>, Error> {
        let (store, search) = (self.store.clone(), search.clone());
        let load = move |reading: Reading| {
            let (store, search) = (store.clone(), search.clone());
            async move { store.page(&reading, &search).await.map_err(Arc::new) }
        };
        Ok(self.pages.read(reading, name, load).await?)
    }

    /// How many listings match, and how they divide.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn overview(&self, reading: &Reading, search: &Search) -> Result<Kept<Overview>, Error> {
        let search = search.filters_only();
        let (name, store) = (format!("overview?{}", search.canonical()), self.store.clone());
        let load = move |reading: Reading| {
            let (store, search) = (store.clone(), search.clone());
            async move { store.overview(&reading, &search).await.map_err(Arc::new) }
        };
        Ok(self.overviews.read(reading, &name, load).await?)
    }

    /// How many listings match; counted up to `most`, and to [`MOST_COUNTED`](listings::read::MOST_COUNTED) at the most.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn count(&self, reading: &Reading, search: &Search, most: i64) -> Result<Kept<Count>, Error> {
        let search = search.filters_only();
        let (name, store) = (format!("count_to_{most}?{}", search.canonical()), self.store.clone());
        let load = move |reading: Reading| {
            let (store, search) = (store.clone(), search.clone());
            async move { store.count(&reading, &search, most).await.map_err(Arc::new) }
        };
        Ok(self.counts.read(reading, &name, load).await?)
    }
}

impl From<Failed<Arc<StoreError>>> for Error {
    fn from(failed: Failed<Arc<StoreError>>) -> Error {
        match failed {
            Failed::Load(error) => Error::from(&*error),
            Failed::Unreachable => Error::Unavailable(failed.to_string()),
            Failed::Lost => Error::Internal("a load ended without an answer".to_owned()),
        }
    }
}
