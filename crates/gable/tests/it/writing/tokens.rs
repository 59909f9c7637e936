//! Whoever has written sees it at the next read, on any node.

use reqwest::Method;
use serde_json::json;

use super::{LIST, home, id, node, path};
use crate::answer::Answer;
use crate::database::{Database, over_both_databases};

over_both_databases!(
    a_reader_with_the_token_of_a_write_sees_it_on_another_node,
    a_token_comes_as_a_cookie_too
);

const SECRET: (&str, &str) = ("GABLE_SECRET_KEY", "a secret of fifty characters and more, for two nodes");

async fn a_reader_with_the_token_of_a_write_sees_it_on_another_node(database: Database) {
    let lease = [SECRET, ("CACHE_LEASE_MS", "100"), ("CACHE_POLL_MS", "50")];
    let site = database.serve_with(&lease);
    let (_program, other) = node(&site, &lease);
    let writer = site.writer().await;
    let there = writer.at(other);
    let reads = |path: String, token: String| {
        let there = there.clone();
        // Without its credentials: what everybody is shown.
        async move {
            there.sends(Method::GET, &path, &[("authorization", "-"), ("write-token", &token)], "").await
        }
    };
    let id = id(&writer.creates(&home()).await);
    for round in 0..100 {
        let title = format!("Home {round}");
        let written = writer.changes(id, &json!({"title": title})).await;
        let token = written.header("write-token").to_owned();
        let read = reads(path(id), token.clone()).await;
        assert_eq!(
            (read.status, &read.json()["title"]),
            (200, &json!(title)),
            "{}",
            read.header("cache-status")
        );
        let list = reads(LIST.to_owned(), token).await;
        assert_eq!(list.json()["properties"][0]["title"], title, "{}", list.header("cache-status"));
    }
    for _ in 0..20 {
        let made = writer.creates(&home()).await;
        let token = made.header("write-token").to_owned();
        assert!(
            reads(format!("{LIST}?sort=id&limit=100"), token.clone()).await.ids().contains(&super::id(&made))
        );
        let gone = writer.deletes(super::id(&made)).await;
        assert_eq!(reads(path(super::id(&made)), gone.header("write-token").to_owned()).await.status, 404);
    }
}

async fn a_token_comes_as_a_cookie_too(database: Database) {
    let site = database.serve_with(&[SECRET, ("SITE_URL", "https://homes.example"), ("ALLOWED_HOSTS", "*")]);
    let writer = site.writer().await;
    let made = writer.creates(&home()).await;
    let id = id(&made);
    for answer in [made, writer.changes(id, &json!({"price": 1})).await, writer.deletes(id).await] {
        is_given(&answer);
    }
    let refused = writer.creates(&json!({})).await;
    assert_eq!((refused.status, refused.header("set-cookie"), refused.header("write-token")), (422, "", ""));
}

fn is_given(answer: &Answer) {
    let token = answer.header("write-token");
    assert!(token.split('.').count() == 3, "{token}");
    let cookie = format!("write_token={token}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
    assert_eq!(answer.header("set-cookie"), cookie);
}
