//! The site's pages, as somebody without JavaScript meets them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeSet;

use listings::{Draft, Kind};

use crate::answer::text;
use crate::database::{Database, draft, over_both_databases, villa};

mod listing;
mod markup;

over_both_databases!(
    the_form_shows_the_search_that_was_made,
    the_results_are_those_of_the_api_in_the_same_order,
    load_more_leads_through_every_listing_once_and_back_to_the_first_page,
    each_chip_leads_to_the_search_without_its_filter,
    each_facet_leads_to_as_many_listings_as_it_says,
    a_search_without_result_offers_ways_out_that_work,
    no_more_than_four_ways_out_are_tried,
    an_empty_site_says_so,
    the_search_can_be_taken_along_as_feed_and_as_file,
    every_order_of_the_form_is_understood,
    a_link_to_what_is_for_staff_only_shows_what_is_for_all,
);

async fn the_form_shows_the_search_that_was_made(database: Database) {
    database.add([villa()]).await;
    let site = database.serve();
    let page = site
        .get("/?q=Sea+%20VIEW&location=+t%C3%B3rshavn&kind=villa&min_price=100&max_price=2000.5&min_bedrooms=1&sort=price")
        .await
        .page();
    for (name, value) in [
        ("q", "sea view"),
        ("location", "tórshavn"),
        ("kind", "villa"),
        ("min_price", "100"),
        ("max_price", "2000.50"),
        ("min_bedrooms", "1"),
        ("max_bedrooms", ""),
        ("sort", "price"),
    ] {
        let field = page.field(name);
        assert_eq!((field.value.as_str(), field.error.as_str()), (value, ""), "{name}");
    }
    assert!(page.text("h1").contains("Villas in Tórshavn"), "{}", page.text("h1"));
    assert_eq!(page.listings().len(), 1);
}

async fn the_results_are_those_of_the_api_in_the_same_order(database: Database) {
    database.add_samples(60).await;
    let site = database.serve();
    for query in ["", "sort=price", "sort=-floor_area&limit=7", "q=garden", "kind=apartment&sort=created_at"]
    {
        let ids = site.get(&format!("/api/v1/properties?{query}")).await.ids();
        assert!(ids.len() >= 2, "{query}: {ids:?}");
        assert_eq!(site.get(&format!("/?{query}")).await.page().listings(), ids, "{query}");
    }
}

async fn load_more_leads_through_every_listing_once_and_back_to_the_first_page(database: Database) {
    database.fill(45, 1).await;
    let site = database.serve();
    let (mut seen, mut address) = (Vec::new(), Some("/?sort=created_at".to_owned()));
    while let Some(path) = address {
        let page = site.get(&path).await.page();
        if !seen.is_empty() {
            assert_eq!(page.attributes("a[rel=start]", "href"), ["/?sort=created_at"]);
        }
        seen.push(page.listings());
        address = page.attributes("a[rel=next]", "href").pop();
        assert!(seen.len() < 10, "the pages have no end");
    }
    assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    assert_eq!(seen.concat(), (1..=45).collect::<Vec<_>>());
}

async fn each_chip_leads_to_the_search_without_its_filter(database: Database) {
    database.add([villa(), draft("Plain")]).await;
    let site = database.serve();
    let filters = ["q=view", "location=t%C3%B3rshavn", "kind=villa", "min_price=100.00", "max_bedrooms=4"];
    let page = site.get(&format!("/?{}&sort=price", filters.join("&"))).await.page();
    let hrefs: BTreeSet<String> =
        page.attributes("[aria-label='Applied filters'] a", "href").into_iter().collect();
    for left_out in filters {
        let rest: Vec<_> = filters.into_iter().filter(|filter| *filter != left_out).collect();
        let expected = format!("/?{}&sort=price", rest.join("&"));
        assert!(hrefs.contains(&expected), "{expected} in {hrefs:?}");
        assert_eq!(site.get(&expected).await.page().listings().len(), 1);
    }
    assert_eq!(page.link("Clear all").as_deref(), Some("/"));
    assert_eq!(hrefs.len(), filters.len() + 1);
}

async fn each_facet_leads_to_as_many_listings_as_it_says(database: Database) {
    database.add_samples(60).await;
    let site = database.serve();
    let page = site.get("/?sort=price").await.page();
    let facets = page.all("nav[aria-label='Narrow the results'] a");
    assert!(facets.len() >= 10, "{}", facets.len());
    for facet in facets {
        let words = text(facet);
        let said: usize = words.rsplit(' ').next().unwrap().parse().unwrap();
        let href = facet.attr("href").unwrap();
        assert!(href.contains("sort=price"), "{href}");
        let query = href.strip_prefix("/?").unwrap();
        let found = site.get(&format!("/api/v1/properties?limit=100&{query}")).await.ids();
        assert_eq!(found.len(), said, "{words}: {href}");
    }
}

async fn a_search_without_result_offers_ways_out_that_work(database: Database) {
    database.add([villa(), draft("Plain")]).await;
    let site = database.serve();
    let page = site.get("/?kind=villa&q=plain").await.page();
    assert_eq!(page.listings(), [0; 0]);
    let ways: Vec<_> =
        page.all("main a").into_iter().filter(|link| text(*link).starts_with("Without")).collect();
    assert_eq!(ways.len(), 2);
    for way in ways {
        let found = site.get(way.attr("href").unwrap()).await.page().listings();
        assert_eq!(found.len(), 1);
        assert!(text(way).contains('1'), "it says how many there are: {}", text(way));
    }
    let hopeless = site.get("/?kind=studio&q=nowhere").await.page();
    assert_eq!(
        hopeless.link("Clear all").as_deref(),
        Some("/"),
        "there is always the way back to everything"
    );
}

async fn no_more_than_four_ways_out_are_tried(database: Database) {
    database.add([villa(), draft("Plain")]).await;
    // Two that only the one has and four that only the other has: none may be dropped, each finds something alone.
    let query = "q=plain&location=accra&kind=villa&min_price=1&min_bedrooms=1&min_area=1";
    let page = database.serve().get(&format!("/?{query}")).await.page();
    let ways = page.all("main a").into_iter().filter(|link| text(*link).starts_with("Only"));
    assert_eq!(ways.count(), 4);
}

async fn an_empty_site_says_so(database: Database) {
    let answer = database.serve().get("/").await;
    assert_eq!(answer.status, 200);
    assert!(answer.page().text("main").contains("Nothing is listed yet"));
}

async fn the_search_can_be_taken_along_as_feed_and_as_file(database: Database) {
    database.add([villa(), draft("Plain")]).await;
    let site = database.serve();
    let page = site.get("/?kind=villa&sort=price").await.page();
    let feed = page.attributes("link[rel=alternate][type='application/atom+xml']", "href").pop().unwrap();
    assert!(page.attributes("main a", "href").contains(&feed), "{feed}");
    let csv = page.attributes("main a[href*='.csv']", "href").pop().unwrap();
    for path in [feed, csv] {
        let answer = site.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains("Villa with a view") && !answer.text().contains("Plain"), "{path}");
    }
}

async fn every_order_of_the_form_is_understood(database: Database) {
    let listing = |title: &str, price: &str, area| Draft {
        price: Some(price.into()),
        floor_area: Some(area),
        kind: Some(Kind::House),
        ..draft(title)
    };
    database.add([listing("One", "2", 30), listing("Two", "3", 10), listing("Three", "1", 20)]).await;
    let site = database.serve();
    let orders = site.get("/").await.page().attributes("select[name=sort] option", "value");
    assert_eq!(orders.len(), 6);
    let mut seen = BTreeSet::new();
    for order in orders {
        let listings = site.get(&format!("/?sort={order}")).await.page().listings();
        assert_eq!(listings.len(), 3);
        seen.insert(listings);
    }
    assert_eq!(seen.len(), 6, "each is another order");
}

async fn a_link_to_what_is_for_staff_only_shows_what_is_for_all(database: Database) {
    let id = database.add([draft("Home")]).await[0].id;
    let site = database.serve();
    for status in ["draft", "withdrawn"] {
        assert_eq!(site.get(&format!("/?status={status}")).await.page().listings(), [id]);
    }
    let offered = site.get("/").await.page().attributes("select[name=status] option", "value");
    assert_eq!(offered, ["active", "pending", "sold"]);
}
