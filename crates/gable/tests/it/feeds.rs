//! What feed readers and search engines read: the Atom feed, the sitemap, robots.txt.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use listings::Draft;

use crate::database::{Database, draft, over_both_databases, villa};
use crate::xml::elements;

over_both_databases!(
    the_feed_is_well_formed_and_says_what_the_listing_says,
    the_feed_of_a_search_has_its_newest_fifty,
    the_sitemap_names_the_front_page_and_every_active_listing,
    more_listings_than_a_sitemap_holds_are_divided_over_several,
    robots_are_shown_the_sitemap_and_kept_from_the_api,
);

const SITE: &str = "https://homes.example";

async fn the_feed_is_well_formed_and_says_what_the_listing_says(database: Database) {
    let nasty = Draft {
        title: "A & B <c> ]]> \"d\" 'e' 🏡".into(),
        description: "Not for XML: \u{b}\u{1}\u{fffe}.\r\nFor it: <é> & ]]>".into(),
        ..villa()
    };
    let added = database.add([nasty]).await;
    let answer = database.serve_with(&[("SITE_URL", SITE)]).get("/feed.atom").await;
    assert_eq!(answer.header("content-type"), "application/atom+xml; charset=utf-8");
    let found = elements(answer.text());
    assert_eq!(found["feed@xmlns"], ["http://www.w3.org/2005/Atom"]);
    assert_eq!(found["feed/entry/title"], ["A & B <c> ]]> \"d\" 'e' 🏡"]);
    let summary = &found["feed/entry/summary"][0];
    assert!(
        summary.contains("1,200.50") && summary.contains("Tórshavn") && summary.contains("<é> & ]]>"),
        "{summary}"
    );
    let address = format!("{SITE}/properties/{}/", added[0].id);
    assert_eq!(found["feed/entry/link@href"], std::slice::from_ref(&address));
    assert_eq!(found["feed/entry/id"], [address]);
    assert_eq!(found["feed/entry/published"], ["2025-08-31T18:45:12Z"]);
    assert_eq!(found["feed/updated"], found["feed/entry/updated"]);
    assert!(found["feed/link@href"].contains(&format!("{SITE}/feed.atom")), "{found:?}");
    assert!(!found["feed/title"][0].is_empty() && !found["feed/id"][0].is_empty());
}

async fn the_feed_of_a_search_has_its_newest_fifty(database: Database) {
    let hour = |number: i64| chrono::DateTime::from_timestamp(1_800_000_000 + 3_600 * number, 0);
    let listing = |number: i64| Draft { created_at: hour(number), ..draft(&format!("Home {number}")) };
    database.add((1..=60).map(listing).chain([villa()])).await;
    let site = database.serve_with(&[("SITE_URL", SITE)]);
    let found = elements(site.get("/feed.atom?location=ACCRA&sort=price&utm_source=x").await.text());
    let expected: Vec<String> = (11..=60).rev().map(|number| format!("Home {number}")).collect();
    assert_eq!(found["feed/entry/title"], expected);
    assert!(
        found["feed/link@href"].contains(&format!("{SITE}/?location=accra")),
        "{:?}",
        found["feed/link@href"]
    );
    let empty = site.get("/feed.atom?q=nothing").await;
    assert_eq!((empty.status, elements(empty.text()).get("feed/entry/title")), (200, None));
    let wrong = site.get("/feed.atom?kind=castle").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.page().text("main").contains("kind"));
}

async fn the_sitemap_names_the_front_page_and_every_active_listing(database: Database) {
    database.fill(3, 1).await;
    let site = database.serve_with(&[("SITE_URL", SITE)]);
    site.database.sql("update properties_property set status = 'sold' where id = 2").await;
    let answer = site.get("/sitemap.xml").await;
    assert_eq!(answer.header("content-type"), "application/xml");
    let found = elements(answer.text());
    assert_eq!(found["urlset@xmlns"], ["http://www.sitemaps.org/schemas/sitemap/0.9"]);
    let expected = ["/", "/properties/1/", "/properties/3/"].map(|path| format!("{SITE}{path}"));
    assert_eq!(found["urlset/url/loc"], expected);
    assert_eq!(found["urlset/url/lastmod"].len(), 2);
}

async fn more_listings_than_a_sitemap_holds_are_divided_over_several(database: Database) {
    database.fill(20_001, 1).await;
    let site = database.serve_with(&[("SITE_URL", SITE)]);
    let index = elements(site.get("/sitemap.xml").await.text());
    let mut addresses = Vec::new();
    for part in &index["sitemapindex/sitemap/loc"] {
        let found = elements(site.get(part.strip_prefix(SITE).unwrap()).await.text());
        assert!(found["urlset/url/loc"].len() <= 10_001, "a sitemap is about a megabyte");
        addresses.extend(found["urlset/url/loc"].clone());
    }
    let listings = (1..=20_001).map(|id| format!("{SITE}/properties/{id}/"));
    assert_eq!(addresses, [format!("{SITE}/")].into_iter().chain(listings).collect::<Vec<_>>());
}

async fn robots_are_shown_the_sitemap_and_kept_from_the_api(database: Database) {
    let answer = database.serve_with(&[("SITE_URL", SITE)]).get("/robots.txt").await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let lines: Vec<&str> = answer.text().lines().collect();
    assert!(lines.contains(&"User-agent: *") && lines.contains(&"Disallow: /api/"), "{lines:?}");
    assert!(lines.contains(&format!("Sitemap: {SITE}/sitemap.xml").as_str()), "{lines:?}");
}
