//! Files of listings sent to the API.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fmt::Write as _;

use listings::Draft;
use listings::accounts::{Role, Scope};
use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::database::{Database, over_both_databases, villa};
use crate::writing::{LIST, Writer, home, id, path};

mod large;

over_both_databases!(
    rows_are_made_changed_or_left_as_they_are,
    a_reference_means_the_same_listing_the_next_time,
    what_was_exported_can_be_imported_again,
    a_listing_that_has_changed_since_its_export_is_refused,
    by_default_one_wrong_row_keeps_all_out,
    wrong_rows_are_skipped_for_whoever_says_so,
    a_dry_run_says_what_would_be_done_and_does_nothing,
    rows_that_mean_the_same_listing_are_refused,
    a_file_that_cannot_be_read_says_where,
    nobody_imports_without_the_right_to,
    what_the_request_says_is_checked,
    an_import_is_told_to_its_author_and_seen_with_its_token,
);

const IMPORTS: &str = "/api/v1/imports";

impl Writer {
    pub(crate) async fn imports(&self, query: &str, kind: &str, content: impl Into<Body>) -> Answer {
        let target = if query.is_empty() { IMPORTS.to_owned() } else { format!("{IMPORTS}?{query}") };
        self.sends(Method::POST, &target, &[("content-type", kind)], content).await
    }

    async fn imports_csv(&self, content: &str) -> Answer {
        self.imports("", "text/csv", content.to_owned()).await
    }
}

/// Rows, created, updated, unchanged, refused.
pub(crate) fn counts(answer: &Answer) -> [u64; 5] {
    let report = answer.json();
    ["rows", "created", "updated", "unchanged", "refused"]
        .map(|name| report[name].as_u64().unwrap_or_else(|| panic!("{}", answer.text())))
}

/// Row, line and field of each error.
fn errors(answer: &Answer) -> Vec<(u64, u64, String)> {
    let report = answer.json();
    let errors = report["errors"].as_array().unwrap_or_else(|| panic!("{}", answer.text()));
    assert_eq!(report["errors_total"], errors.len());
    let number = |error: &Value, name: &str| error[name].as_u64().unwrap();
    errors
        .iter()
        .map(|error| {
            assert!(!error["rule"].as_str().unwrap().is_empty() && error["value"].is_string());
            (number(error, "row"), number(error, "line"), error["field"].as_str().unwrap().to_owned())
        })
        .collect()
}

async fn rows_are_made_changed_or_left_as_they_are(database: Database) {
    let listings = database.add([villa(), villa()]).await;
    let site = database.serve();
    let writer = site.writer().await;
    let text = format!(
        "id,title,location,price\r\n{},Villa with a view,Tórshavn,1200.50\r\n{},\"A \"\"new\"\" title, indeed\",Tórshavn,\r\n,Hut,Oyrar,7.5\r\n",
        listings[0].id, listings[1].id
    );
    let answer = writer.imports_csv(&text).await;
    assert_eq!((answer.status, counts(&answer)), (200, [3, 1, 1, 1, 0]), "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let unchanged = site.get(&path(listings[0].id)).await.json();
    assert_eq!(unchanged["version"], 1);
    let changed = site.get(&path(listings[1].id)).await.json();
    assert_eq!((&changed["title"], &changed["price"]), (&json!("A \"new\" title, indeed"), &Value::Null));
    assert_eq!(
        (&changed["version"], &changed["bedrooms"]),
        (&json!(2), &json!(4)),
        "what has no column stays"
    );
    let made = &site.get(&format!("{LIST}?location=Oyrar")).await.json()["properties"][0];
    assert_eq!(
        (&made["title"], &made["price"], &made["status"], &made["kind"]),
        (&json!("Hut"), &json!("7.50"), &json!("active"), &json!("other"))
    );
    let lines = format!(
        "{{\"id\": {}, \"bedrooms\": null}}\n\n{{\"title\": \"Tent\", \"location\": \"Oyrar\", \"created_at\": \"2001-02-03T04:05:06Z\"}}\n",
        listings[0].id
    );
    let answer = writer.imports("", "application/x-ndjson", lines).await;
    assert_eq!((answer.status, counts(&answer)), (200, [2, 1, 1, 0, 0]), "{}", answer.text());
    assert_eq!(site.get(&path(listings[0].id)).await.json()["bedrooms"], Value::Null);
    let older = &site.get(&format!("{LIST}?q=tent")).await.json()["properties"][0];
    assert_eq!(older["created_at"], "2001-02-03T04:05:06.000000Z", "it was made elsewhere, then");
}

async fn a_reference_means_the_same_listing_the_next_time(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    let first = "reference,title,location\nA/1,One,Accra\nA\\2,Two,Accra\n";
    assert_eq!(counts(&writer.imports_csv(first).await), [2, 2, 0, 0, 0]);
    assert_eq!(counts(&writer.imports_csv(first).await), [2, 0, 0, 2, 0]);
    assert_eq!(counts(&writer.imports_csv("reference,price\nA/1,5\nA\\2,\n").await), [2, 0, 1, 1, 0]);
    // A listing that was there before is given its reference once.
    let named = format!("id,reference\n{},A 3\n", listing.id);
    assert_eq!(counts(&writer.imports_csv(&named).await), [1, 0, 1, 0, 0]);
    assert_eq!(counts(&writer.imports_csv(&named).await), [1, 0, 0, 1, 0]);
    assert_eq!(counts(&writer.imports_csv("reference,status\nA 3,sold\n").await), [1, 0, 1, 0, 0]);
    assert_eq!(site.get(&path(listing.id)).await.json()["status"], "sold");
    let another = writer.imports_csv(&format!("id,reference\n{},A 4\n", listing.id)).await;
    assert_eq!((another.status, errors(&another)), (422, vec![(1, 2, "reference".to_owned())]));
    let foreign = writer.imports_csv(&format!("id,reference\n{},A/1\n", listing.id)).await;
    assert_eq!((foreign.status, errors(&foreign)), (422, vec![(1, 2, "reference".to_owned())]));
    // With the listing its reference goes, and can be given anew.
    assert_eq!(writer.deletes(listing.id).await.status, 204);
    assert_eq!(
        counts(&writer.imports_csv("reference,title,location\nA 3,Three,Accra\n").await),
        [1, 1, 0, 0, 0]
    );
}

async fn what_was_exported_can_be_imported_again(database: Database) {
    database.add_samples(50).await;
    let (title, description) = ("=1+1,\"quoted\"'".to_owned(), "'one\r\ntwo\n\n=three\t".to_owned());
    database.add([Draft { title, description, ..villa() }]).await;
    let site = database.serve();
    let writer = site.writer().await;
    for (format, kind) in [("csv", "text/csv"), ("ndjson", "application/x-ndjson")] {
        let exported = site.get(&format!("{LIST}/export.{format}")).await;
        let again = writer.imports("", kind, exported.body.clone()).await;
        assert_eq!(again.status, 200, "{}", again.text());
        let rows = counts(&again)[0];
        assert!(rows > 10);
        assert_eq!(counts(&again), [rows, 0, 0, rows, 0]);
        assert_eq!(site.get(&format!("{LIST}/export.{format}")).await.body, exported.body);
    }
    // As new listings elsewhere: without what that database gives.
    let exported = site.get(&format!("{LIST}/export.ndjson")).await;
    let records: Vec<Value> =
        exported.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let elsewhere = Database::sqlite().serve();
    let mut lines = String::new();
    for record in &records {
        let mut record = record.clone();
        record
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["id", "version", "updated_at"].contains(&name.as_str()));
        let _ = writeln!(lines, "{record}");
    }
    assert_eq!(elsewhere.writer().await.imports("", "application/x-ndjson", lines).await.status, 200);
    let there = elsewhere.get(&format!("{LIST}/export.ndjson")).await;
    for (record, line) in records.iter().zip(there.text().lines()) {
        let copy: Value = serde_json::from_str(line).unwrap();
        for (name, value) in record.as_object().unwrap() {
            assert!(
                ["id", "version", "updated_at"].contains(&name.as_str()) || copy[name] == *value,
                "{name}: {copy}"
            );
        }
    }
}

async fn a_listing_that_has_changed_since_its_export_is_refused(database: Database) {
    database.add([villa(), villa()]).await;
    let site = database.serve();
    let writer = site.writer().await;
    let exported = site.get(&format!("{LIST}/export.csv")).await;
    let first = site.get(LIST).await.ids().into_iter().min().unwrap();
    assert_eq!(writer.changes(first, &json!({"price": 1})).await.status, 200);
    let edited = exported.text().replace("Villa with a view", "Villa");
    let answer = writer.imports_csv(&edited).await;
    assert_eq!(errors(&answer), [(1, 2, "version".to_owned()), (1, 2, "updated_at".to_owned())]);
    assert_eq!((answer.status, counts(&answer)), (422, [2, 0, 1, 0, 1]));
    let answer = writer.imports("on_error=skip", "text/csv", edited).await;
    assert_eq!((answer.status, counts(&answer)), (200, [2, 0, 1, 0, 1]));
}

const SOME_WRONG: &str = "title,location,price,bedrooms\nGood,Accra,1,2\n,Accra,1.001,x\nFine,Tema,,\nShort,Tema\n\u{202e}liaf,Tema,-1,1001\n";

fn its_errors() -> Vec<(u64, u64, String)> {
    [
        (2, 3, "title"),
        (2, 3, "price"),
        (2, 3, "bedrooms"),
        (4, 5, ""),
        (5, 6, "title"),
        (5, 6, "price"),
        (5, 6, "bedrooms"),
    ]
    .map(|(row, line, field)| (row, line, field.to_owned()))
    .to_vec()
}

async fn by_default_one_wrong_row_keeps_all_out(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let answer = writer.imports_csv(SOME_WRONG).await;
    let mut told = errors(&answer);
    told.sort();
    let mut expected = its_errors();
    expected.sort();
    assert_eq!((answer.status, told, counts(&answer)), (422, expected, [5, 2, 0, 0, 3]));
    assert!(answer.json().get("write_token").is_none() && answer.header("write-token").is_empty());
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
    assert_eq!(site.database.number("select count(*) from gable_history").await, 0);
}

async fn wrong_rows_are_skipped_for_whoever_says_so(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let answer = writer.imports("on_error=skip", "text/csv; charset=utf-8", SOME_WRONG).await;
    assert_eq!((answer.status, counts(&answer)), (200, [5, 2, 0, 0, 3]));
    assert_eq!(site.get(LIST).await.ids().len(), 2);
}

async fn a_dry_run_says_what_would_be_done_and_does_nothing(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    let text = format!("id,reference,title,location\n{},,Hut,Oyrar\n,R,Tent,Oyrar\n,,,\n", listing.id);
    for on_error in ["abort", "skip"] {
        let answer =
            writer.imports(&format!("dry_run=true&on_error={on_error}"), "text/csv", text.clone()).await;
        assert_eq!(counts(&answer), [3, 1, 1, 0, 1]);
        assert_eq!(answer.status, if on_error == "abort" { 422 } else { 200 });
        assert_eq!((&answer.json()["dry_run"], answer.header("write-token")), (&json!(true), ""));
    }
    assert_eq!(site.get(LIST).await.ids(), [listing.id]);
    assert_eq!(site.get(&path(listing.id)).await.json()["version"], 1);
    assert_eq!(site.database.number("select count(*) from gable_reference").await, 0);
}

async fn rows_that_mean_the_same_listing_are_refused(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    let id = listing.id;
    assert_eq!(writer.imports_csv(&format!("id,reference\n{id},R\n")).await.status, 200);
    for (text, field) in [
        (format!("id,price\n{id},1\n{id},2\n"), "id"),
        (format!("id,reference,price\n{id},,1\n,R,2\n"), "id"),
        ("reference,title,location\nN,A,Accra\nN,B,Accra\n".to_owned(), "reference"),
        ("id,title,location\n,A,Accra\n999999,B,Accra\n".to_owned(), "id"),
        ("id,title,location\n,A,Accra\n-1,B,Accra\n".to_owned(), "id"),
        ("id,title,location\n,A,Accra\nx,B,Accra\n".to_owned(), "id"),
        (format!("reference,title,location\n,A,Accra\n{},B,Accra\n", "é".repeat(201)), "reference"),
    ] {
        let answer = writer.imports_csv(&text).await;
        assert_eq!((answer.status, errors(&answer)), (422, vec![(2, 3, field.to_owned())]), "{text}");
    }
    assert_eq!(site.get(LIST).await.ids(), [id]);
}

async fn a_file_that_cannot_be_read_says_where(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for (content, line, field) in [
        (&b""[..], 1, ""),
        (b"title,place\n", 1, "place"),
        (b"title,location,title\n", 1, "title"),
        (b"title\nHome\n", 1, "location"),
        (b"title,location\nHome,Accra\nCaf\xe9,Accra\n", 3, ""),
        (b"\xff\xfet\0i\0", 1, ""),
    ] {
        for query in ["", "on_error=skip", "dry_run=true"] {
            let answer = writer.imports(query, "text/csv", content).await;
            assert_eq!(
                (answer.status, errors(&answer)),
                (422, vec![(0, line, field.to_owned())]),
                "{}",
                answer.text()
            );
        }
    }
    let known = &writer.imports_csv("title,place\n").await.json()["errors"][0]["rule"];
    assert!(
        known.as_str().unwrap().contains("title, description, price")
            && known.as_str().unwrap().contains("reference")
    );
    let lines = "{\"title\": \"A\", \"location\": \"Accra\"}\n{\"title\": \"B\", \"title\": \"C\"}\n[]\nx\n{\"title\": \"D\", \"location\": \"E\", \"colour\": 1}\n";
    let answer = writer.imports("", "application/x-ndjson", lines).await;
    let expected = [(2, 2, ""), (3, 3, ""), (4, 4, ""), (5, 5, "colour")]
        .map(|(row, line, field)| (row, line, field.to_owned()));
    assert_eq!((answer.status, errors(&answer)), (422, expected.to_vec()));
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
}

async fn nobody_imports_without_the_right_to(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let (read, viewer) =
        (site.token(&[Scope::Read]).await, site.token_of(Role::Viewer, &[Scope::Write]).await);
    for (credentials, status) in
        [("-".to_owned(), 401), (format!("Bearer {read}"), 403), (format!("Bearer {viewer}"), 403)]
    {
        let fields = [("authorization", credentials.as_str()), ("content-type", "text/csv")];
        let answer = writer.sends(Method::POST, IMPORTS, &fields, "title,location\nMine,Accra\n").await;
        assert_eq!(answer.status, status, "{credentials}");
        answer.problem();
    }
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
}

async fn what_the_request_says_is_checked(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let content = "title,location\nHome,Accra\n";
    for kind in
        ["-", "application/json", "text/plain", "text/csv; charset=latin1", "application/vnd.ms-excel"]
    {
        assert_eq!(writer.imports("", kind, content).await.status, 415, "{kind}");
    }
    for query in [
        "dry_run=1",
        "dry_run=true&dry_run=false",
        "on_error=ignore",
        "dryrun=true",
        "dry_run=true%26on_error=skip",
    ] {
        let answer = writer.imports(query, "text/csv", content).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.problem()["errors"][0]["parameter"].is_string());
    }
    let fields = [("content-type", "text/csv"), ("content-encoding", "gzip")];
    assert_eq!(writer.sends(Method::POST, IMPORTS, &fields, content).await.status, 415);
    let fields = [("content-type", "text/csv"), ("idempotency-key", "k")];
    assert_eq!(writer.sends(Method::POST, IMPORTS, &fields, content).await.status, 400);
    assert_eq!(writer.reads(IMPORTS).await.status, 405);
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
}

async fn an_import_is_told_to_its_author_and_seen_with_its_token(database: Database) {
    let site = database.serve_with(&[("CACHE_LEASE_MS", "100")]);
    let writer = site.writer().await;
    assert_eq!(id(&writer.creates(&home()).await), 1);
    for round in 0..20 {
        let answer = writer.imports_csv(&format!("reference,title,location\nR,Round {round},Oyrar\n")).await;
        let token = answer.header("write-token").to_owned();
        assert_eq!(answer.json()["write_token"], token);
        let list = site.get_with(&format!("{LIST}?location=Oyrar"), &[("write-token", &token)]).await;
        assert_eq!(list.json()["properties"][0]["title"], format!("Round {round}"));
    }
    let query = "select count(*) from gable_history where author = 'admin' and origin = 'import'";
    assert_eq!(site.database.number(query).await, 20);
}
