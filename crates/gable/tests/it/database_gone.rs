//! PostgreSQL slow, stopped, crashed or standing still under a site that goes on running.

use futures::future::join_all;
use sqlx::Connection as _;
use testkit::Postgres;

use crate::answer::Answer;
use crate::database::{Database, draft};
use crate::site::Site;

const PAGES: [&str; 5] = ["/", "/?kind=villa", "/properties/1/", "/feed.atom", "/sitemap.xml"];
const API: [&str; 5] = [
    "/api/v1/properties",
    "/api/v1/properties/1",
    "/properties/",
    "/api/v1/properties/export.ndjson",
    "/api/v1/properties/export.csv",
];
const MEBIBYTE: u64 = 1 << 20;

/// A site with one listing, over a server of its own.
async fn site(postgres: &Postgres) -> Site {
    let database = Database::on(postgres);
    database.add([draft("Home")]).await;
    // Without grace: what is kept is not served in the place of what can't be read.
    database.serve_with(&[("STALE_IF_ERROR", "0")])
}

/// What needs the database says that it has to wait; all else goes on.
async fn waits_for_the_database(site: &Site) {
    for answer in join_all(API.map(|path| site.get(path))).await {
        says_when_to_come_back(&answer);
        answer.problem();
    }
    for answer in join_all(PAGES.map(|path| site.get(path))).await {
        says_when_to_come_back(&answer);
        assert!(answer.page().text("main").contains("try again"), "{}", answer.url);
    }
    let ready = site.get("/readyz").await;
    assert_eq!((ready.status, ready.header("cache-control")), (503, "no-store"));
    for path in [
        "/healthz",
        "/metrics",
        "/robots.txt",
        "/api/v1/openapi.json",
        "/static/site.css",
        "/drawings/house-1.svg",
    ] {
        assert_eq!(site.get(path).await.status, 200, "{path}");
    }
}

fn says_when_to_come_back(answer: &Answer) {
    let path = answer.url.path();
    assert_eq!((answer.status, answer.header("cache-control")), (503, "no-store"), "{path}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{path}");
    assert!(!answer.text().contains("postgres"), "{path}: what it runs on is nobody's concern");
}

/// Everything is answered again, by the same process.
async fn is_back(site: &Site) {
    for path in PAGES.into_iter().chain(API).chain(["/readyz"]) {
        assert_eq!(site.get(path).await.status, 200, "{path}");
    }
    assert_eq!(site.program.exit_status(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_stopped_or_has_crashed_is_waited_for_and_used_again() {
    let postgres = Postgres::start();
    let site = site(&postgres).await;
    is_back(&site).await;
    for end in [Postgres::stop, Postgres::kill] {
        end(&postgres);
        waits_for_the_database(&site).await;
        postgres.restart();
        is_back(&site).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_database_between_two_requests_is_not_noticed() {
    let postgres = Postgres::start();
    let site = site(&postgres).await;
    join_all((0..20).map(|_| site.get("/api/v1/properties"))).await;
    postgres.restart();
    for answer in join_all((0..20).map(|_| site.get("/api/v1/properties"))).await {
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stands_still_is_not_ready_and_everybody_gets_an_answer() {
    let postgres = Postgres::start();
    let site = site(&postgres).await;
    join_all((0..20).map(|_| site.get("/"))).await;
    let before = site.program.resident_bytes();
    postgres.pause();
    let crowd = join_all((0..300).map(|number| site.get(PAGES.iter().chain(&API).nth(number % 10).unwrap())));
    for answer in crowd.await {
        says_when_to_come_back(&answer);
    }
    assert_eq!(site.get("/readyz").await.status, 503);
    assert_eq!(site.get("/healthz").await.status, 200);
    site.reads_become(|reads| reads == 0).await;
    let growth = site.program.peak_resident_bytes().saturating_sub(before);
    assert!(growth < 64 * MEBIBYTE, "{} MiB for 300 requests", growth / MEBIBYTE);
    postgres.resume();
    // Nobody waits for what says nothing: it has to be heard of again first.
    while site.get("/readyz").await.status != 200 {}
    is_back(&site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_locked_turns_readers_away_in_time() {
    let postgres = Postgres::start();
    let site = site(&postgres).await;
    let lock = site.database.lock_listings().await;
    for answer in join_all((0..100).map(|_| site.get("/api/v1/properties"))).await {
        says_when_to_come_back(&answer);
    }
    assert_eq!(site.get("/readyz").await.status, 200, "the database itself answers");
    lock.close().await.unwrap();
    is_back(&site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_loses_its_database_does_not_look_whole() {
    let postgres = Postgres::start();
    let database = Database::on(&postgres);
    database.fill(5_000, 8_000).await;
    let site = database.serve();
    let mut response = site.begin("/api/v1/properties/export.ndjson").await;
    assert_eq!(response.status(), 200);
    postgres.kill();
    let mut rest = response.chunk().await;
    while let Ok(Some(_)) = rest {
        rest = response.chunk().await;
    }
    assert!(rest.is_err(), "a clean end would say that this was everything");
}
