//! Nothing in a request but what its page is made of can change what others are shown.

use reqwest::Method;

use super::{PAGES, Twins, is_same};
use crate::database::{Database, over_both_databases};

over_both_databases!(
    no_header_field_of_one_request_changes_what_others_are_shown,
    two_spellings_of_one_search_are_one_entry,
    what_means_another_search_never_gets_its_bytes,
    no_trick_with_a_path_gets_or_leaves_another_pages_bytes,
    a_body_in_a_request_for_a_page_is_refused_and_changes_nothing,
    head_first_keeps_the_page_that_get_is_shown,
);

const MARK: &str = "p0ison";

/// Header fields that are no part of any page, each with a value that would be seen again.
const FIELDS: [(&str, &str); 34] = [
    ("x-forwarded-host", "p0ison.example"),
    ("x-forwarded-proto", "p0ison"),
    ("x-forwarded-scheme", "p0ison"),
    ("x-forwarded-port", "31337"),
    ("x-forwarded-for", "p0ison"),
    ("x-forwarded-prefix", "/p0ison"),
    ("x-host", "p0ison.example"),
    ("forwarded", "host=p0ison.example;proto=p0ison"),
    ("x-original-url", "/p0ison"),
    ("x-rewrite-url", "/p0ison"),
    ("x-http-method-override", "DELETE"),
    ("x-method-override", "POST"),
    ("x-real-ip", "p0ison"),
    ("true-client-ip", "p0ison"),
    ("accept", "application/p0ison"),
    ("accept-language", "p0ison"),
    ("accept-charset", "p0ison"),
    ("cookie", "sessionid=p0ison; csrftoken=p0ison; write_token=p0ison"),
    ("write-token", "p0ison"),
    ("user-agent", "p0ison <script>"),
    ("referer", "https://p0ison.example/"),
    ("origin", "https://p0ison.example"),
    ("range", "bytes=0-5"),
    ("if-range", "\"p0ison\""),
    ("if-modified-since", "Sat, 01 Jan 2050 00:00:00 GMT"),
    ("if-none-match", "\"p0ison\""),
    ("if-match", "\"p0ison\""),
    ("cache-control", "no-cache, p0ison"),
    ("pragma", "no-cache"),
    ("x-cache-status", "p0ison"),
    ("cache-status", "p0ison; hit"),
    ("age", "4711"),
    ("accept-encoding", "p0ison;q=1, identity;q=0.5"),
    ("priority", "u=p0ison"),
];

async fn no_header_field_of_one_request_changes_what_others_are_shown(database: Database) {
    let twins = Twins::over(database).await;
    let site = &twins.site;
    for path in PAGES {
        // All of them with the request that fills the cache, then each of them with one that finds it filled.
        let filler = site.get_with(path, &FIELDS).await;
        assert_eq!(filler.how(), "fwd=uri-miss; stored", "{path}");
        let probe = twins.tells_the_truth(path).await;
        assert!(probe.is_hit(), "{path}: {}", probe.how());
        for field in FIELDS {
            let asked = site.get_with(path, &[field]).await;
            is_same(&asked, &probe, &format!("{path} {field:?}"));
            assert!(asked.is_hit(), "{path} {field:?}: {}", asked.how());
        }
        let again = twins.tells_the_truth(path).await;
        let said = format!("{:?} {}", again.headers, again.text());
        assert!(!said.contains(MARK), "{path}: {said}");
    }
    for host in ["LOCALHOST", "localhost:31337", "127.0.0.1", "[::1]", "localhost.", "p0ison.example", "a b"]
    {
        let _ = site.get_with("/?q=hosts", &[("host", host)]).await;
        let probe = twins.tells_the_truth("/?q=hosts").await;
        assert!(!probe.text().contains(MARK) && !probe.text().contains("31337"), "{host}");
    }
}

/// Each line is one search in several spellings.
const SAME: [&[&str]; 6] = [
    &[
        "/?kind=villa&location=Accra",
        "/?location=Accra&kind=villa",
        "/?location=Accra&kind=villa&utm_source=mail&fbclid=1",
        "/?location=%41ccra&kind=%76illa",
        "/?kind=villa&location=Accra&q=&min_price=",
        "/?&&kind=villa&&location=Accra&",
    ],
    &["/", "/?", "/?utm_campaign=x", "/?q=", "/?nothing=1&nothing=2", "/?%6eothing=1"],
    &["/?q=T%C3%B3rshavn", "/?q=T%c3%b3rshavn", "/?q=%54%C3%B3rsha%76n"],
    &["/properties/", "/properties/?", "/properties/?page=2&format=api"],
    &["/api/v1/properties?kind=villa&limit=5", "/api/v1/properties?limit=5&kind=villa"],
    &["/feed.atom", "/feed.atom?utm_source=x", "/feed.atom?sort=price"],
];

async fn two_spellings_of_one_search_are_one_entry(database: Database) {
    let twins = Twins::over(database).await;
    for spellings in SAME {
        let first = twins.site.get(spellings[0]).await;
        assert_eq!(first.how(), "fwd=uri-miss; stored", "{}", spellings[0]);
        for spelling in spellings {
            let answer = twins.tells_the_truth(spelling).await;
            assert!(answer.is_hit(), "{spelling}: {}", answer.how());
            assert_eq!(answer.body, first.body, "{spelling}");
        }
    }
}

/// Targets that look alike, and mean different things or nothing.
const ALIKE: [&str; 42] = [
    "/?kind=villa&q=home",
    "/?kind=villa%26q=home",
    "/?kind=villa;q=home",
    "/?kind=villa%3Bq=home",
    "/?kind=villa&q=home%00",
    "/?kind=villa&q=HOME",
    "/?kind=VILLA&q=home",
    "/?KIND=villa&q=home",
    "/?kind=villa&kind=house",
    "/?kind=house&kind=villa",
    "/?kind=villa&q=home&q=accra",
    "/?kind[]=villa",
    "/?q=home%26kind%3Dvilla",
    "/?q=home%23",
    "/?q=home+",
    "/?q=home%20",
    "/?q=%2B",
    "/?q=+",
    "/?q=%ff",
    "/?q=%C3%B3",
    "/?q=o%CC%81",
    "/?q=T%C3%B3rshavn",
    "/?q=To%CC%81rshavn",
    "/?min_price=1&max_price=2",
    "/?min_price=1%26max_price=2",
    "/?min_price=01&max_price=2.0",
    "/?location=Accra",
    "/?location=accra",
    "/?location=Accra%0A",
    "/?cursor=x",
    "/?limit=5",
    "/?limit=05",
    "/api/v1/properties?q=home&kind=villa",
    "/api/v1/properties?q=home%26kind=villa",
    "/api/v1/properties?q=home;kind=villa",
    "/api/v1/properties?unknown=1",
    "/api/v1/properties?kind=villa&kind=house",
    "/api/v1/properties?limit=5",
    "/api/v1/properties?limit=5&count=true",
    "/api/v1/properties?limit=5&count=false",
    "/properties/?cursor=x",
    "/feed.atom?kind=villa&q=home",
];

async fn what_means_another_search_never_gets_its_bytes(database: Database) {
    let twins = Twins::over(database).await;
    for target in ALIKE.into_iter().chain(ALIKE.into_iter().rev()) {
        let (answer, truth) = twins.raw(target);
        assert_eq!(answer.status, truth.status, "{target}");
        assert_eq!(super::without_number(&answer.text()), super::without_number(&truth.text()), "{target}");
    }
}

/// Paths that one program in a chain reads otherwise than the next.
const TRICKS: [&str; 27] = [
    "/properties/1/",
    "/properties/1",
    "/properties/1/.css",
    "/properties/1/x.css",
    "/properties/1/;.css",
    "/properties/1;/",
    "/properties/1/%2e%2e/2/",
    "/properties/1/../2/",
    "/properties/%31/",
    "/properties/01/",
    "/properties/+1/",
    "/properties/1%00/",
    "/properties/1%2f",
    "/properties%2f1/",
    "//properties/1/",
    "/properties//1/",
    "/./properties/1/",
    "/Properties/1/",
    "/properties/1/?",
    "/properties/1/?x=/static/site.css",
    "/properties/1/#fragment",
    "/api/v1/properties/1",
    "/api/v1/properties/1/",
    "/api/v1/properties/01",
    "/api/v1/properties/1.json",
    "/sitemaps/0.xml",
    "/sitemaps/00.xml",
];

async fn no_trick_with_a_path_gets_or_leaves_another_pages_bytes(database: Database) {
    let twins = Twins::over(database).await;
    for target in TRICKS.into_iter().chain(TRICKS.into_iter().rev()) {
        let (answer, truth) = twins.raw(target);
        assert_eq!(answer.status, truth.status, "{target}");
        assert_eq!(super::without_number(&answer.text()), super::without_number(&truth.text()), "{target}");
        let is_plain = ["/properties/1/", "/properties/1/?", "/properties/1/?x=/static/site.css"]
            .contains(&target)
            || ["/api/v1/properties/1", "/sitemaps/0.xml"].contains(&target);
        let is_ok = answer.status == 200;
        assert!(
            !is_ok || is_plain || target.contains('%') || target.contains('#'),
            "{target}: {}",
            answer.status
        );
    }
}

async fn a_body_in_a_request_for_a_page_is_refused_and_changes_nothing(database: Database) {
    let twins = Twins::over(database).await;
    for (path, body) in [("/?q=body", "q=p0ison"), ("/api/v1/properties?limit=3", "limit=1")] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        for _ in 0..2 {
            let refused = testkit::http::raw(twins.site.address, request.clone()).unwrap();
            assert_eq!(refused.status, 400, "{path}: {}", refused.text());
            assert!(!twins.tells_the_truth(path).await.text().contains(MARK), "{path}");
        }
    }
}

async fn head_first_keeps_the_page_that_get_is_shown(database: Database) {
    let twins = Twins::over(database).await;
    for path in PAGES {
        let head = twins.site.ask(Method::HEAD, path, &[]).await;
        assert_eq!((head.status, head.body.len(), head.how()), (200, 0, "fwd=uri-miss; stored"), "{path}");
        let get = twins.tells_the_truth(path).await;
        assert!(get.is_hit() && !get.body.is_empty(), "{path}: {}", get.how());
        assert_eq!(get.header("content-length"), head.header("content-length"), "{path}");
        let head = twins.site.ask(Method::HEAD, path, &[]).await;
        assert!(head.is_hit() && head.body.is_empty(), "{path}");
    }
}
