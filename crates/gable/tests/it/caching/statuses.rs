//! A listing that goes from any status to any other is shown where it belongs, and nowhere else, at once.

use super::Twins;
use crate::database::{Database, over_both_databases};

over_both_databases!(every_change_of_a_status_is_right_on_every_view_at_the_next_request);

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
    for from in STATUSES {
        for to in STATUSES.into_iter().filter(|to| *to != from) {
            set(&twins, from).await;
            for view in VIEWS {
                twins.site.get(view).await;
            }
            set(&twins, to).await;
            for view in VIEWS {
                twins.tells_the_truth(view).await;
            }
            is_shown(&twins, to).await;
        }
    }
}

async fn set(twins: &Twins, status: &str) {
    // A change that is none would end nothing, and show nothing.
    twins
        .site
        .database
        .sql(&format!("update properties_property set status = '{status}' where id = 31"))
        .await;
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
