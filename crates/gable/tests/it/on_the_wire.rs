//! What every answer has in common: codings, validators, and the fields around the body.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;
use std::io::Read as _;

use reqwest::Method;

use crate::answer::Answer;
use crate::database::{Database, over_both_databases};
use crate::site::Site;

mod errors;

over_both_databases!(
    head_has_the_fields_of_get_and_no_body,
    every_coding_decodes_to_the_same_body_and_has_its_own_validator,
    what_has_not_changed_is_confirmed_without_a_body,
    what_the_client_can_not_read_is_not_sent,
    a_browser_is_told_to_ask_each_time_but_for_what_never_changes,
    every_answer_has_the_security_fields,
    a_site_behind_https_says_that_it_stays_there,
    a_request_keeps_its_number_and_gets_one_where_it_has_none,
    timings_are_shown_to_developers_only,
    a_method_that_a_path_does_not_have_is_answered_with_those_it_has,
);

/// Every kind of answer that has a validator.
const PUBLIC: [&str; 14] = [
    "/",
    "/?kind=villa&q=home",
    "/properties/1/",
    "/properties/",
    "/api/v1/properties",
    "/api/v1/properties?limit=5&count=true",
    "/api/v1/properties/1",
    "/api/v1/openapi.json",
    "/api/docs",
    "/feed.atom",
    "/sitemap.xml",
    "/robots.txt",
    "/static/site.css",
    "/drawings/house-1-3.svg",
];

/// Every other answer.
const OTHERS: [&str; 8] = [
    "/api/v1/properties/export.ndjson",
    "/api/v1/properties/export.csv",
    "/healthz",
    "/readyz",
    "/metrics",
    "/favicon.ico",
    "/properties/1",
    "/?kind=castle",
];

async fn site(database: Database) -> Site {
    database.fill(40, 300).await;
    database.serve()
}

/// The fields but for those that differ from one answer to the next anyway, and the one that is about a body that isn't
/// there.
fn lasting(answer: &Answer) -> BTreeMap<String, String> {
    const PASSING: [&str; 5] = ["date", "x-request-id", "transfer-encoding", "age", "cache-status"];
    let fields = answer.headers.iter().filter(|(name, _)| !PASSING.contains(&name.as_str()));
    fields.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

async fn head_has_the_fields_of_get_and_no_body(database: Database) {
    let site = site(database).await;
    for path in
        PUBLIC.into_iter().chain(OTHERS).chain(["/nothing/here", "/api/v1/nothing", "/properties/999/"])
    {
        let accepting = [("accept-encoding", "br")];
        let get = site.get_with(path, &accepting).await;
        let head = site.ask(Method::HEAD, path, &accepting).await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        let (mut get, mut head) = (lasting(&get), lasting(&head));
        if path == "/metrics" {
            // It counts its own answers.
            get.remove("content-length");
            head.remove("content-length");
        }
        assert_eq!(head, get, "{path}");
    }
}

async fn every_coding_decodes_to_the_same_body_and_has_its_own_validator(database: Database) {
    let site = site(database).await;
    for path in ["/", "/api/v1/properties", "/properties/", "/feed.atom", "/sitemap.xml", "/static/site.css"]
    {
        let plain = site.get(path).await;
        assert_eq!(plain.header("content-encoding"), "");
        let mut validators = vec![plain.header("etag").to_owned()];
        for coding in ["br", "zstd", "gzip"] {
            let coded = site.get_with(path, &[("accept-encoding", coding)]).await;
            assert_eq!((coded.header("content-encoding"), coded.header("vary")), (coding, "Accept-Encoding"));
            assert!(coded.body.len() < plain.body.len(), "{path} {coding}");
            assert_eq!(decoded(coding, &coded.body), plain.body, "{path} {coding}");
            assert!(!validators.contains(&coded.header("etag").to_owned()), "{path} {coding}");
            validators.push(coded.header("etag").to_owned());
        }
        assert!(validators.iter().all(|it| it.starts_with('"')), "strong: {validators:?}");
    }
}

fn decoded(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    match coding {
        "br" => brotli::BrotliDecompress(&mut &*body, &mut decoded).unwrap(),
        "zstd" => decoded = zstd::decode_all(body).unwrap(),
        _ => drop(flate2::read::GzDecoder::new(body).read_to_end(&mut decoded).unwrap()),
    }
    decoded
}

async fn what_has_not_changed_is_confirmed_without_a_body(database: Database) {
    let site = site(database).await;
    for path in PUBLIC {
        for coding in ["identity", "br"] {
            let first = site.get_with(path, &[("accept-encoding", coding)]).await;
            assert_eq!((first.status, first.header("vary")), (200, "Accept-Encoding"), "{path}");
            let etag = first.header("etag");
            for condition in [etag.to_owned(), format!("\"other\", W/{etag}"), "*".to_owned()] {
                let asked = [("accept-encoding", coding), ("if-none-match", &condition)];
                let again = site.get_with(path, &asked).await;
                assert_eq!((again.status, again.body.len()), (304, 0), "{path} {condition}");
                for name in ["etag", "vary", "cache-control"] {
                    assert_eq!(again.header(name), first.header(name), "{path} {name}");
                }
            }
            let other = site.get_with(path, &[("if-none-match", "\"other\"")]).await;
            assert_eq!(other.status, 200, "{path}");
        }
    }
}

async fn what_the_client_can_not_read_is_not_sent(database: Database) {
    let site = site(database).await;
    for accepted in ["identity", "", "br;q=0", "deflate", "*;q=0"] {
        let answer = site.get_with("/", &[("accept-encoding", accepted)]).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, ""), "{accepted}");
        assert!(answer.text().starts_with("<!doctype html>"));
    }
}

async fn a_browser_is_told_to_ask_each_time_but_for_what_never_changes(database: Database) {
    let site = site(database).await;
    for path in PUBLIC.into_iter().filter(|path| !path.starts_with("/drawings/")) {
        assert_eq!(site.get(path).await.header("cache-control"), "public, no-cache", "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/?kind=castle", "/nothing", "/api/v1/nothing"] {
        assert_eq!(site.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    let page = site.get("/").await.page();
    let loaded = page.attributes("link[rel=stylesheet], link[rel=icon]", "href");
    for path in
        loaded.into_iter().chain(page.attributes("script", "src")).chain(page.attributes("img", "src"))
    {
        let kept = site.get(&path).await;
        assert_eq!(
            (kept.status, kept.header("cache-control")),
            (200, "public, max-age=31536000, immutable"),
            "{path}"
        );
    }
    let outdated = site.get("/static/site.css?v=outdated").await;
    assert_eq!((outdated.status, outdated.header("cache-control")), (200, "public, no-cache"));
}

async fn every_answer_has_the_security_fields(database: Database) {
    let site = site(database).await;
    for path in PUBLIC.into_iter().chain(OTHERS).chain(errors::PATHS) {
        has_security_fields(&site.get(path).await);
        has_security_fields(&site.ask(Method::POST, path, &[]).await);
        has_security_fields(&site.get_with(path, &[("host", "elsewhere.example")]).await);
        has_security_fields(&site.get_with(path, &[("if-none-match", "*")]).await);
    }
    assert_eq!(site.get("/").await.header("strict-transport-security"), "", "it is served over http");
}

fn has_security_fields(answer: &Answer) {
    let path = answer.url.path();
    let policy = answer.header("content-security-policy");
    for directive in ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors"] {
        assert!(policy.contains(directive), "{path} {}: {policy}", answer.status);
    }
    assert!(!policy.contains("http") && !policy.contains("unsafe-eval"), "{path}: {policy}");
    assert!(path == "/api/docs" || !policy.contains("unsafe"), "{path}: {policy}");
    for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "SAMEORIGIN")] {
        assert_eq!(answer.header(name), value, "{path}");
    }
    for name in ["referrer-policy", "permissions-policy", "cross-origin-opener-policy", "x-request-id"] {
        assert_ne!(answer.header(name), "", "{path} {}: {name}", answer.status);
    }
}

async fn a_site_behind_https_says_that_it_stays_there(database: Database) {
    let site = database.serve_with(&[("SITE_URL", "https://homes.example")]);
    for path in ["/", "/nothing", "/healthz"] {
        assert!(site.get(path).await.header("strict-transport-security").starts_with("max-age="), "{path}");
    }
}

async fn a_request_keeps_its_number_and_gets_one_where_it_has_none(database: Database) {
    let site = site(database).await;
    let long = "a".repeat(64);
    for path in ["/", "/api/v1/properties", "/nothing", "/healthz", "/properties/999/", "/%00"] {
        for number in ["a", "Req_1.2-3", long.as_str()] {
            assert_eq!(site.get_with(path, &[("x-request-id", number)]).await.header("x-request-id"), number);
        }
        let (one, other) = (site.get(path).await, site.get(path).await);
        assert_ne!(one.header("x-request-id"), other.header("x-request-id"), "{path}");
        for wrong in ["", "a b", "<script>", "é", &"a".repeat(65)] {
            let given = site.get_with(path, &[("x-request-id", wrong)]).await;
            assert_eq!(given.header("x-request-id").len(), 32, "{path} {wrong}: it gets a new one");
        }
    }
}

async fn timings_are_shown_to_developers_only(database: Database) {
    database.fill(3, 1).await;
    let paths =
        ["/", "/properties/1/", "/api/v1/properties", "/api/v1/properties/1", "/properties/", "/feed.atom"];
    let site = database.serve();
    for path in paths {
        assert_eq!(site.get(path).await.header("server-timing"), "", "{path}");
    }
    let site = site.database.serve_with(&[("DEBUG", "1")]);
    for path in paths {
        let answer = site.get(path).await;
        assert!(
            answer.header("server-timing").contains("db;dur="),
            "{path}: {}",
            answer.header("server-timing")
        );
        assert!(answer.header("server-timing").contains("render;dur="), "{path}");
    }
}

async fn a_method_that_a_path_does_not_have_is_answered_with_those_it_has(database: Database) {
    let site = site(database).await;
    // Listings can be written to; of that other tests tell.
    let is_written = |path: &str| path.starts_with("/api/v1/properties") && !path.contains("export");
    for path in PUBLIC.into_iter().chain(OTHERS).filter(|path| !is_written(path)) {
        let expected = methods(path);
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let is_there = expected.contains(&method.as_str());
            let answer = site.ask(method, path, &[]).await;
            // To write, one has to say who one is.
            assert_eq!(answer.status, if is_there { 401 } else { 405 }, "{path}");
            let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert!(is_there || allowed == expected, "{path}: {allowed:?}");
            errors::suits_the_path(&answer);
        }
    }
}

fn methods(path: &str) -> &'static [&'static str] {
    match path.strip_prefix("/api/v1/properties").map(|rest| rest.split('?').next().unwrap_or_default()) {
        Some("") => &["GET", "HEAD", "POST"],
        Some(record) if record.trim_start_matches('/').bytes().all(|byte| byte.is_ascii_digit()) => {
            &["DELETE", "GET", "HEAD", "PATCH", "PUT"]
        }
        _ => &["GET", "HEAD"],
    }
}
