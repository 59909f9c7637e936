//! The site's front: the search form and what it finds.

mod facets;
mod form;
mod outcome;
pub mod wording;

use std::sync::Arc;

use askama::Template as _;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE};
use hyper::{StatusCode, Uri};
use larder::Reading;
use listings::Search;
use listings::search::{Refusal, Unknown};

use super::{address, api, feed};
use crate::application::Application;
use crate::assets;
use crate::clock::Timings;
use crate::error::Error;
use crate::pages::layout::{Layout, Link};
use crate::pages::search::{Outcome, SearchPage};
use crate::reads::Reads;
use crate::representation::Representation;

/// The page's path.
pub const PATH: &str = "/";

/// The search page in the state that the query string describes. Parameters that are wrong are shown as they were typed,
/// each with its rule, and nothing is searched.
pub async fn show(
    State(application): State<Arc<Application>>,
    Reads(reading): Reads,
    uri: Uri,
) -> Result<Response, Error> {
    match super::search(&uri, Unknown::Ignore) {
        Ok(search) => Ok(found(&application, &reading, &search).await?.into_response()),
        Err(Error::Parameters(refusals)) => refused(&uri, &refusals),
        // A link to what is for staff only: the visitor gets what is for all.
        Err(Error::Forbidden(_)) => {
            Ok(found(&application, &reading, &Search::default()).await?.into_response())
        }
        Err(error) => Err(error),
    }
}

/// The one address of the page of a search.
pub fn page_address(uri: &Uri) -> Option<String> {
    let search = match super::search(uri, Unknown::Ignore) {
        Ok(search) => search,
        Err(Error::Forbidden(_)) => Search::default(),
        Err(_) => return None,
    };
    (uri.path() == PATH).then(|| address(PATH, &search.canonical()))
}

async fn found(application: &Application, reading: &Reading, search: &Search) -> super::Answer {
    let mut timings = Timings::default();
    let catalogue = &application.catalogue;
    let overview = timings.database(catalogue.overview(reading, search)).await?;
    let outcome = timings.database(outcome::of(catalogue, reading, search, overview.count)).await?;
    let page = SearchPage {
        layout: layout(application, search),
        heading: wording::heading(search),
        form: form::of(search, &overview.facets),
        chips: wording::chips(search),
        facets: facets::groups(search, &overview),
        outcome,
        feed_href: Some(address(feed::PATH, &search.filters_only().canonical())),
        csv_href: Some(address(&format!("{}/export.csv", api::LIST), &search.filters_only().canonical())),
    };
    let text = timings.render(|| page.render())?;
    Ok(Representation::html(text).timed(timings))
}

fn layout(application: &Application, search: &Search) -> Layout {
    let heading = wording::heading(search);
    let filters = search.filters_only().canonical();
    Layout {
        description: format!("{heading} to look through by place, price, size and words."),
        // Pages of one search in its several orders are one page to a search engine.
        canonical: Some(format!("{}{}", application.site_url, address(PATH, &filters))),
        feed: Some(Link::new(format!("{heading}, newest first"), address(feed::PATH, &filters))),
        title: heading,
        assets: assets::hrefs(),
        ..Layout::default()
    }
}

fn refused(uri: &Uri, refusals: &[Refusal]) -> Result<Response, Error> {
    let heading = "Search".to_owned();
    let page = SearchPage {
        layout: Layout { title: heading.clone(), assets: assets::hrefs(), ..Layout::default() },
        heading,
        form: form::as_typed(uri, refusals),
        chips: Vec::new(),
        facets: Vec::new(),
        outcome: Outcome::Refused,
        feed_href: None,
        csv_href: None,
    };
    let fields = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    Ok((StatusCode::BAD_REQUEST, fields, Body::from(page.render()?)).into_response())
}
