//! What search engines read: `robots.txt` and the sitemaps (sitemaps.org protocol 0.9).

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Path, State};

use super::{Answer, id, listing_path};
use crate::application::Application;
use crate::error::Error;
use crate::representation::Representation;

/// Listings of one sitemap: about a megabyte. The protocol would allow 50,000 addresses.
const LISTINGS_A_SITEMAP: i64 = 10_000;
/// Sitemaps that one index may hold.
const SITEMAPS: usize = 50_000;

const NAMESPACE: &str = "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"";

/// All active listings; where they are more than one sitemap holds, an index of sitemaps.
pub async fn sitemap(State(application): State<Arc<Application>>) -> Answer {
    let starts =
        application.store.active_stretches(&larder::Reading::new(), LISTINGS_A_SITEMAP, SITEMAPS).await?;
    if starts.len() == 1 {
        return stretch(&application, 0).await;
    }
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex {NAMESPACE}>\n");
    for start in starts {
        let _ = writeln!(xml, "<sitemap><loc>{}/sitemaps/{start}.xml</loc></sitemap>", application.site_url);
    }
    xml.push_str("</sitemapindex>\n");
    Ok(Representation::new("application/xml", xml))
}

/// The sitemap of the listings after an id.
pub async fn part(State(application): State<Arc<Application>>, Path(name): Path<String>) -> Answer {
    let start = name.strip_suffix(".xml").and_then(|text| if text == "0" { Some(0) } else { id(text) });
    let start = start.ok_or_else(|| Error::NotFound(format!("There is no sitemap {name}")))?;
    stretch(&application, start).await
}

async fn stretch(application: &Application, start: i64) -> Answer {
    let listings = application.store.active_after(&larder::Reading::new(), start, LISTINGS_A_SITEMAP).await?;
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
