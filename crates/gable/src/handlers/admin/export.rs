//! What staff take away: listings of any status, those that match or those that were chosen.

use std::sync::Arc;

use async_stream::try_stream;
use axum::extract::State;
use axum::response::Response;
use futures::{Stream, StreamExt as _};
use hyper::Uri;
use larder::Reading;
use listings::{Property, Search, Store, StoreError};

use super::sought::Sought;
use crate::access::Staff;
use crate::application::Application;
use crate::error::Error;
use crate::handlers::export::{Format, streamed};
use crate::handlers::id;

/// Listings that can be named in one address.
pub(super) const MOST_IDS: usize = 500;

/// As CSV.
pub async fn csv(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    uri: Uri,
) -> Result<Response, Error> {
    caller.need_read_all()?;
    export(&application, &uri, Format::Csv).await
}

/// As one JSON object a line.
pub async fn ndjson(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    uri: Uri,
) -> Result<Response, Error> {
    caller.need_read_all()?;
    export(&application, &uri, Format::Ndjson).await
}

async fn export(application: &Application, uri: &Uri, format: Format) -> Result<Response, Error> {
    let query = uri.query().unwrap_or_default();
    let store = application.store.clone();
    let chosen = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ids");
    if let Some((_, chosen)) = chosen {
        return streamed(of_ids(store, ids(&chosen)?), format).await;
    }
    let sought = Sought::parse(query).map_err(Error::Parameters)?;
    streamed(that_match(store, sought), format).await
}

fn ids(text: &str) -> Result<Vec<i64>, Error> {
    let wrong =
        || Error::Malformed(format!("ids: must be at most {MOST_IDS} numbers of listings with commas"));
    let ids = text.split(',').map(id).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
    if ids.len() <= MOST_IDS { Ok(ids) } else { Err(wrong()) }
}

type Listing = Result<Property, StoreError>;

fn of_ids(store: Store, ids: Vec<i64>) -> impl Stream<Item = Listing> + Send + 'static {
    try_stream! {
        for id in ids {
            if let Some(property) = store.property_by_id(&Reading::new(), id).await? {
                yield property;
            }
        }
    }
}

/// Status by status.
fn that_match(store: Store, sought: Sought) -> impl Stream<Item = Listing> + Send + 'static {
    let statuses = futures::stream::iter(sought.statuses());
    statuses.flat_map(move |status| {
        let search = Search { status, ..sought.search.clone() };
        Box::pin(store.export(&search))
    })
}
