//! The JSON API: pages of a search, and records.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeSet;

use listings::{Draft, Property, Status};
use serde_json::{Value, json};

use crate::answer::ids;
use crate::database::{Database, draft, over_both_databases, villa};
use crate::site::Site;

over_both_databases!(
    the_cursor_and_the_link_both_lead_through_every_listing_once,
    a_link_keeps_the_search_and_its_limit,
    the_last_page_leads_nowhere,
    the_count_is_there_for_whoever_asks,
    a_filter_leaves_what_matches_and_nothing_else,
    a_record_says_everything_that_is_known,
    what_is_not_known_is_null,
    a_record_is_confirmed_by_its_etag_until_it_changes,
    a_record_has_one_address,
    drafts_and_withdrawn_listings_are_nowhere,
    what_is_pending_or_sold_is_shown_to_whoever_asks,
);

const LIST: &str = "/api/v1/properties";

async fn the_cursor_and_the_link_both_lead_through_every_listing_once(database: Database) {
    database.add_samples(45).await;
    let site = database.serve();
    let all: BTreeSet<i64> = site.get(&format!("{LIST}?limit=100")).await.ids().into_iter().collect();
    for sort in ["-created_at", "created_at", "-price", "price", "-floor_area", "floor_area", "id"] {
        let first = format!("{LIST}?limit=7&sort={sort}");
        let by_cursor = follow(&site, &first, |page, _| {
            page["next"].as_str().map(|cursor| format!("{first}&cursor={cursor}"))
        });
        let by_link = follow(&site, &first, |_, link| link);
        let (by_cursor, by_link) = (by_cursor.await, by_link.await);
        assert_eq!(by_cursor, by_link, "{sort}");
        assert_eq!(by_cursor.len(), all.len(), "{sort}");
        assert_eq!(by_cursor.into_iter().collect::<BTreeSet<_>>(), all, "{sort}");
    }
}

/// The ids on all pages, one after the other.
async fn follow(
    site: &Site,
    first: &str,
    next: impl Fn(&Value, Option<String>) -> Option<String>,
) -> Vec<i64> {
    let (mut seen, mut address) = (Vec::new(), Some(first.to_owned()));
    while let Some(path) = address {
        let answer = site.get(&path).await;
        seen.extend(answer.ids());
        address = next(&answer.json(), answer.next_link());
        assert!(seen.len() < 1_000, "the pages have no end");
    }
    seen
}

async fn a_link_keeps_the_search_and_its_limit(database: Database) {
    database.add_samples(40).await;
    let answer = database.serve().get(&format!("{LIST}?status=active&limit=3&sort=price")).await;
    let link = answer.next_link().unwrap();
    assert!(link.starts_with(&format!("{LIST}?")), "{link}");
    for part in ["limit=3", "sort=price", "cursor="] {
        assert!(link.contains(part), "{link}");
    }
}

async fn the_last_page_leads_nowhere(database: Database) {
    database.add([draft("One"), draft("Two")]).await;
    let answer = database.serve().get(&format!("{LIST}?limit=2")).await;
    assert_eq!((answer.json()["next"].clone(), answer.next_link()), (Value::Null, None));
}

async fn the_count_is_there_for_whoever_asks(database: Database) {
    database.add((0..5).map(|number| draft(&format!("Home {number}")))).await;
    let site = database.serve();
    let counted = site.get(&format!("{LIST}?count=true&limit=2")).await.json();
    assert_eq!((&counted["count"], &counted["count_is_exact"]), (&json!(5), &json!(true)));
    let uncounted = site.get(&format!("{LIST}?limit=2")).await.json();
    assert_eq!(uncounted.as_object().unwrap().keys().collect::<Vec<_>>(), ["next", "properties"]);
}

async fn a_filter_leaves_what_matches_and_nothing_else(database: Database) {
    let added = database.add([villa(), draft("Plain home")]).await;
    let site = database.serve();
    for query in [
        "q=sea+TERR",
        "location=t%C3%B3rshavn",
        "kind=villa",
        "min_price=1200.50",
        "max_price=1200.50",
        "min_bedrooms=4",
        "max_bedrooms=4",
        "min_bathrooms=2",
        "min_area=250",
        "max_area=250",
        "bbox=-7,62,-6.7,62.1",
        "q=sea&kind=villa&min_price=1000&max_price=2000&min_bedrooms=1",
    ] {
        assert_eq!(site.get(&format!("{LIST}?{query}")).await.ids(), [added[0].id], "{query}");
    }
    for query in ["q=seaside", "kind=studio", "min_price=1200.51", "max_price=1200.49", "bbox=6,62,7,62.1"] {
        assert_eq!(site.get(&format!("{LIST}?{query}")).await.ids(), [0; 0], "{query}");
    }
}

async fn a_record_says_everything_that_is_known(database: Database) {
    let Property { id, updated_at, .. } = database.add([villa()]).await.pop().unwrap();
    let site = database.serve();
    let expected = json!({
        "id": id,
        "title": "Villa with a view",
        "description": "By the sea.\n\nWith a terrace; \"quoted\", <b>not bold</b> & more.",
        "price": "1200.50",
        "location": "Tórshavn",
        "created_at": "2025-08-31T18:45:12.345678Z",
        "updated_at": updated_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "version": 1,
        "status": "active",
        "kind": "villa",
        "bedrooms": 4,
        "bathrooms": 2,
        "floor_area": 250,
        "latitude": 62.01,
        "longitude": -6.77,
    });
    assert_eq!(site.get(&format!("{LIST}/{id}")).await.json(), expected);
    assert_eq!(site.get(LIST).await.json()["properties"], json!([expected]));
}

async fn what_is_not_known_is_null(database: Database) {
    let id = database.add([draft("Home")]).await[0].id;
    let record = database.serve().get(&format!("{LIST}/{id}")).await.json();
    for field in ["price", "bedrooms", "bathrooms", "floor_area", "latitude", "longitude"] {
        assert_eq!(record.get(field), Some(&Value::Null), "{field}");
    }
}

async fn a_record_is_confirmed_by_its_etag_until_it_changes(database: Database) {
    let id = database.add([draft("Home")]).await[0].id;
    let site = database.serve();
    let path = format!("{LIST}/{id}");
    let etag = site.get(&path).await.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 10, "{etag}");
    let confirmed = site.get_with(&path, &[("if-none-match", &etag)]).await;
    assert_eq!((confirmed.status, confirmed.body.len()), (304, 0));
    assert_eq!(confirmed.header("etag"), etag);
    site.database.sql("update properties_property set title = 'Home again'").await;
    let changed = site.get_with(&path, &[("if-none-match", &etag)]).await;
    assert_eq!((changed.status, changed.json()["version"].clone()), (200, json!(2)));
    assert_ne!(changed.header("etag"), etag);
}

async fn a_record_has_one_address(database: Database) {
    let id = database.add([draft("Home")]).await[0].id;
    let site = database.serve();
    assert_eq!(site.get(&format!("{LIST}/{id}")).await.status, 200);
    for spelling in [format!("0{id}"), format!("+{id}"), format!("{id}.0"), format!("{id}/"), "-1".to_owned()]
    {
        let answer = site.get(&format!("{LIST}/{spelling}")).await;
        assert_eq!(answer.status, 404, "{spelling}");
        answer.problem();
    }
}

async fn drafts_and_withdrawn_listings_are_nowhere(database: Database) {
    let secret = |status| Draft { status, location: "Hidden".into(), ..draft("Secret home") };
    let hidden = database.add([secret(Status::Draft), secret(Status::Withdrawn)]).await;
    let shown = database.add([draft("Home")]).await;
    let site = database.serve();
    for property in &hidden {
        assert_eq!(site.get(&format!("{LIST}/{}", property.id)).await.status, 404);
        assert_eq!(site.get(&format!("/properties/{}/", property.id)).await.status, 404);
    }
    for path in [
        "/".to_owned(),
        format!("/properties/{}/", shown[0].id),
        "/properties/".to_owned(),
        LIST.to_owned(),
        format!("{LIST}/export.ndjson"),
        format!("{LIST}/export.csv"),
        "/feed.atom".to_owned(),
        "/sitemap.xml".to_owned(),
        "/?status=draft".to_owned(),
    ] {
        let answer = site.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text().contains("Secret") && !answer.text().contains("Hidden"), "{path}");
        for property in &hidden {
            assert!(!answer.text().contains(&format!("/properties/{}/", property.id)), "{path}");
        }
    }
    for status in ["draft", "withdrawn"] {
        for path in [LIST.to_owned(), format!("{LIST}/export.ndjson"), format!("{LIST}/export.csv")] {
            let answer = site.get(&format!("{path}?status={status}")).await;
            assert_eq!(answer.status, 403, "{path} {status}");
            assert!(answer.problem()["detail"].as_str().unwrap().contains(status));
        }
    }
}

async fn what_is_pending_or_sold_is_shown_to_whoever_asks(database: Database) {
    for (status, name) in [(Status::Pending, "pending"), (Status::Sold, "sold")] {
        database.add([Draft { status, ..draft(name) }]).await;
    }
    let site = database.serve();
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
    for name in ["pending", "sold"] {
        let list = site.get(&format!("{LIST}?status={name}")).await.json();
        assert_eq!(list["properties"][0]["title"], name);
        let id = ids(&list["properties"])[0];
        assert_eq!(site.get(&format!("/properties/{id}/")).await.status, 200);
        assert_eq!(site.get(&format!("{LIST}/{id}")).await.json()["status"], name);
    }
}
