//! What somebody writes is text on every page, whatever it looks like.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use scraper::{Html, Selector};
use serde_json::{Value, json};

use super::id;
use crate::database::{Database, over_both_databases};
use crate::xml;

over_both_databases!(markup_in_any_text_is_shown_and_never_obeyed);

const PAYLOADS: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></script><script>alert(1)</script>",
    "]]><svg/onload=alert(1)>",
    "{{7*7}}${7*7}<!--",
];

async fn markup_in_any_text_is_shown_and_never_obeyed(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for payload in PAYLOADS {
        let made =
            writer.creates(&json!({"title": payload, "description": payload, "location": payload})).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let id = id(&made);
        for path in
            ["/".to_owned(), format!("/properties/{id}/"), format!("/?q=alert&location={}", percent(payload))]
        {
            let answer = site.get(&path).await;
            let page = Html::parse_document(answer.text());
            for (selector, what) in [
                ("script:not([src]):not([type='application/ld+json'])", "an inline script"),
                ("[onerror], [onload], [onmouseover], svg[onload]", "a handler"),
                ("img[src='x']", "an image"),
            ] {
                let found = page.select(&Selector::parse(selector).unwrap()).count();
                assert_eq!(found, 0, "{what} on {path}");
            }
            assert!(answer.header("content-security-policy").contains("script-src 'self'"));
        }
        let listing = Html::parse_document(site.get(&format!("/properties/{id}/")).await.text());
        let heading: String =
            listing.select(&Selector::parse("h1").unwrap()).next().unwrap().text().collect();
        assert_eq!(heading.trim(), payload);
        for data in listing.select(&Selector::parse("script[type='application/ld+json']").unwrap()) {
            let text: String = data.text().collect();
            let data: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert!(data.to_string().contains(&json!(payload).to_string()[1..6]) || data.is_object());
        }
        let feed = site.get("/feed.atom").await;
        let titles = &xml::elements(feed.text())["feed/entry/title"];
        assert!(titles.iter().any(|title| title == payload), "{titles:?}");
        assert!(!feed.text().contains("<script>") && !feed.text().contains("<svg"));
        let record = site.get(&format!("/api/v1/properties/{id}")).await;
        assert_eq!(
            (record.header("content-type"), &record.json()["title"]),
            ("application/json", &json!(payload))
        );
        writer.deletes(id).await;
    }
}

fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
