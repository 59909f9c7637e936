//! The Atom feed of a search: its newest listings.

use std::sync::Arc;

use askama::Template as _;
use axum::extract::State;
use chrono::{DateTime, SecondsFormat, Utc};
use hyper::Uri;
use listings::property::Property;
use listings::search::{Sort, Unknown};

use super::search_page::wording::heading;
use super::{Answer, address, listing_path, search};
use crate::application::Application;
use crate::clock::Timings;
use crate::pages::feed::{Feed, FeedEntry};
use crate::pages::wording;
use crate::reads::Reads;
use crate::representation::Representation;

/// The feed's path.
pub const PATH: &str = "/feed.atom";

const ENTRIES: u16 = 50;

/// The newest listings that match, whatever the order and page of the search that it is asked with.
pub async fn show(State(application): State<Arc<Application>>, Reads(reading): Reads, uri: Uri) -> Answer {
    let search = search(&uri, Unknown::Ignore)?.filters_only();
    let query = search.canonical();
    let newest = listings::Search { sort: Sort::Newest, limit: ENTRIES, ..search.clone() };
    let mut timings = Timings::default();
    let page = timings.database(application.catalogue.page(&reading, &newest)).await?;
    let site = &application.site_url;
    let feed = Feed {
        id: format!("{site}{}", address(PATH, &query)),
        title: heading(&search),
        self_href: format!("{site}{}", address(PATH, &query)),
        alternate_href: format!("{site}{}", address("/", &query)),
        updated: rfc3339(
            page.properties.iter().map(|property| property.updated_at).max().unwrap_or_default(),
        ),
        entries: page.properties.iter().map(|property| entry(site, property)).collect(),
    };
    let text = timings.render(|| feed.render())?;
    Ok(Representation::new("application/atom+xml; charset=utf-8", text).timed(timings))
}

/// The one address of a search's feed.
pub fn page_address(uri: &Uri) -> Option<String> {
    let search = search(uri, Unknown::Ignore).ok().filter(|_| uri.path() == PATH)?;
    Some(address(PATH, &search.filters_only().canonical()))
}

fn entry(site: &str, property: &Property) -> FeedEntry {
    let href = format!("{site}{}", listing_path(property.id));
    let price = property.price.map_or("Price on request".to_owned(), |price| wording::price(price.decimal()));
    FeedEntry {
        id: href.clone(),
        title: property.title.clone(),
        href,
        updated: rfc3339(property.updated_at),
        published: rfc3339(property.created_at),
        summary: format!("{price} · {}\n\n{}", property.location, property.description),
    }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
