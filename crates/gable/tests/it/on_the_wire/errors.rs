//! Errors: problem documents for programs, pages for people.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use crate::answer::Answer;
use crate::database::{Database, over_both_databases};

over_both_databases!(
    an_address_where_nothing_is_is_not_found,
    an_error_page_leads_on_and_a_problem_document_says_what_was_looked_for,
    an_error_of_ours_is_told_without_its_cause_but_with_its_number,
    a_request_for_another_host_is_refused,
);

/// Addresses where nothing is.
pub(super) const PATHS: [&str; 11] = [
    "/nothing",
    "/properties/999/",
    "/properties/x/",
    "/properties/1/more",
    "/static/nothing.css",
    "/drawings/castle-1.svg",
    "/sitemaps/x.xml",
    "/api/nothing",
    "/api/v1/nothing",
    "/api/v1/properties/999",
    "/api/v1/properties/1/",
];

/// A problem document where programs live, a page elsewhere.
pub(super) fn suits_the_path(answer: &Answer) {
    let path = answer.url.path();
    if path.starts_with("/api/") || path == "/properties/" {
        answer.problem();
    } else {
        assert!(answer.page().text("main").contains(&answer.status.to_string()), "{path}");
    }
}

async fn an_address_where_nothing_is_is_not_found(database: Database) {
    let site = database.serve();
    for path in PATHS {
        let answer = site.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        suits_the_path(&answer);
    }
}

async fn an_error_page_leads_on_and_a_problem_document_says_what_was_looked_for(database: Database) {
    let site = database.serve();
    let page = site.get("/properties/999/").await.page();
    assert_eq!(page.link("Search the listings").as_deref(), Some("/"));
    assert!(page.all("meta[name=robots][content=noindex]").len() == 1, "no search engine keeps it");
    let problem = site.get("/api/v1/properties/999").await.problem();
    assert!(problem["detail"].as_str().unwrap().contains("999"));
    assert_eq!((&problem["type"], &problem["title"]), (&"about:blank".into(), &"Not Found".into()));
}

async fn an_error_of_ours_is_told_without_its_cause_but_with_its_number(database: Database) {
    let site = database.serve();
    site.database.sql("alter table properties_property rename to taken_away").await;
    for path in ["/", "/api/v1/properties", "/properties/1/", "/properties/", "/feed.atom", "/sitemap.xml"] {
        let answer = site.get_with(path, &[("x-request-id", "number-17")]).await;
        assert_eq!((answer.status, answer.header("cache-control")), (500, "no-store"), "{path}");
        suits_the_path(&answer);
        for cause in ["properties_property", "relation", "no such table", "select"] {
            assert!(!answer.text().contains(cause), "{path}: {}", answer.text());
        }
        let is_page = answer.header("content-type").starts_with("text/html");
        assert!(!is_page || answer.text().contains("number-17"), "the page has the number to quote");
    }
    let log = site.program.stderr();
    assert!(log.contains("number-17") && log.contains("properties_property"), "the log has both: {log}");
}

async fn a_request_for_another_host_is_refused(database: Database) {
    let site = database.serve();
    for host in ["elsewhere.example", "127.0.0.1.elsewhere.example", "localhost:1:2", "a/b"] {
        for path in ["/", "/api/v1/properties", "/healthz/"] {
            let answer = site.get_with(path, &[("host", host)]).await;
            assert_eq!(answer.status, 400, "{host}");
            suits_the_path(&answer);
            assert!(!answer.text().contains("<a href=\"http://elsewhere"), "{host}");
        }
    }
    assert_eq!(site.get_with("/", &[("host", "localhost")]).await.status, 200);
    for path in ["/healthz", "/readyz", "/metrics"] {
        let probe = site.get_with(path, &[("host", "10.1.2.3:8000")]).await;
        assert_eq!(probe.status, 200, "{path}: probes call a node by its address");
    }
}
