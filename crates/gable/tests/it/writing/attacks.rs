//! Requests that mean something else than they say.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use reqwest::Method;
use serde_json::json;
use testkit::http::raw;

use super::{LIST, home, id, path};
use crate::database::{Database, over_both_databases, villa};

over_both_databases!(
    no_field_and_no_parameter_makes_another_method_of_one,
    parameters_of_a_write_are_refused,
    nothing_breaks_out_of_a_header_field,
    what_is_written_breaks_into_no_log,
    composed_and_decomposed_letters_stay_as_they_were_written,
);

async fn no_field_and_no_parameter_makes_another_method_of_one(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        for method in ["DELETE", "PUT", "PATCH"] {
            let fields = [(name, method), ("if-match", "*")];
            assert_eq!(writer.sends(Method::GET, &path(listing.id), &fields, "").await.status, 200);
            let posted = writer.sends(Method::POST, &path(listing.id), &fields, "{}").await;
            assert_eq!(
                (posted.status, posted.header("allow").contains("DELETE")),
                (405, true),
                "{}",
                posted.header("allow")
            );
        }
    }
    for query in ["_method=DELETE", "method=delete"] {
        assert_eq!(writer.reads(&format!("{}?{query}", path(listing.id))).await.status, 200);
        let posted = writer
            .sends(Method::POST, &format!("{}?{query}", path(listing.id)), &[("if-match", "*")], "{}")
            .await;
        assert_eq!(posted.status, 405);
    }
    assert_eq!(site.get(&path(listing.id)).await.json()["version"], 1);
}

async fn parameters_of_a_write_are_refused(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for (query, names) in [
        ("a=1&b=2", &["a", "b"][..]),
        ("a=1%26b=2", &["a"]),
        ("dry_run=true&dry_run=false", &["dry_run", "dry_run"]),
        ("%00=%0d%0a", &[]),
    ] {
        let answer = writer.sends(Method::POST, &format!("{LIST}?{query}"), &[], home().to_string()).await;
        assert_eq!(answer.status, 400, "{query}");
        let problem = answer.problem();
        let named: Vec<_> = problem["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| it["parameter"].as_str().unwrap())
            .collect();
        assert_eq!(named, names, "{query}");
    }
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
}

async fn nothing_breaks_out_of_a_header_field(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let title = "Home\\r\\nSet-Cookie: a=b";
    let body = format!("{{\"title\": \"{title}\", \"location\": \"Accra\"}}");
    assert_eq!(writer.sends(Method::POST, LIST, &[], body.clone()).await.status, 422);
    let token = site.token(&[listings::accounts::Scope::Write]).await;
    for key in ["k\r\nX-Injected: yes", "k\nX-Injected: yes", "k\u{0}"] {
        let request = format!(
            "POST {LIST} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: 38\r\n\r\n\
             {{\"title\": \"Home\", \"location\": \"Accra\"}}"
        );
        let answer = raw(site.address, request).unwrap();
        assert!(
            answer.header("x-injected").is_none()
                && answer.header("set-cookie").is_none_or(|it| it.starts_with("write_token"))
        );
        assert!(
            key.starts_with("k\r") || key.starts_with("k\n") || answer.status == 400,
            "{key:?}: {}",
            answer.status
        );
    }
}

async fn what_is_written_breaks_into_no_log(database: Database) {
    let site = database.serve_with(&[("RUST_LOG", "debug")]);
    let writer = site.writer().await;
    let mut new = home();
    new["description"] = json!("one\r\n2026-11-01T00:00:00Z ERROR forged: everything is on fire\u{1b}[31m");
    assert_eq!(writer.creates(&new).await.status, 201);
    assert_eq!(writer.creates(&json!({"title\r\n2026-11-01T00:00:00Z ERROR forged": 1})).await.status, 422);
    site.get("/healthz").await;
    let log = site.program.stderr();
    assert!(!log.lines().any(|line| line.starts_with("2026-11-01T00:00:00Z ERROR forged")), "{log}");
    assert!(!log.contains("gable_") || !log.contains(writer.token.as_str()), "no secret is written down");
}

async fn composed_and_decomposed_letters_stay_as_they_were_written(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for location in ["Tórshavn", "To\u{301}rshavn"] {
        let made = writer.creates(&json!({"title": location, "location": location})).await;
        assert_eq!(site.get(&path(id(&made))).await.json()["location"], location);
        assert_eq!(made.json()["title"].as_str().unwrap().len(), location.len());
    }
}
