//! The page of one listing: for people, for search engines, for whoever shares it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;

use listings::{Draft, Kind, Status};
use serde_json::{Value, json};

use crate::answer::{Page, text};
use crate::database::{Database, draft, over_both_databases, villa};

over_both_databases!(
    the_page_shows_every_fact_of_the_listing,
    what_is_not_known_is_left_out,
    the_structured_data_is_that_of_the_record,
    whoever_shares_the_page_shares_its_title_and_picture,
    text_that_looks_like_markup_is_only_text,
    listings_like_it_are_of_its_kind_and_those_nearby_come_first,
    what_is_pending_or_sold_says_so,
    the_address_without_its_slash_leads_to_the_one_with,
    every_link_of_the_page_leads_somewhere,
);

const SITE: &str = "https://homes.example";

/// Names and values of the page's description lists.
fn facts(page: &Page) -> BTreeMap<String, String> {
    let names = page.all("dt").into_iter().map(text);
    names.zip(page.all("dd").into_iter().map(text)).collect()
}

async fn the_page_shows_every_fact_of_the_listing(database: Database) {
    database.add([villa()]).await;
    let site = database.serve();
    let page = site.get("/properties/1/").await.page();
    assert_eq!(page.text("h1"), "Villa with a view");
    let facts = facts(&page);
    for (name, value) in
        [("Kind", "Villa"), ("Bedrooms", "4"), ("Bathrooms", "2"), ("Floor area", "250 m²"), ("Number", "1")]
    {
        assert_eq!(facts[name], value);
    }
    assert!(facts["Position"].starts_with("62.01000° N, 6.77000° W"), "{}", facts["Position"]);
    let main = page.text("main");
    for part in ["1,200.50", "Tórshavn", "By the sea.", "<b>not bold</b> & more."] {
        assert!(main.contains(part), "{part} in {main}");
    }
    assert_eq!(page.attributes("time", "datetime")[0].get(..10), Some("2025-08-31"));
    assert!(!facts.contains_key("Changed"), "it has not been");
    site.database.sql("update properties_property set bedrooms = 5").await;
    assert_eq!(self::facts(&site.get("/properties/1/").await.page())["Bedrooms"], "5");
}

async fn what_is_not_known_is_left_out(database: Database) {
    database.add([draft("Plain")]).await;
    let page = database.serve().get("/properties/1/").await.page();
    let facts = facts(&page);
    for name in ["Bedrooms", "Bathrooms", "Floor area", "Position"] {
        assert!(!facts.contains_key(name), "{name}");
    }
    assert!(page.text("main").contains("Price on request"));
}

fn structured(page: &Page) -> Value {
    let script = page.one("script[type='application/ld+json']");
    serde_json::from_str(&script.text().collect::<String>()).unwrap()
}

async fn the_structured_data_is_that_of_the_record(database: Database) {
    database.add([villa(), draft("Plain")]).await;
    let site = database.serve_with(&[("SITE_URL", SITE)]);
    let record = site.get("/api/v1/properties/1").await.json();
    let page = site.get("/properties/1/").await.page();
    let data = structured(&page);
    assert_eq!(
        (&data["@context"], &data["@type"]),
        (&json!("https://schema.org"), &json!("RealEstateListing"))
    );
    assert_eq!((&data["name"], &data["description"]), (&record["title"], &record["description"]));
    assert_eq!(data["url"], format!("{SITE}/properties/1/"));
    assert_eq!(data["datePosted"], "2025-08-31T18:45:12Z");
    assert_eq!(data["offers"]["price"], record["price"]);
    let home = &data["mainEntity"];
    assert_eq!(home["numberOfBedrooms"], record["bedrooms"]);
    assert_eq!(home["numberOfBathroomsTotal"], record["bathrooms"]);
    assert_eq!(home["floorSize"]["value"].as_f64(), record["floor_area"].as_f64());
    assert_eq!(home["address"]["addressLocality"], record["location"]);
    assert_eq!(
        (&home["geo"]["latitude"], &home["geo"]["longitude"]),
        (&record["latitude"], &record["longitude"])
    );
    let plain = structured(&site.get("/properties/2/").await.page());
    assert_eq!(
        (plain.get("offers"), plain["mainEntity"].get("geo")),
        (None, None),
        "what is not known is left out"
    );
}

async fn whoever_shares_the_page_shares_its_title_and_picture(database: Database) {
    database.add([villa()]).await;
    let site = database.serve_with(&[("SITE_URL", SITE)]);
    let page = site.get("/properties/1/").await.page();
    let property = |name: &str| page.attributes(&format!("meta[property='og:{name}']"), "content").join("");
    assert_eq!(property("title"), "Villa with a view");
    assert_eq!(property("url"), format!("{SITE}/properties/1/"));
    assert_eq!(page.attributes("link[rel=canonical]", "href"), [property("url")]);
    assert!(property("description").contains("Tórshavn"), "{}", property("description"));
    let picture = site.get(property("image").strip_prefix(SITE).unwrap()).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/svg+xml"));
    assert!(page.text("title").starts_with("Villa with a view"));
}

async fn text_that_looks_like_markup_is_only_text(database: Database) {
    let nasty = "</script><script>alert(1)</script><img src=x onerror=alert(1)> \" ' & <!--";
    let listing = Draft { title: nasty.into(), description: nasty.into(), location: nasty.into(), ..villa() };
    database.add([listing.clone(), listing]).await;
    let site = database.serve();
    let query: String =
        form_urlencoded::Serializer::new(String::new()).append_pair("location", nasty).finish();
    let search = format!("/?{query}");
    let wrong = format!("/?{query}&kind={}", query.replace("location=", ""));
    for path in
        ["/", "/properties/1/", &search, &wrong, "/?q=%3Cscript%3Ealert(1)%3C/script%3E", "/%3Cscript%3E"]
    {
        let answer = site.get(path).await;
        let page = answer.page();
        assert!(page.all("img[onerror], img[src=x]").is_empty(), "{path}");
        for script in page.all("script:not([type='application/ld+json'])") {
            assert_eq!(text(script), "", "{path}");
        }
    }
    let page = site.get("/properties/1/").await.page();
    assert_eq!(page.text("h1"), nasty);
    assert_eq!(structured(&page)["name"], nasty);
    assert_eq!(site.get(&search).await.page().listings().len(), 2);
}

async fn listings_like_it_are_of_its_kind_and_those_nearby_come_first(database: Database) {
    let at = |kind, location: &str| Draft { kind: Some(kind), location: location.into(), ..draft("Home") };
    database
        .add([
            at(Kind::Villa, "Accra"),
            at(Kind::Villa, "Lagos"),
            at(Kind::Villa, "Accra"),
            at(Kind::Studio, "Accra"),
        ])
        .await;
    let page = database.serve().get("/properties/1/").await.page();
    let similar = page.attributes("section[aria-labelledby=similar] li a", "href");
    assert_eq!(similar, ["/properties/3/", "/properties/2/"]);
}

async fn what_is_pending_or_sold_says_so(database: Database) {
    database.add([Status::Pending, Status::Sold].map(|status| Draft { status, ..draft("Home") })).await;
    let site = database.serve();
    for (id, word, query) in [(1, "Pending", "pending"), (2, "Sold", "sold")] {
        assert!(site.get(&format!("/properties/{id}/")).await.page().text("article header").contains(word));
        let results = site.get(&format!("/?status={query}")).await.page();
        assert_eq!(results.listings(), [id]);
        assert!(results.text("#results").contains(word));
    }
}

async fn the_address_without_its_slash_leads_to_the_one_with(database: Database) {
    let site = database.serve();
    let answer = site.get("/properties/17").await;
    assert_eq!((answer.status, answer.header("location")), (308, "/properties/17/"));
    assert_eq!(site.get("/properties/x").await.status, 404);
}

async fn every_link_of_the_page_leads_somewhere(database: Database) {
    database.add([villa(), villa(), draft("Plain")]).await;
    let site = database.serve();
    for path in ["/", "/?kind=villa", "/properties/1/", "/properties/3/"] {
        let page = site.get(path).await.page();
        for href in page.attributes("a[href^='/']", "href") {
            assert_eq!(site.get(&href).await.status, 200, "{href} on {path}");
        }
    }
}
