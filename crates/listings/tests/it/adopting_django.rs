//! A database that Django made: nothing is lost, Django goes on, and gable sees whatever it writes.

use larder::Reading;
use listings::search::Unknown;
use listings::store::Options;
use listings::{Kind, Property, Search, Status, Store};
use serde_json::Value;
use testkit::{Django, Postgres};

/// Django's table with rows of Django's making, then adopted.
async fn adopted() -> (Django, Store, Value) {
    let url = Postgres::shared().fresh_database();
    let django = Django::new(&url);
    django.migrate();
    django.exercise(&["create", "3"]);
    django.exercise(&["bulk", "5"]);
    let before = django.exercise(&["dump"]);
    let store = Store::connect(&url, &Options::default()).await.unwrap();
    let plan = store.migrate().await.unwrap();
    assert!(plan.adopts && !plan.pending.is_empty(), "{plan:?}");
    (django, store, before)
}

async fn by_id(store: &Store, row: &Value) -> Property {
    store.property_by_id(&Reading::new(), row["id"].as_i64().unwrap()).await.unwrap().unwrap()
}

fn rows(dump: &Value) -> &Vec<Value> {
    dump.as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_and_no_value_is_lost() {
    let (django, store, before) = adopted().await;
    assert_eq!(rows(&before).len(), 8);
    assert_eq!(django.exercise(&["dump"]), before, "Django reads what it read before");
    for row in rows(&before) {
        let property = by_id(&store, row).await;
        assert_eq!(row["title"], property.title);
        assert_eq!(row["description"], property.description);
        assert_eq!(row["location"], property.location);
        assert_eq!(row["price"].as_str(), property.price.map(|price| price.to_string()).as_deref());
        let created_at =
            row["created_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(created_at, property.created_at);
        assert_eq!((property.status, property.kind, property.version), (Status::Active, Kind::Other, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn djangos_own_inserts_go_on_and_are_found() {
    let (django, store, before) = adopted().await;
    django.exercise(&["create", "1"]);
    django.exercise(&["bulk", "4"]);
    let found = store.page(&Reading::new(), &Search { limit: 100, ..Search::default() }).await.unwrap();
    assert_eq!(found.properties.len(), rows(&before).len() + 5);
    let place = found.properties[0].location.clone();
    let search = Search::parse([("location", place.as_str())], Unknown::Refuse).unwrap();
    assert!(!store.page(&Reading::new(), &search).await.unwrap().properties.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_djangos_ways_to_change_a_row_moves_its_version() {
    let (django, store, before) = adopted().await;
    let row = &rows(&before)[0];
    let id = row["id"].to_string();
    let ways: [(&[&str], &str); 3] = [
        (&["update", &id, "1234.50"], "1234.50"),
        (&["raw-update", &id, "77.00"], "77.00"),
        (&["queryset-update", "5.25"], "5.25"),
    ];
    for (version, (way, price)) in (2..).zip(ways) {
        django.exercise(way);
        let property = by_id(&store, row).await;
        assert_eq!(property.version, version, "{way:?}");
        assert_eq!(property.price.map(|price| price.to_string()).as_deref(), Some(price), "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn djangos_admin_goes_on_working() {
    let (django, store, before) = adopted().await;
    let row = &rows(&before)[1];
    django.exercise(&["admin-edit", &row["id"].to_string(), "Renamed in the admin"]);
    assert_eq!(by_id(&store, row).await.title, "Renamed in the admin");
    django.exercise(&["delete", &row["id"].to_string()]);
    assert_eq!(store.property_by_id(&Reading::new(), row["id"].as_i64().unwrap()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn django_sees_nothing_to_migrate_afterwards() {
    let (django, _store, _before) = adopted().await;
    let printed = django.manage(&["migrate", "--check"]);
    assert!(!printed.contains("unapplied"), "{printed}");
    django.manage(&["makemigrations", "--check", "--dry-run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_djangos_column_could_not_hold_can_be_kept_now() {
    let (_django, store, _before) = adopted().await;
    let draft = listings::Draft {
        title: "A palace".into(),
        location: "Accra".into(),
        price: Some("9999999999.99".into()),
        ..listings::Draft::default()
    };
    let kept = store.insert(&draft.check().unwrap()).await.unwrap();
    assert_eq!(kept.price.unwrap().to_string(), "9999999999.99");
}
