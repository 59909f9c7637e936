//! A request that is sent again because its answer was lost is carried out once.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use reqwest::Method;
use serde_json::json;
use testkit::Signal;
use testkit::http::Connection;

use super::{LIST, Writer, home, id, node, path};
use crate::answer::Answer;
use crate::database::{Database, over_both_databases};

over_both_databases!(
    the_same_request_with_the_same_key_is_answered_the_same,
    of_many_that_come_at_once_with_one_key_one_is_carried_out,
    a_key_that_was_given_to_another_request_is_refused,
    what_was_refused_is_not_kept,
    a_key_belongs_to_whoever_has_used_it,
    a_key_is_forgotten_after_a_day,
    what_is_no_key_is_refused,
    a_node_that_dies_before_it_answers_has_written_once,
);

impl Writer {
    async fn repeats(
        &self,
        method: Method,
        path: &str,
        key: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let fields = [more, &[("idempotency-key", key)]].concat();
        self.sends(method, path, &fields, body.to_owned()).await
    }
}

fn is_the_same(again: &Answer, first: &Answer) {
    assert_eq!((again.status, again.text()), (first.status, first.text()));
    for name in ["location", "etag", "content-type"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    assert!(!again.header("write-token").is_empty() && !first.header("write-token").is_empty());
}

async fn the_same_request_with_the_same_key_is_answered_the_same(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let body = home().to_string();
    let first = writer.repeats(Method::POST, LIST, "\"make\"", &[], &body).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let id = id(&first);
    is_the_same(&writer.repeats(Method::POST, LIST, "make", &[], &body).await, &first);
    assert_eq!(site.get(LIST).await.ids(), [id]);
    let etag = first.header("etag").to_owned();
    let whole = r#"{"title": "Hut", "location": "Accra", "status": "active"}"#;
    for (method, key, body) in [
        (Method::PATCH, "change", r#"{"price": 5}"#),
        (Method::PUT, "replace", whole),
        (Method::DELETE, "delete", ""),
    ] {
        let now = site.get(&path(id)).await.header("etag").to_owned();
        let first = writer.repeats(method.clone(), &path(id), key, &[("if-match", &now)], body).await;
        assert!(first.status < 300, "{}", first.text());
        // Its condition holds no more: what was done is told before it is asked for.
        is_the_same(&writer.repeats(method, &path(id), key, &[("if-match", &now)], body).await, &first);
    }
    assert_ne!(etag, "");
    is_the_same(&writer.repeats(Method::POST, LIST, "make", &[], &body).await, &first);
}

async fn of_many_that_come_at_once_with_one_key_one_is_carried_out(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for round in 0..10 {
        let (key, body) = (
            format!("round-{round}"),
            json!({"title": format!("Home {round}"), "location": "Accra"}).to_string(),
        );
        let all = (0..6).map(|_| writer.repeats(Method::POST, LIST, &key, &[], &body));
        let answers = futures::future::join_all(all).await;
        let (first, rest): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.header("idempotent-replayed").is_empty());
        assert_eq!(first.len(), 1, "{:?}", answers.iter().map(|it| it.status).collect::<Vec<_>>());
        for again in rest {
            is_the_same(again, first[0]);
        }
        assert_eq!(site.get(&format!("{LIST}?limit=100")).await.ids().len(), round + 1);
    }
}

async fn a_key_that_was_given_to_another_request_is_refused(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let id = id(&writer.repeats(Method::POST, LIST, "k", &[], &home().to_string()).await);
    for (method, path, if_match, body) in [
        (Method::POST, LIST.to_owned(), "-", r#"{"title": "Another", "location": "Accra"}"#),
        (Method::PATCH, path(id), "*", r#"{"title": "Another"}"#),
        (Method::DELETE, path(id), "*", ""),
    ] {
        let answer = writer.repeats(method.clone(), &path, "k", &[("if-match", if_match)], body).await;
        assert_eq!(answer.status, 422, "{method}: {}", answer.text());
        assert!(answer.problem()["detail"].as_str().unwrap().contains("Idempotency-Key"));
    }
    let patch = r#"{"price": 7}"#;
    assert_eq!(
        writer.repeats(Method::PATCH, &path(id), "p", &[("if-match", "\"1\"")], patch).await.status,
        200
    );
    assert_eq!(writer.repeats(Method::PATCH, &path(id), "p", &[("if-match", "*")], patch).await.status, 422);
    assert_eq!(site.get(&path(id)).await.json()["version"], 2);
}

async fn what_was_refused_is_not_kept(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    assert_eq!(writer.repeats(Method::POST, LIST, "k", &[], r#"{"title": ""}"#).await.status, 422);
    let made = writer.repeats(Method::POST, LIST, "k", &[], &home().to_string()).await;
    assert_eq!((made.status, made.header("idempotent-replayed")), (201, ""));
    let id = id(&made);
    assert_eq!(
        writer.repeats(Method::DELETE, &path(id), "d", &[("if-match", "\"9\"")], "").await.status,
        412
    );
    assert_eq!(
        writer.repeats(Method::DELETE, &path(id), "d", &[("if-match", "\"1\"")], "").await.status,
        204
    );
}

async fn a_key_belongs_to_whoever_has_used_it(database: Database) {
    use listings::accounts::{Role, Scope};
    let site = database.serve();
    let writer = site.writer().await;
    let another = format!("Bearer {}", site.token_of(Role::Editor, &[Scope::Write]).await);
    let body = home().to_string();
    let mine = writer.repeats(Method::POST, LIST, "k", &[], &body).await;
    let theirs = writer.repeats(Method::POST, LIST, "k", &[("authorization", &another)], &body).await;
    assert_eq!((mine.status, theirs.status), (201, 201));
    assert_ne!(id(&mine), id(&theirs));
}

async fn a_key_is_forgotten_after_a_day(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let body = home().to_string();
    let first = id(&writer.repeats(Method::POST, LIST, "k", &[], &body).await);
    for (hours, is_kept) in [(23, true), (25, false)] {
        let ago = site.database.hours_ago(hours);
        site.database.sql(&format!("update gable_idempotency_key set at = {ago}")).await;
        let again = writer.repeats(Method::POST, LIST, "k", &[], &body).await;
        assert_eq!((again.status, id(&again) == first), (201, is_kept), "{hours}");
    }
    // Old ones go, a few with each new one.
    let ago = site.database.hours_ago(25);
    site.database.sql(&format!("update gable_idempotency_key set at = {ago}")).await;
    writer.repeats(Method::POST, LIST, "another", &[], &body).await;
    assert_eq!(site.database.number("select count(*) from gable_idempotency_key").await, 1);
}

async fn what_is_no_key_is_refused(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for key in ["", "\"\"", "\"a", "a b", "\"a\";p=1", &"k".repeat(256)] {
        let answer = writer.repeats(Method::POST, LIST, key, &[], &home().to_string()).await;
        assert_eq!(
            (answer.status, &answer.problem()["errors"][0]["parameter"]),
            (400, &json!("Idempotency-Key")),
            "{key}"
        );
    }
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
}

async fn a_node_that_dies_before_it_answers_has_written_once(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let body = home().to_string();
    for round in 1..=5 {
        let (program, address) = node(&site, &[]);
        let mut client = Connection::open(address).unwrap();
        let request = format!(
            "POST {LIST} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Idempotency-Key: round-{round}\r\nContent-Length: {}\r\n\r\n{body}",
            writer.token,
            body.len()
        );
        client.write(request).unwrap();
        // Nobody reads the answer. As soon as the listing is there, the node is gone.
        while site.database.number("select count(*) from properties_property").await < round {}
        program.signal(Signal::KILL);
        drop(client);
        let again = writer.repeats(Method::POST, LIST, &format!("round-{round}"), &[], &body).await;
        assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"), "{}", again.text());
        assert_eq!(site.database.number("select count(*) from properties_property").await, round);
        assert_eq!(site.get(&path(id(&again))).await.status, 200);
    }
}
