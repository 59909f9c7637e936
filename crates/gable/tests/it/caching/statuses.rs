//! A listing that goes from any status to any other is shown where it belongs, and nowhere else, at once.

use listings::accounts::Role;
use serde_json::json;
use testkit::Django;

use super::Twins;
use crate::database::{Database, over_both_databases};

over_both_databases!(
    every_change_of_a_status_is_right_on_every_view_at_the_next_request,
    what_the_api_writes_is_right_on_every_view_at_the_next_request,
    what_staff_write_is_right_on_every_view_at_the_next_request,
);

const STATUSES: [&str; 5] = ["draft", "active", "pending", "sold", "withdrawn"];

const VIEWS: [&str; 14] = [
    "/",
    "/?status=pending",
    "/?status=sold",
    "/?kind=villa",
    "/properties/31/",
    "/properties/",
    "/api/v1/properties?count=true&sort=id&limit=100",
    "/api/v1/properties?status=sold",
    "/api/v1/properties/31",
    "/feed.atom",
    "/sitemap.xml",
    "/sitemaps/0.xml",
    "/api/v1/properties/export.ndjson",
    "/api/v1/properties/export.csv",
];

async fn every_change_of_a_status_is_right_on_every_view_at_the_next_request(database: Database) {
    let twins = Twins::at_once(database).await;
    for_every_pair(&twins, async |to| set(&twins, to).await).await;
}

async fn what_the_api_writes_is_right_on_every_view_at_the_next_request(database: Database) {
    let twins = Twins::at_once(database).await;
    // At the other node: this one hears of it from the database alone.
    let writer = twins.site.writer().await.at(twins.anew);
    for_every_pair(&twins, async |to| {
        let answer = writer.changes(31, &json!({"status": to})).await;
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(to)));
    })
    .await;
}

async fn what_staff_write_is_right_on_every_view_at_the_next_request(database: Database) {
    // Without https, which a form would have to come by.
    let twins = Twins::at(("SITE_URL", "http://homes.example"), database, "0").await;
    let editor = twins.site.signed_in(Role::Editor).await;
    for_every_pair(&twins, async |to| {
        let order = [("action", to), ("scope", "chosen"), ("query", ""), ("id", "31")];
        let asked = editor.post("/admin/listings/actions/", &order).await.page();
        let confirmed = asked.attributes("input[name=confirmed]", "value").remove(0);
        let order: Vec<_> = order.into_iter().chain([("confirmed", confirmed.as_str())]).collect();
        let done = editor.post("/admin/listings/actions/", &order).await;
        assert!(done.header("location").contains("changed=1"), "{}", done.text());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_django_writes_is_right_on_every_view_at_the_next_request() {
    let database = Database::postgres();
    Django::new(&database.url).migrate();
    let twins = Twins::at_once(database).await;
    let django = Django::new(&twins.site.database.url);
    for_every_pair(&twins, async |to| {
        assert_eq!(django.exercise(&["raw-status", "31", to])["changed"], 1);
    })
    .await;
}

/// Brings a listing from every status to every other, with all views looked at before, so that they are kept.
async fn for_every_pair(twins: &Twins, write: impl AsyncFn(&str)) {
    for from in STATUSES {
        for to in STATUSES.into_iter().filter(|to| *to != from) {
            set(twins, from).await;
            for view in VIEWS {
                twins.site.get(view).await;
            }
            write(to).await;
            for view in VIEWS {
                twins.tells_the_truth(view).await;
            }
            is_shown(twins, to).await;
        }
    }
}

async fn set(twins: &Twins, status: &str) {
    // A change that is none would end nothing, and show nothing.
    let change = format!("update properties_property set status = '{status}' where id = 31");
    twins.site.database.sql(&change).await;
}

/// As the rules say, whatever both sites agree on.
async fn is_shown(twins: &Twins, status: &str) {
    let expected = if ["draft", "withdrawn"].contains(&status) { 404 } else { 200 };
    for path in ["/properties/31/", "/api/v1/properties/31"] {
        assert_eq!(twins.site.get(path).await.status, expected, "{path}: {status}");
    }
    for (listed, path) in [
        ("active", "/api/v1/properties?count=true&sort=id&limit=100"),
        ("active", "/properties/"),
        ("sold", "/api/v1/properties?status=sold"),
    ] {
        assert_eq!(twins.site.get(path).await.ids().contains(&31), status == listed, "{path}: {status}");
    }
}
