//! Listings made, replaced, changed and deleted over the API.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::net::SocketAddr;
use std::time::Duration;

use listings::accounts::{Role, Scope};
use listings::history::Action;
use reqwest::{Body, Client, Method};
use serde_json::{Value, json};
use testkit::Running;

use crate::answer::Answer;
use crate::database::{Database, over_both_databases, villa};
use crate::site::{Site, address_of, client};

mod attacks;
mod bodies;
mod payloads;
mod preconditions;
mod repetition;
mod tokens;

over_both_databases!(
    a_listing_is_made_read_replaced_changed_and_deleted,
    nobody_writes_without_the_right_to,
    what_is_not_there_is_not_made_by_changing_it,
    what_was_read_can_be_sent_back,
    every_write_is_told_to_its_author_by_the_history,
    staff_see_every_status_and_the_public_does_not,
);

pub(crate) const LIST: &str = "/api/v1/properties";
/// After this a test has failed: a file of listings takes its time.
const PATIENCE: Duration = Duration::from_mins(5);

/// A program with a token that may read and write.
#[derive(Clone)]
pub(crate) struct Writer {
    address: SocketAddr,
    token: String,
    client: Client,
}

impl Site {
    pub(crate) async fn writer(&self) -> Writer {
        let token = self.token(&[Scope::Read, Scope::Write]).await;
        Writer { address: self.address, token, client: client() }
    }
}

impl Writer {
    /// The same program at another node.
    pub(crate) fn at(&self, address: SocketAddr) -> Writer {
        Writer { address, ..self.clone() }
    }

    /// Sends a request with the token and these fields, which come in place of its own.
    pub(crate) async fn sends(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let request = self.client.request(method, format!("http://{}{path}", self.address)).body(body);
        let request = request.timeout(PATIENCE);
        let token = format!("Bearer {}", self.token);
        let own = [("authorization", token.as_str()), ("content-type", "application/json")];
        let own = own.into_iter().filter(|(name, _)| fields.iter().all(|(given, _)| given != name));
        let all = own.chain(fields.iter().copied()).filter(|(_, value)| *value != "-");
        let request = all.fold(request, |request, (name, value)| request.header(name, value));
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn creates(&self, record: &Value) -> Answer {
        self.sends(Method::POST, LIST, &[], record.to_string()).await
    }

    /// Changes a listing, whatever it is.
    pub(crate) async fn changes(&self, id: i64, patch: &Value) -> Answer {
        self.sends(Method::PATCH, &path(id), &[("if-match", "*")], patch.to_string()).await
    }

    pub(crate) async fn replaces(&self, id: i64, record: &Value) -> Answer {
        self.sends(Method::PUT, &path(id), &[("if-match", "*")], record.to_string()).await
    }

    pub(crate) async fn deletes(&self, id: i64) -> Answer {
        self.sends(Method::DELETE, &path(id), &[("if-match", "*"), ("content-type", "-")], "").await
    }

    pub(crate) async fn reads(&self, path: &str) -> Answer {
        self.sends(Method::GET, path, &[("content-type", "-")], "").await
    }
}

pub(crate) fn path(id: i64) -> String {
    format!("{LIST}/{id}")
}

/// The id in an answer that has a record.
pub(crate) fn id(answer: &Answer) -> i64 {
    answer.json()["id"].as_i64().unwrap_or_else(|| panic!("{}", answer.text()))
}

pub(crate) fn home() -> Value {
    json!({"title": "Home", "location": "Accra"})
}

/// A second node over a site's database, with what its tokens are signed with.
pub(crate) fn node(site: &Site, environment: &[(&str, &str)]) -> (Running, SocketAddr) {
    let program = site.database.gable(&["serve", "--no-migrate"]);
    let program = environment.iter().fold(program, |it, (name, value)| it.environment(name, value)).start();
    let address = address_of(&program);
    (program, address)
}

fn is_private(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "private, no-store", "{}", answer.text());
}

async fn a_listing_is_made_read_replaced_changed_and_deleted(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let new = json!({"title": "Villa", "description": "By the sea.", "price": 1200.5, "location": "Tórshavn", "status": "active",
        "kind": "villa", "bedrooms": 4, "bathrooms": 2, "floor_area": 250, "latitude": 62.01, "longitude": -6.77});
    let made = writer.creates(&new).await;
    assert_eq!(made.status, 201, "{}", made.text());
    is_private(&made);
    let id = id(&made);
    assert_eq!(made.header("location"), path(id));
    let record = made.json();
    assert_eq!((&record["price"], &record["version"]), (&json!("1200.50"), &json!(1)));
    let read = site.get_with(&path(id), &[("accept-encoding", "identity")]).await;
    assert_eq!(
        (read.status, read.body, read.headers["etag"].clone()),
        (200, made.body.clone(), made.headers["etag"].clone())
    );

    let changed = writer.changes(id, &json!({"price": null, "title": " Villa by the sea "})).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    is_private(&changed);
    let after = changed.json();
    assert_eq!(
        (&after["title"], &after["price"], &after["version"]),
        (&json!("Villa by the sea"), &Value::Null, &json!(2))
    );
    assert_eq!(after["description"], "By the sea.");
    assert_eq!(site.get(&path(id)).await.json(), after);

    let replaced =
        writer.replaces(id, &json!({"title": "Hut", "location": "Oyrar", "status": "pending"})).await;
    let after = replaced.json();
    assert_eq!((replaced.status, &after["kind"], &after["bedrooms"]), (200, &json!("other"), &Value::Null));
    assert_eq!(after["created_at"], record["created_at"]);

    let deleted = writer.deletes(id).await;
    assert_eq!((deleted.status, deleted.body.len(), deleted.header("content-type")), (204, 0, ""));
    is_private(&deleted);
    assert_eq!(site.get(&path(id)).await.status, 404);
}

async fn nobody_writes_without_the_right_to(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    let (may_read, may_write) =
        (site.token(&[Scope::Read]).await, site.token_of(Role::Viewer, &[Scope::Read, Scope::Write]).await);
    let (may_read, may_write) = (format!("Bearer {may_read}"), format!("Bearer {may_write}"));
    for (credentials, status) in [
        ("-", 401),
        ("Bearer gable_nonsense", 401),
        ("Basic YTpi", 401),
        (may_read.as_str(), 403),
        (may_write.as_str(), 403),
    ] {
        for (method, path, body) in [
            (Method::POST, LIST.to_owned(), home().to_string()),
            (Method::PUT, path(listing.id), "}".to_owned()),
            (Method::PATCH, path(listing.id), r#"{"title": "Mine"}"#.to_owned()),
            (Method::DELETE, path(listing.id), String::new()),
            (Method::PATCH, path(999), r#"{"title": "Mine"}"#.to_owned()),
        ] {
            let fields = [("authorization", credentials), ("if-match", "*")];
            let answer = writer.sends(method.clone(), &path, &fields, body).await;
            assert_eq!(answer.status, status, "{method} {credentials}: {}", answer.text());
            answer.problem();
            assert!(
                status == 403 || answer.header("www-authenticate").starts_with("Bearer"),
                "{credentials}"
            );
        }
    }
    assert_eq!(site.get(&path(listing.id)).await.json()["version"], 1);
    assert_eq!(site.get(LIST).await.ids(), [listing.id]);
}

async fn what_is_not_there_is_not_made_by_changing_it(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let whole = json!({"title": "Home", "location": "Accra", "status": "active"});
    for id in ["999", "0", "-1", "01", "x", "99999999999999999999", "%2e%2e"] {
        for (method, body) in [
            (Method::PUT, whole.to_string()),
            (Method::PATCH, "{}".to_owned()),
            (Method::DELETE, String::new()),
        ] {
            let answer =
                writer.sends(method.clone(), &format!("{LIST}/{id}"), &[("if-match", "*")], body).await;
            assert_eq!(answer.status, 404, "{method} {id}: {}", answer.text());
            answer.problem();
        }
    }
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
}

async fn what_was_read_can_be_sent_back(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    let read = site.get(&path(listing.id)).await;
    let etag = read.header("etag").to_owned();
    let same = writer.sends(Method::PUT, &path(listing.id), &[("if-match", &etag)], read.body.clone()).await;
    assert_eq!((same.status, same.json()), (200, read.json()), "nothing has changed, so the version has not");
    let mut edited = read.json();
    edited["title"] = json!("Another title");
    let put = writer.sends(Method::PUT, &path(listing.id), &[("if-match", &etag)], edited.to_string()).await;
    assert_eq!(
        (put.status, &put.json()["title"], &put.json()["version"]),
        (200, &json!("Another title"), &json!(2))
    );
    let stale = writer.sends(Method::PUT, &path(listing.id), &[("if-match", "*")], edited.to_string()).await;
    assert_eq!(stale.status, 422, "the version in the body is another than that of the listing");
    let fields: Vec<_> =
        stale.problem()["errors"].as_array().unwrap().iter().map(|it| it["field"].clone()).collect();
    assert_eq!(fields, ["version", "updated_at"]);
}

async fn every_write_is_told_to_its_author_by_the_history(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let id = id(&writer.creates(&home()).await);
    writer.changes(id, &json!({"price": "5.00"})).await;
    writer.deletes(id).await;
    let store = site.database.store().await;
    let told = store.history(id, None, 10).await.unwrap();
    let told: Vec<_> =
        told.iter().map(|event| (event.action, event.author.as_str(), event.origin.as_str())).collect();
    assert_eq!(
        told,
        [Action::Deleted, Action::Changed, Action::Created].map(|action| (action, "admin", "api"))
    );
    store.close().await;
}

async fn staff_see_every_status_and_the_public_does_not(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for status in ["draft", "withdrawn"] {
        let mut new = home();
        new["status"] = json!(status);
        let id = id(&writer.creates(&new).await);
        let read = writer.reads(&path(id)).await;
        assert_eq!((read.status, &read.json()["status"]), (200, &json!(status)));
        is_private(&read);
        let list = format!("{LIST}?status={status}");
        let listed = writer.reads(&list).await;
        assert_eq!(listed.ids(), [id]);
        is_private(&listed);
        assert!(writer.reads(&format!("{LIST}/export.csv?status={status}")).await.text().contains("Home"));
        assert_eq!((site.get(&path(id)).await.status, site.get(&list).await.status), (404, 403));
        let session = site.signed_in(Role::Viewer).await;
        let read = session.get(&path(id)).await;
        assert_eq!(read.status, 200);
        is_private(&read);
        assert_eq!(
            (site.get(&path(id)).await.status, site.get(&list).await.status),
            (404, 403),
            "nothing was left behind"
        );
        let cannot_read = format!("Bearer {}", site.token(&[Scope::Write]).await);
        assert_eq!(
            writer.sends(Method::GET, &path(id), &[("authorization", &cannot_read)], "").await.status,
            404
        );
    }
}
