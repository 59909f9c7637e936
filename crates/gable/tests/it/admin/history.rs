//! The history of a listing: whoever changed it, and the way back.

use listings::accounts::Role;

use crate::database::{Database, draft, over_both_databases};
use testkit::Django;

over_both_databases!(
    whoever_changes_a_listing_is_in_its_history,
    a_listing_goes_back_to_an_earlier_version,
    nobody_goes_back_over_somebody_elses_change,
);

async fn whoever_changes_a_listing_is_in_its_history(database: Database) {
    database.add([draft("Home")]).await;
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    site.database.sql("update properties_property set title = '<b>Past gable</b>'").await;
    let fields = super::fields(&[("version", "2"), ("title", "In the admin")]);
    assert_eq!(editor.post("/admin/listings/1/", &fields).await.status, 303);
    let page = editor.get("/admin/listings/1/history/").await.page();
    let heads: Vec<_> = page.all("ol.history h2").iter().map(|it| it.text().collect::<String>()).collect();
    assert_eq!(heads.len(), 3, "{heads:?}");
    let latest = page.all("ol.history li")[0].text().collect::<String>();
    assert!(latest.contains("editor") && latest.contains("admin"), "{latest}");
    assert!(latest.contains("<b>Past gable</b>") && latest.contains("In the admin"), "{latest}");
    assert!(page.all("ol.history b").is_empty(), "what somebody wrote is text");
    assert_eq!(editor.get("/admin/listings/2/history/").await.status, 404);
}

async fn a_listing_goes_back_to_an_earlier_version(database: Database) {
    database.add([draft("First")]).await;
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    for title in ["Second", "Third"] {
        site.database.sql(&format!("update properties_property set title = '{title}'")).await;
    }
    let page = editor.get("/admin/listings/1/history/").await.page();
    assert_eq!(page.attributes("form input[name=to]", "value"), ["2", "1"]);
    let back = editor.post("/admin/listings/1/revert/", &[("version", "3"), ("to", "1")]).await;
    assert_eq!(back.status, 303, "{}", back.text());
    assert_eq!(site.get("/properties/1/").await.page().text("h1"), "First");
    let history = editor.get("/admin/listings/1/history/").await.page();
    assert_eq!(history.all("ol.history li").len(), 4, "to go back is a change like any other");
    for to in ["0", "9", "x", ""] {
        let answer = editor.post("/admin/listings/1/revert/", &[("version", "4"), ("to", to)]).await;
        assert_eq!(answer.status, 409, "{to}");
    }
}

async fn nobody_goes_back_over_somebody_elses_change(database: Database) {
    database.add([draft("First")]).await;
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    site.database.sql("update properties_property set title = 'Second'").await;
    site.database.sql("update properties_property set title = 'Third'").await;
    let late = editor.post("/admin/listings/1/revert/", &[("version", "2"), ("to", "1")]).await;
    assert_eq!(late.status, 409);
    assert_eq!(site.get("/properties/1/").await.page().text("h1"), "Third");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_django_changes_is_in_the_history() {
    let database = Database::postgres();
    let django = Django::new(&database.url);
    django.migrate();
    django.exercise(&["create", "1"]);
    assert!(database.gable(&["migrate"]).run().status.success());
    let site = database.serve();
    let id = site.get("/api/v1/properties").await.ids()[0].to_string();
    django.exercise(&["update", &id, "123.45"]);
    django.exercise(&["queryset-update", "99.00"]);
    django.exercise(&["admin-edit", &id, "From Django"]);
    django.exercise(&["delete", &id]);
    let viewer = site.signed_in(Role::Viewer).await;
    let page = viewer.get(&format!("/admin/listings/{id}/history/")).await.page();
    let told = page.text("ol.history");
    for part in ["123.45", "99.00", "From Django", "Deleted", "postgres"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
