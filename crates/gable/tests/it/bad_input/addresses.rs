//! Addresses that are wrong: bytes that are no text, numbers that are no ids, a megabyte of query.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use testkit::http::RawResponse;

use crate::database::{Database, draft, over_both_databases};

over_both_databases!(
    a_nul_is_refused_wherever_it_stands,
    bytes_that_are_no_text_are_refused_wherever_they_stand,
    a_percent_sign_that_encodes_nothing_is_refused,
    an_id_that_no_listing_can_have_is_not_found,
    a_query_of_a_megabyte_is_refused,
    a_path_of_a_megabyte_is_refused,
    a_head_of_a_megabyte_is_refused,
    a_path_that_climbs_leads_nowhere,
    text_that_looks_like_sql_is_only_text,
);

const API: [&str; 4] =
    ["/api/v1/properties", "/api/v1/properties/1", "/api/v1/properties/export.csv", "/properties/"];
const SITE: [&str; 3] = ["/", "/properties/1/", "/feed.atom"];

async fn a_nul_is_refused_wherever_it_stands(database: Database) {
    let site = database.serve();
    for path in API.into_iter().chain(SITE) {
        refused(&site.raw(format!("{path}?q=a%00b").as_bytes()), 400, path);
        let path = format!("{path}%00");
        refused(&site.raw(path.as_bytes()), 400, &path);
    }
}

async fn bytes_that_are_no_text_are_refused_wherever_they_stand(database: Database) {
    let site = database.serve();
    for path in API.into_iter().chain(SITE) {
        refused(&site.raw(format!("{path}?q=%FF%FE").as_bytes()), 400, path);
        refused(&site.raw(&[path.as_bytes(), b"?q=\xff"].concat()), 400, path);
        let path = format!("{path}%C3%28");
        refused(&site.raw(path.as_bytes()), 400, &path);
    }
}

async fn a_percent_sign_that_encodes_nothing_is_refused(database: Database) {
    let site = database.serve();
    refused(&site.raw(b"/?q=100%"), 400, "/");
    refused(&site.raw(b"/api/v1/properties?q=%zz"), 400, "/api/v1/properties");
}

async fn an_id_that_no_listing_can_have_is_not_found(database: Database) {
    let site = database.serve();
    for id in [
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999",
        "0",
        "-1",
        "1e3",
        "x",
        "%D9%A1",
        "1%20",
    ] {
        let answer = site.get(&format!("/api/v1/properties/{id}")).await;
        assert_eq!(answer.status, 404, "{id}");
        answer.problem();
        for path in [
            format!("/properties/{id}/"),
            format!("/drawings/house-{id}.svg"),
            format!("/sitemaps/{id}x.xml"),
        ] {
            assert_eq!(site.get(&path).await.status, if is_drawn(&path) { 200 } else { 404 }, "{path}");
        }
    }
}

/// The largest id is one that a listing may have, so its drawing is there.
fn is_drawn(path: &str) -> bool {
    path == "/drawings/house-9223372036854775807.svg"
}

async fn a_query_of_a_megabyte_is_refused(database: Database) {
    let site = database.serve();
    let query = "a".repeat(1 << 20);
    for path in API.into_iter().chain(SITE) {
        refused(&site.raw(format!("{path}?q={query}").as_bytes()), 414, path);
    }
    assert_eq!(site.get("/healthz").await.status, 200);
}

async fn a_path_of_a_megabyte_is_refused(database: Database) {
    let path = format!("/{}", "a".repeat(1 << 20));
    refused(&database.serve().raw(path.as_bytes()), 414, &path);
}

async fn a_head_of_a_megabyte_is_refused(database: Database) {
    let site = database.serve();
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "a".repeat(1 << 20));
    refused(&testkit::http::raw(site.address, request).unwrap(), 431, "/");
}

async fn a_path_that_climbs_leads_nowhere(database: Database) {
    let site = database.serve();
    for path in [
        "/static/../Cargo.toml",
        "/static/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/static//site.css",
        "/static/",
    ] {
        refused(&site.raw(path.as_bytes()), 404, path);
    }
}

async fn text_that_looks_like_sql_is_only_text(database: Database) {
    database.add(["One", "Two", "Three"].map(draft)).await;
    let site = database.serve();
    for text in
        ["'%20or%201=1--", "%22%20OR%20%22%22=%22", "a%20NOT%20b%20NEAR(c)", "*", "(", "a%26!b", "%5C%27"]
    {
        for parameter in ["q", "location", "kind", "cursor", "sort", "bbox", "min_price"] {
            let status = site.get(&format!("/api/v1/properties?{parameter}={text}")).await.status;
            assert!([200, 400].contains(&status), "{parameter}={text}: {status}");
        }
    }
    assert_eq!(site.get("/api/v1/properties").await.ids().len(), 3);
}

/// Programs get a problem document, people a page; either says what is wrong and is safe to show.
fn refused(answer: &RawResponse, status: u16, path: &str) {
    assert_eq!(answer.status, status, "{path:.60}: {}", answer.text());
    let is_api = path.starts_with("/api/") || path == "/properties/";
    let content_type = if is_api { "application/problem+json" } else { "text/html; charset=utf-8" };
    assert_eq!(answer.header("content-type"), Some(content_type), "{path:.60}");
    assert!(answer.body.len() < 20_000, "{path:.60}: the answer does not repeat what was sent");
    assert!(answer.header("content-security-policy").is_some(), "{path:.60}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path:.60}");
}
