//! Many listings at once: asked once more, then all or none.

use listings::accounts::Role;
use listings::{Draft, Status};

use crate::database::{Database, draft, over_both_databases};
use crate::site::Site;
use crate::staff::Session;

over_both_databases!(
    what_was_chosen_is_changed_after_it_was_asked,
    all_that_match_are_changed_and_nothing_else,
    what_has_become_more_or_less_meanwhile_is_asked_again,
    an_order_that_makes_no_sense_is_refused,
    what_is_exported_is_what_was_chosen,
);

async fn site_with_homes(database: Database, count: usize) -> Site {
    let status = |number: usize| if number.is_multiple_of(2) { Status::Active } else { Status::Draft };
    database
        .add((0..count).map(|number| Draft { status: status(number), ..draft(&format!("Home {number}")) }))
        .await;
    database.serve()
}

/// Says yes to what is asked.
async fn confirmed(session: &Session, order: &[(&str, &str)]) -> crate::answer::Answer {
    let asked = session.post("/admin/listings/actions/", order).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let page = asked.page();
    let (names, values) = (
        page.attributes("main input[type=hidden]:not([name=csrf_token])", "name"),
        page.attributes("main input[type=hidden]:not([name=csrf_token])", "value"),
    );
    let answer: Vec<_> = names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
    session.post("/admin/listings/actions/", &answer).await
}

async fn active(site: &Site) -> Vec<i64> {
    let mut ids = site.get("/api/v1/properties?limit=100").await.ids();
    ids.sort_unstable();
    ids
}

async fn what_was_chosen_is_changed_after_it_was_asked(database: Database) {
    let site = site_with_homes(database, 6).await;
    let editor = site.signed_in(Role::Editor).await;
    assert_eq!(active(&site).await, [1, 3, 5]);
    let order =
        [("scope", "chosen"), ("action", "active"), ("query", ""), ("id", "2"), ("id", "4"), ("id", "1")];
    let asked = editor.post("/admin/listings/actions/", &order).await.page();
    assert!(asked.text("h1").contains("Make 3 listings active?"));
    assert_eq!(active(&site).await, [1, 3, 5], "nothing is done before it is confirmed");
    let done = confirmed(&editor, &order).await;
    assert_eq!(done.status, 303);
    assert_eq!(active(&site).await, [1, 2, 3, 4, 5]);
    let notice = editor.get(done.header("location")).await.page().text(".notice");
    assert!(notice.contains("2 listings were changed"), "one was active already: {notice}");
}

async fn all_that_match_are_changed_and_nothing_else(database: Database) {
    let site = site_with_homes(database, 120).await;
    let editor = site.signed_in(Role::Editor).await;
    let order = [("scope", "all"), ("action", "withdrawn"), ("query", "status=draft"), ("id", "1")];
    assert_eq!(confirmed(&editor, &order).await.status, 303);
    let page = editor.get("/admin/listings/?status=withdrawn").await.page();
    assert!(page.text(".summary").contains("60 listings"));
    assert_eq!(active(&site).await.len(), 60);
    assert_eq!(
        confirmed(&editor, &[("scope", "all"), ("action", "delete"), ("query", "q=home")]).await.status,
        303
    );
    assert_eq!(active(&site).await.len(), 0);
    let history = editor.get("/admin/listings/1/history/").await.page();
    assert!(history.text("ol.history").contains("Deleted"));
}

async fn what_has_become_more_or_less_meanwhile_is_asked_again(database: Database) {
    let site = site_with_homes(database, 4).await;
    let editor = site.signed_in(Role::Editor).await;
    let order = [("scope", "all"), ("action", "delete"), ("query", "status=draft"), ("confirmed", "others")];
    let asked = editor.post("/admin/listings/actions/", &order).await;
    assert_eq!(asked.status, 200);
    assert!(asked.page().text(".error-summary").contains("Nothing was changed yet"));
    assert_eq!(editor.get("/admin/listings/").await.page().all("table.listings tbody tr").len(), 4);
    let gone = [("scope", "chosen"), ("action", "delete"), ("query", ""), ("id", "99")];
    assert_eq!(editor.post("/admin/listings/actions/", &gone).await.status, 404);
}

async fn an_order_that_makes_no_sense_is_refused(database: Database) {
    let site = site_with_homes(database, 2).await;
    let editor = site.signed_in(Role::Editor).await;
    for (order, word) in [
        ([("scope", "chosen"), ("action", "active"), ("query", "")].as_slice(), "id"),
        (&[("scope", "chosen"), ("action", "active"), ("query", ""), ("id", "1 or 1=1")], "id"),
        (&[("scope", "some"), ("action", "active"), ("query", "")], "scope"),
        (&[("scope", "all"), ("action", "burn"), ("query", "")], "action"),
        (&[("scope", "all"), ("action", "delete"), ("query", "min_price=x")], "min_price"),
        (&[("scope", "all"), ("action", "delete"), ("query", "status=x")], "status"),
    ] {
        let answer = editor.post("/admin/listings/actions/", order).await;
        assert_eq!(answer.status, 400, "{order:?}");
        assert!(answer.page().text("main").contains(word), "{order:?}");
    }
    assert_eq!(active(&site).await, [1]);
}

async fn what_is_exported_is_what_was_chosen(database: Database) {
    let site = site_with_homes(database, 6).await;
    let viewer = site.signed_in(Role::Viewer).await;
    let export = async |order: &[(&str, &str)]| {
        let answer = viewer.post("/admin/listings/actions/", order).await;
        assert_eq!(answer.status, 303);
        let export = viewer.get(answer.header("location")).await;
        assert_eq!((export.status, export.header("cache-control")), (200, "private, no-store"));
        export.text().to_owned()
    };
    let csv =
        export(&[("scope", "chosen"), ("action", "csv"), ("query", ""), ("id", "2"), ("id", "3")]).await;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains("Home 1") && csv.contains("Home 2"), "drafts too: {csv}");
    let all = export(&[("scope", "all"), ("action", "ndjson"), ("query", "")]).await;
    assert_eq!(all.lines().count(), 6);
    let drafts = export(&[("scope", "all"), ("action", "ndjson"), ("query", "status=draft")]).await;
    assert_eq!(drafts.lines().count(), 3);
    let stranger = site.get("/admin/listings/export.csv").await;
    assert_eq!(stranger.status, 303, "to the login");
}
