//! What search engines read: `robots.txt` and the sitemaps (sitemaps.org protocol 0.9).

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Path, State};
use hyper::Uri;
use larder::Reading;

use super::{Answer, id, listing_path};
use crate::application::Application;
use crate::error::Error;
use crate::reads::Reads;
use crate::representation::Representation;

/// Listings of one sitemap: about a megabyte. The protocol would allow 50,000 addresses.
const LISTINGS_A_SITEMAP: i64 = 10_000;
/// Sitemaps that one index may hold.
const SITEMAPS: usize = 50_000;

/// The path of the sitemap.
pub const PATH: &str = "/sitemap.xml";

const NAMESPACE: &str = "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"";

/// All active listings; where they are more than one sitemap holds, an index of sitemaps.
pub async fn sitemap(State(application): State<Arc<Application>>, Reads(reading): Reads) -> Answer {
    let starts = application.store.active_stretches(&reading, LISTINGS_A_SITEMAP, SITEMAPS).await?;
    if starts.len() == 1 {
        return stretch(&application, &reading, 0).await;
    }
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex {NAMESPACE}>\n");
    for start in starts {
        let _ = writeln!(xml, "<sitemap><loc>{}/sitemaps/{start}.xml</loc></sitemap>", application.site_url);
    }
    xml.push_str("</sitemapindex>\n");
    Ok(Representation::new("application/xml", xml))
}

/// The one address of the sitemap, or of the index of sitemaps.
pub fn page_address(uri: &Uri) -> Option<String> {
    (uri.path() == PATH).then(|| PATH.to_owned())
}

/// The one address of a part.
pub fn part_address(uri: &Uri) -> Option<String> {
    let name = uri.path().strip_prefix("/sitemaps/")?;
    start(name).map(|start| format!("/sitemaps/{start}.xml"))
}

/// The id after which a part begins.
fn start(name: &str) -> Option<i64> {
    name.strip_suffix(".xml").and_then(|text| if text == "0" { Some(0) } else { id(text) })
}

/// The sitemap of the listings after an id.
pub async fn part(
    State(application): State<Arc<Application>>,
    Reads(reading): Reads,
    Path(name): Path<String>,
) -> Answer {
    let start = start(&name).ok_or_else(|| Error::NotFound(format!("There is no sitemap {name}")))?;
    stretch(&application, &reading, start).await
}

async fn stretch(application: &Application, reading: &Reading, start: i64) -> Answer {
    let listings = application.store.active_after(reading, start, LISTINGS_A_SITEMAP).await?;
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset {NAMESPACE}>\n");
    if start == 0 {
        let _ = writeln!(xml, "<url><loc>{}/</loc></url>", application.site_url);
    }
    for (id, updated_at) in listings {
        let (site, path, changed) = (&application.site_url, listing_path(id), updated_at.format("%Y-%m-%d"));
        let _ = writeln!(xml, "<url><loc>{site}{path}</loc><lastmod>{changed}</lastmod></url>");
    }
    xml.push_str("</urlset>\n");
    Ok(Representation::new("application/xml", xml))
}

/// What robots may read: the pages, once each. The same listings in other orders and formats would only cost both sides.
pub async fn robots(State(application): State<Arc<Application>>) -> Representation {
    let text = format!(
        "User-agent: *\nDisallow: /api/\nDisallow: /*?*sort=\nDisallow: /*?*cursor=\nAllow: /\n\nSitemap: {}/sitemap.xml\n",
        application.site_url
    );
    Representation::new("text/plain; charset=utf-8", text)
}
