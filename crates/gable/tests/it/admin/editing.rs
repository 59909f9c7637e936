//! Listings are written, changed and deleted, and nobody's work is lost.

use listings::accounts::Role;

use super::fields;
use crate::database::{Database, over_both_databases};
use crate::site::Site;
use crate::staff::Session;

over_both_databases!(
    a_listing_that_is_saved_is_public_at_once_and_says_which_transaction_it_was,
    what_breaks_a_rule_is_told_beside_its_field_and_nothing_typed_is_lost,
    who_saves_second_sees_theirs_the_others_and_what_both_began_with,
    a_conflict_is_solved_by_saving_again,
    a_listing_is_deleted_only_as_it_was_shown,
    what_nobody_may_write_is_not_written,
);

/// Two nodes over one database: whoever has saved on the one sees it on the other, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_saved_sees_it_on_any_node() {
    let database = Database::postgres();
    let secret = ("GABLE_SECRET_KEY", "for nodes that share what they sign");
    let second = Database { url: database.url.clone(), folder: testkit::Folder::new() };
    // Neither would ask by itself before the test is over.
    let settings = [secret, ("CACHE_LEASE_MS", "60000"), ("CACHE_POLL_MS", "30000")];
    let site = database.serve_with(&settings);
    let other = second.serve_with(&settings);
    let editor = site.signed_in(Role::Editor).await;
    let (id, _) = written(&editor, &[]).await;
    for round in 1..=20 {
        let title = format!("Home {round}");
        let answer = save(&editor, id, &round.to_string(), &[("title", &title)]).await;
        let cookies = answer.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
        let token =
            cookies.filter_map(|it| it.split(';').next()).find(|it| it.starts_with("write_token=")).unwrap();
        let path = format!("/properties/{id}/");
        assert_eq!(other.get_with(&path, &[("cookie", token)]).await.page().text("h1"), title);
        assert_eq!(site.get_with(&path, &[("cookie", token)]).await.page().text("h1"), title);
    }
}

/// A new listing; its number and the address that the answer leads to.
async fn written(session: &Session, others: &[(&str, &str)]) -> (i64, String) {
    let answer = session.post("/admin/listings/new/", &fields(others)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let place = answer.header("location").to_owned();
    (place.split('/').nth(3).unwrap().parse().unwrap(), place)
}

async fn version(session: &Session, id: i64) -> String {
    let page = session.get(&format!("/admin/listings/{id}/")).await.page();
    page.attributes("input[name=version]", "value").remove(0)
}

async fn save(session: &Session, id: i64, version: &str, others: &[(&str, &str)]) -> crate::answer::Answer {
    let all: Vec<_> = others.iter().copied().chain([("version", version)]).collect();
    session.post(&format!("/admin/listings/{id}/"), &fields(&all)).await
}

async fn public(site: &Site, id: i64) -> String {
    let answer = site.get(&format!("/properties/{id}/")).await;
    if answer.status == 200 { answer.page().text("h1") } else { answer.status.to_string() }
}

async fn a_listing_that_is_saved_is_public_at_once_and_says_which_transaction_it_was(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let (id, place) = written(&editor, &[]).await;
    assert_eq!(public(&site, id).await, "Two rooms by the lagoon");
    let page = editor.get(&place).await;
    let proof = page.page();
    assert_eq!(proof.attributes("iframe.proof", "src"), [format!("/properties/{id}/")]);
    let number = place.split("saved=").nth(1).unwrap();
    assert!(proof.text(".notice").contains(&format!("in transaction {number}")), "{}", proof.text(".notice"));

    let answer = save(&editor, id, "1", &[("title", "Changed"), ("status", "draft")]).await;
    assert_eq!(answer.status, 303);
    assert!(!answer.header("write-token").is_empty());
    assert!(
        answer
            .headers
            .get_all("set-cookie")
            .iter()
            .any(|it| it.to_str().unwrap().starts_with("write_token="))
    );
    assert_eq!(public(&site, id).await, "404");
    let notice = editor.get(answer.header("location")).await.page().text(".notice");
    assert!(notice.contains("version 2") && notice.contains("does not see it"), "{notice}");
}

async fn what_breaks_a_rule_is_told_beside_its_field_and_nothing_typed_is_lost(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let long = "x".repeat(201);
    for (field, value) in [
        ("title", ""),
        ("title", long.as_str()),
        ("title", "a\u{1}b"),
        ("title", "abc\u{202e}def"),
        ("price", "12.345"),
        ("price", "-1"),
        ("price", "1,200"),
        ("price", "a lot"),
        ("location", "   "),
        ("status", "gone"),
        ("kind", "castle"),
        ("bedrooms", "two"),
        ("bedrooms", "1001"),
        ("bathrooms", "1.5"),
        ("floor_area", "0"),
        ("latitude", "91"),
        ("longitude", "east"),
    ] {
        let others =
            [("description", "kept as it was typed"), ("latitude", "5"), ("longitude", "5"), (field, value)];
        let answer = editor.post("/admin/listings/new/", &fields(&others)).await;
        assert_eq!(answer.status, 422, "{field}: {value}");
        let page = answer.page();
        assert_eq!(page.attributes(".error-summary a", "href"), [format!("#{field}")], "{value}");
        assert!(!page.all(&format!("#{field}-error")).is_empty(), "{field}");
        assert_eq!(page.text("textarea[name=description]").trim(), "kept as it was typed");
        if !["status", "kind"].contains(&field) {
            assert_eq!(page.attributes(&format!("input[name={field}]"), "value"), [value], "{field}");
        }
    }
    assert_eq!(site.get("/api/v1/properties").await.ids(), [0_i64; 0]);
}

async fn who_saves_second_sees_theirs_the_others_and_what_both_began_with(database: Database) {
    let site = database.serve();
    let (ann, bob) =
        (site.signed_in_as("ann", Role::Editor).await, site.signed_in_as("bob", Role::Editor).await);
    let (id, _) = written(&ann, &[]).await;
    let shown = version(&bob, id).await;
    assert_eq!(save(&ann, id, &shown, &[("title", "Anns title"), ("price", "900")]).await.status, 303);
    let answer = save(&bob, id, &shown, &[("title", "Bobs title"), ("bedrooms", "2")]).await;
    assert_eq!(answer.status, 409);
    let page = answer.page();
    let conflict = page.text("#conflict");
    assert!(conflict.contains("ann") && conflict.contains("Nothing of yours was saved"), "{conflict}");
    let rows: Vec<Vec<String>> = page
        .all("#conflict tbody tr")
        .iter()
        .map(|row| row.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect())
        .collect();
    let expected = [
        vec!["Title", "both changed it", "Two rooms by the lagoon", "Anns title", "Bobs title"],
        vec!["Price", "1200.50", "900.00", "1200.50"],
        vec!["Bedrooms", "1", "1", "2"],
    ];
    assert_eq!(rows, expected);
    assert_eq!(page.attributes("input[name=title]", "value"), ["Bobs title"]);
    assert_eq!(page.attributes("input[name=price]", "value"), ["900.00"], "only she has changed it");
    assert_eq!(public(&site, id).await, "Anns title");
}

async fn a_conflict_is_solved_by_saving_again(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let (id, _) = written(&editor, &[]).await;
    site.database.sql("update properties_property set location = 'Kumasi'").await;
    let page = save(&editor, id, "1", &[("title", "Mine")]).await.page();
    let version = page.attributes("input[name=version]", "value").remove(0);
    let location = page.attributes("input[name=location]", "value").remove(0);
    assert_eq!((version.as_str(), location.as_str()), ("2", "Kumasi"));
    assert_eq!(save(&editor, id, &version, &[("title", "Mine"), ("location", &location)]).await.status, 303);
    assert_eq!(public(&site, id).await, "Mine");
}

async fn a_listing_is_deleted_only_as_it_was_shown(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let (id, _) = written(&editor, &[]).await;
    let path = format!("/admin/listings/{id}/delete/");
    let asked = editor.get(&path).await.page();
    assert!(asked.text("h1").contains("Two rooms by the lagoon"));
    site.database.sql("update properties_property set title = 'Another'").await;
    let again = editor.post(&path, &[("version", "1")]).await;
    assert_eq!(again.status, 409);
    assert!(again.page().text("h1").contains("Another"));
    assert_eq!(public(&site, id).await, "Another");
    let done = editor.post(&path, &[("version", "2")]).await;
    assert_eq!(done.status, 303);
    assert_eq!(public(&site, id).await, "404");
    assert!(
        editor.get(done.header("location")).await.page().text(".notice").contains("1 listing was deleted")
    );
    assert_eq!(editor.get(&format!("/admin/listings/{id}/")).await.status, 404);
    assert_eq!(editor.post(&path, &[("version", "2")]).await.status, 404);
}

async fn what_nobody_may_write_is_not_written(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let others = [
        ("id", "77"),
        ("version", "9"),
        ("created_at", "2001-01-01T00:00:00Z"),
        ("updated_at", "2001-01-01T00:00:00Z"),
    ];
    let (id, _) = written(&editor, &others).await;
    let record = site.get(&format!("/api/v1/properties/{id}")).await.json();
    assert_eq!((record["version"].as_i64(), id == 77), (Some(1), false));
    assert!(!record["created_at"].as_str().unwrap().starts_with("2001"));
    let viewer = site.signed_in(Role::Viewer).await;
    assert_eq!(viewer.get(&format!("/admin/listings/{id}/")).await.status, 200);
    for path in [
        "new/".to_owned(),
        format!("{id}/"),
        format!("{id}/delete/"),
        format!("{id}/revert/"),
        "actions/".to_owned(),
    ] {
        let scope =
            [("version", "1"), ("to", "1"), ("action", "delete"), ("scope", "all"), ("confirmed", "1")];
        let answer = viewer.post(&format!("/admin/listings/{path}"), &fields(&scope)).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(public(&site, id).await, "Two rooms by the lagoon");
}
